"""Cut one page out of a whole list, as each provider with pages does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Body = dict[str, Any]
Query = Mapping[str, str]


def featherless_page(body: Body, query: Query) -> Body:
    """``page`` and ``per_page``, 1,000 at most."""
    size = min(int(query.get("per_page", "1000")), 1_000)
    number = int(query.get("page", "1"))
    data = body["data"]
    pages = max(1, -(-len(data) // size))
    return body | {
        "data": _cut(data, number, size),
        "pagination": {"current_page": number, "per_page": size, "total_pages": pages},
    }


def alibaba_page(body: Body, query: Query) -> Body:
    """``page_no`` and ``page_size``, 100 at most."""
    size = min(int(query.get("page_size", "100")), 100)
    number = int(query.get("page_no", "1"))
    models = body["output"]["models"]
    return body | {
        "output": {
            "total": len(models),
            "page_no": number,
            "page_size": size,
            "models": _cut(models, number, size),
        }
    }


PAGED: dict[str, Callable[[Body, Query], Body]] = {
    "featherless": featherless_page,
    "alibaba-cloud": alibaba_page,
}


def _cut(models: list[Any], number: int, size: int) -> list[Any]:
    return models[(number - 1) * size : number * size]
