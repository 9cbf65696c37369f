"""Real models and prices, from the catalogue, in the lists that providers publish.

A further provider is a function that makes one model's entry, in ``provider_entries.py``, and one
line in ``SHAPES``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from service.prices.catalogue import read_catalogue
from service.prices.price_list import RawModel
from tests.support import provider_entries as entries
from tests.support.provider_entries import Entry

# The catalogue's prices of one day: what a test serves must not depend on when it runs. After the
# last day on which one of them begins, so that they are those that a sync of the catalogue reads.
DAY = datetime(2026, 11, 30, 12, tzinfo=UTC)

Body = Any
Pricing = dict[str, Any]


def _data(listed: list[Entry]) -> Body:
    return {"object": "list", "data": listed}


def _id(entry: Entry) -> str:
    return str(entry["id"])


def _pricing(entry: Entry) -> Pricing:
    pricing: Pricing = entry["pricing"]
    return pricing


@dataclass(frozen=True)
class Shape:
    """A provider's list: ``path`` follows the base URL, ``source`` has its models in the catalogue.

    ``entry`` makes a model's entry, ``wrap`` puts entries into a list, ``read`` takes them out
    again. ``key`` is a price in the result of ``price_of`` that may be changed alone.
    """

    path: str
    source: str
    entry: Callable[[str, RawModel], Entry]
    wrap: Callable[[list[Entry]], Body] = _data
    read: Callable[[Body], list[Entry]] = lambda body: list(body["data"])
    id_of: Callable[[Entry], str] = _id
    price_of: Callable[[Entry], Pricing] = _pricing
    key: str | None = None

    def body(self, n: int | None = None) -> Body:
        """``n`` models; default: all of the catalogue's."""
        return self.wrap([self.entry(*model) for model in models(self.source, n)])

    def ids(self, body: Body) -> list[str]:
        """The models in a body, as the provider spells them, in order."""
        return [self.id_of(entry) for entry in self.read(body)]

    def pricing(self, body: Body, model_id: str) -> Pricing:
        """One model's prices in a body, to edit."""
        found = (entry for entry in self.read(body) if self.id_of(entry) == model_id)
        return self.price_of(next(found))


def _alibaba_body(listed: list[Entry]) -> Body:
    page = {"total": len(listed), "page_no": 1, "page_size": max(100, len(listed))}
    return {"success": True, "output": page | {"models": listed}}


SHAPES = {
    "aihubmix": Shape(
        "/api/v1/models",
        "novita",
        entries.aihubmix,
        wrap=lambda listed: {"data": listed, "message": "", "success": True},
        id_of=lambda entry: str(entry["model_id"]),
        key="input",
    ),
    "alibaba-cloud": Shape(
        "/api/v1/models?capabilities=TG&service_site=international&language=en-US",
        "openrouter",
        entries.alibaba_cloud,
        wrap=_alibaba_body,
        read=lambda body: list(body["output"]["models"]),
        id_of=lambda entry: str(entry["model"]),
        price_of=lambda entry: entry["prices"][0]["prices"][0],
        key="price",
    ),
    "cerebras": Shape("/public/v1/models", "novita", entries.strings_per_token, key="prompt"),
    "chutes": Shape("/v1/models", "novita", entries.chutes),
    "deepinfra": Shape(
        "/v1/openai/models",
        "novita",
        entries.deepinfra,
        price_of=lambda entry: entry["metadata"]["pricing"],
        key="input_tokens",
    ),
    "featherless": Shape(
        "/v1/models",
        "novita",
        entries.featherless,
        wrap=lambda listed: {
            "data": listed,
            "pagination": {"current_page": 1, "total_pages": 1},
        },
        key="request",
    ),
    "fireworks": Shape(
        "/inference/v1/models", "fireworks", entries.fireworks, price_of=lambda entry: {}
    ),
    "groq": Shape("/openai/v1/models", "groq", entries.groq, price_of=lambda entry: {}),
    "huggingface": Shape(
        "/v1/models",
        "novita",
        entries.huggingface,
        id_of=lambda entry: f"{entry['id']}:{entry['providers'][0]['provider']}",
        price_of=lambda entry: entry["providers"][0]["pricing"],
        key="input",
    ),
    "nearai": Shape("/v1/models", "novita", entries.nearai, key="request"),
    "nebius": Shape(
        "/v1/models?verbose=true", "novita", entries.strings_per_token, key="completion"
    ),
    "novita": Shape(
        "/v3/openai/models",
        "novita",
        entries.novita,
        price_of=lambda entry: entry,
        key="input_token_price_per_m",
    ),
    "openrouter": Shape(
        "/api/v1/models",
        "openrouter",
        entries.openrouter,
        wrap=lambda listed: {
            "data": listed,
            "total_count": len(listed),
            "links": {"next": None},
        },
        key="prompt",
    ),
    "ovhcloud": Shape("/v1/models", "novita", entries.ovhcloud, key="prompt"),
    "requesty": Shape(
        "/v1/models",
        "openrouter",
        entries.requesty,
        price_of=lambda entry: entry,
        key="input_price",
    ),
    "together": Shape(
        "/v1/models",
        "together",
        entries.together,
        wrap=lambda listed: listed,
        read=list,
        key="input",
    ),
    "vercel": Shape("/v1/models", "openrouter", entries.vercel, key="output"),
}


@cache
def _catalogue(source: str) -> tuple[RawModel, ...]:
    listed = read_catalogue(DAY).models
    return tuple(model for model in listed if model.provider == source and model.prices)


def models(source: str, n: int | None = None) -> list[tuple[str, RawModel]]:
    """``n`` models with their ids; if the catalogue has fewer, repeated under other ids."""
    known = _catalogue(source)
    again = [f"@{round_}" if round_ else "" for round_ in range((n or 1) // len(known) + 1)]
    found = [(model.model_id + suffix, model) for suffix in again for model in known]
    return found[: len(known) if n is None else n]
