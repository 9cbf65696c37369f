"""What the catalogue announces becomes, on its day, what the catalogue says on that day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from service.prices.catalogue import read_catalogue
from service.prices.price_list import to_apply_rows
from tests.db.pricing import Pricing

BEFORE = datetime(2026, 11, 30, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "day", [datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)], ids=str
)
def test_folded_by_the_database(pricing: Pricing, day: datetime) -> None:
    announced = rows(BEFORE)
    folded = pricing.value(
        "select public.fold_announced_prices(%s, %s)", Jsonb([*announced.values()]), day
    )
    sets = price_sets(pricing, folded)
    assert sets == price_sets(pricing, [*rows(day).values()])
    assert sets != price_sets(pricing, [*announced.values()]), "something begins by then"


def test_a_sync_on_the_day_finds_nothing_to_change(pricing: Pricing) -> None:
    """The tick has folded the announcement; the list of the day says the same."""
    listed = [row for row in rows(BEFORE).values() if row["provider"] == "google"]
    pricing.sync("catalogue", listed)
    stored = pricing.rows(
        "select id, model_id from model_pricing where next_effective_at is not null"
    )
    assert stored
    day = datetime(2027, 1, 1, tzinfo=UTC)
    later = [row for row in rows(day).values() if row["provider"] == "google"]
    for row in stored:
        (on_the_day,) = (each for each in later if each["model_id"] == row["model_id"])
        assert not pricing.value(
            "select public.pricing_sets_differ(public.pricing_effective_set("
            "public.pricing_base_set(m), %s), public.pricing_price_set(%s))"
            " from model_pricing m where id = %s",
            *(day, Jsonb(on_the_day), row["id"]),
        )


def rows(now: datetime) -> dict[tuple[str, str], Any]:
    found: list[dict[str, Any]] = to_apply_rows(read_catalogue(now), "catalogue", "catalogue:x@1")
    return {(row["provider"], row["model_id"]): row for row in found}


def price_sets(pricing: Pricing, listed: list[Any]) -> dict[tuple[str, str], Any]:
    found = pricing.rows(
        "select r ->> 'provider' as provider, r ->> 'model_id' as model,"
        " public.pricing_price_set(r) as prices from jsonb_array_elements(%s) as r",
        Jsonb(listed),
    )
    return {(row["provider"], row["model"]): row["prices"] for row in found}
