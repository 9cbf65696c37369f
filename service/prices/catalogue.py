"""Reads the catalogue: the reference prices in the installed package ``genai-prices``.

It covers many providers and supplies prices where a provider publishes none. A price comes from a
named version of the package and needs no network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from importlib.metadata import version

from genai_prices import data_snapshot
from genai_prices.types import ModelInfo

from service.prices.catalogue_ids import aliases, exact_ids
from service.prices.catalogue_prices import read_prices
from service.prices.price_list import PriceList, RawModel
from service.prices.zeros import without_filling

PACKAGE = "genai-prices"

# Lists of the catalogue that are not a provider's prices for calling its models. Resellers and
# routers do sell models, and stay.
LEFT_OUT = {
    "cursor": "models inside an editor and its agents, charged with the subscription",
    "github-copilot": "token prices of a subscription, metered in its own credits",
    "openai-decisions": "another API of OpenAI's over a model that the list openai has under the"
    " same id, with other rules of charging",
}


def catalogue_version() -> str:
    """The package and its version, such as ``genai-prices@0.2.3``."""
    return f"{PACKAGE}@{version(PACKAGE)}"


def catalogue_source() -> str:
    """The ``pricing_source`` of these prices, such as ``catalogue:genai-prices@0.2.3``."""
    return f"catalogue:{catalogue_version()}"


def read_catalogue(now: datetime) -> PriceList:
    """Each model with a price at ``now`` (aware), with its provider."""
    day = _day_of(now)
    models = [model for provider in day.providers for model in day.models(provider)]
    return PriceList(tuple(model for model in models if model.prices or model.extra))


def catalogue_models(provider: str, now: datetime) -> CatalogueModels:
    """One provider's models with a price at ``now`` (aware)."""
    return _day_of(now).known(provider)


@dataclass(frozen=True)
class CatalogueModels:
    """The priced models of one provider, by their ids in the catalogue and in its clauses.

    ``in_lower_case`` has the clauses' ids as the package compares them.
    """

    by_id: Mapping[str, RawModel] = field(default_factory=dict)
    in_lower_case: Mapping[str, str] = field(default_factory=dict)

    def find(self, model_id: str) -> RawModel | None:
        """The model that the catalogue has under exactly this id, its own or a clause's."""
        return self.by_id.get(model_id)

    def find_in_any_case(self, model_id: str) -> RawModel | None:
        """The model that a clause names by this id in any case."""
        return self.by_id.get(self.in_lower_case.get(model_id.lower(), ""))


@dataclass(frozen=True)
class _Day:
    """The catalogue on one day in UTC: its prices begin and end at midnight UTC.

    Each provider is read once, on demand. Two threads may both read it, with the same result.
    """

    snapshot: data_snapshot.DataSnapshot
    date: date
    _read: dict[str, tuple[RawModel, ...]] = field(default_factory=dict)
    _known: dict[str, CatalogueModels] = field(default_factory=dict)

    @property
    def providers(self) -> list[str]:
        return [each.id for each in self.snapshot.providers if each.id not in LEFT_OUT]

    def models(self, provider: str) -> tuple[RawModel, ...]:
        """The models that the catalogue lists for the provider; none for an unknown provider."""
        found = self._read.get(provider)
        if found is None:
            midnight = datetime.combine(self.date, time(), UTC)
            listed = self._listed(provider)
            others = aliases(listed)
            found = self._read[provider] = tuple(
                _read_model(provider, model, midnight, others[model.id]) for model in listed
            )
        return found

    def known(self, provider: str) -> CatalogueModels:
        """The provider's models with a price."""
        known = self._known.get(provider)
        if known is None:
            priced = [model for model in self.models(provider) if model.prices]
            by_id = {other: model for model in priced for other in model.aliases}
            by_id |= {model.model_id: model for model in priced}
            known = CatalogueModels(by_id, exact_ids(self._listed(provider)))
            self._known[provider] = known
        return known

    def _listed(self, provider: str) -> list[ModelInfo]:
        if provider in LEFT_OUT:
            return []
        return [m for each in self.snapshot.providers if each.id == provider for m in each.models]


# The day of the last call: a worker always asks for today.
_kept: _Day | None = None


def _day_of(now: datetime) -> _Day:
    global _kept
    snapshot, today = data_snapshot.get_snapshot(), now.astimezone(UTC).date()
    day = _kept
    if day is None or day.snapshot is not snapshot or day.date != today:
        day = _kept = _Day(snapshot, today)
    return day


def _read_model(
    provider: str, model: ModelInfo, midnight: datetime, other_ids: tuple[str, ...]
) -> RawModel:
    read = read_prices(provider, model, midnight)
    return without_filling(
        RawModel(
            model_id=model.id,
            name=model.name,
            prices=read.base,
            conditions=read.conditions,
            extra=read.unread,
            provider=provider,
            aliases=other_ids,
        )
    )
