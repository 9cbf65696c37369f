"""Choose the form of an answer by the request's ``Accept``, and whether it is compressed."""

from __future__ import annotations

import re

from starlette.requests import Request

JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
ITEM = re.compile(r"\s*([^\s;,]+)\s*((?:;[^,]*)?)")
WEIGHT = re.compile(r";\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*(?:;|$)", re.IGNORECASE)


def wanted_media_type(request: Request, offered: tuple[str, ...]) -> str:
    """The offered type that the request prefers; JSON if it says nothing or has no such wish.

    Of equal wishes the one that is named counts more than a wildcard, and JSON more than others.
    """
    weights = _weights(",".join(request.headers.getlist("accept")))
    return max((JSON, *offered), key=lambda each: _preference(each, weights))


def accepts_gzip(header: str) -> bool:
    weights = _weights(header)
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _weights(header: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for name, parameters in ITEM.findall(header[:2000]):
        found = WEIGHT.search(parameters)
        weights[name.lower()] = float(found[1]) if found else 1.0
    return weights


def _preference(media_type: str, weights: dict[str, float]) -> tuple[float, int]:
    """Weight, and how exactly it was named."""
    main = media_type.partition("/")[0]
    for exactness, name in ((2, media_type), (1, f"{main}/*"), (0, "*/*")):
        if name in weights:
            return weights[name], exactness
    return 0.0, 0
