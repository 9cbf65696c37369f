"""A list gives the same rows on a database that has seen other lists as on a new one."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from service.prices.price_list import to_apply_rows
from service.providers.openrouter import parse
from tests.db.pricing import Pricing, Row
from tests.support.recordings import needs_recordings, recordings

MONTHS = recordings("openrouter-monthly/*.json.gz")
# Months in a row, two far apart, back in time, and one again after others.
COURSES = [
    *(MONTHS[start : start + 3] for start in range(0, len(MONTHS) - 2, 3)),
    [MONTHS[0], MONTHS[-1]],
    [MONTHS[-1], MONTHS[len(MONTHS) // 2], MONTHS[0]],
    [MONTHS[len(MONTHS) // 3], MONTHS[-1], MONTHS[len(MONTHS) // 3]],
]
# Prices that differ by less are equal.
NOISE = Decimal("1e-12")


@needs_recordings
@pytest.mark.parametrize("course", COURSES, ids=lambda course: "-".join(p.name[:7] for p in course))
def test_months_of_real_lists(pricing: Pricing, course: list[Path]) -> None:
    lists = [rows(path) for path in course]
    # A provider that syncs for the first time has no models yet.
    apply(pricing, "openrouter", *lists)
    apply(pricing, "novita", lists[-1])
    compare(pricing, lists[-1])


def apply(pricing: Pricing, provider: str, *lists: list[Row]) -> None:
    pricing.do("update public.pricing_providers set enabled = true, guards_enabled = false, review_first = false where slug = %s", provider)
    for listed in lists:
        # A list that is two years older or younger lacks most models.
        pricing.do(
            "update public.pricing_providers set accepted_list_at = now(), accepted_list_models = 0,"
            " accepted_list_prices_gone = true where slug = %s",
            provider,
        )
        log = pricing.sync(provider, listed)
        assert (log["status"], log["models_held"]) == ("success", 0)


def compare(pricing: Pricing, listed: list[Row]) -> None:
    old, new = stored(pricing, "openrouter"), stored(pricing, "novita")
    for row in listed:
        before, alone = old[row["model_id"]], new[row["model_id"]]
        assert {k: plain(v) for k, v in before.items()} == {k: plain(v) for k, v in alone.items()}


def plain(value: Any) -> Any:
    if not isinstance(value, Decimal):
        return value
    return value.normalize().__round__(12 - value.adjusted()) if value else Decimal(0)


def stored(pricing: Pricing, provider: str) -> dict[str, Row]:
    return {
        row["model_id"]: {
            key: value
            for key, value in row.items()
            if key.startswith("price_per_") or key in {"conditions", "extra", "name", "is_active"}
        }
        for row in pricing.rows("select * from model_pricing where provider_slug = %s", provider)
    }


def rows(path: Path) -> list[Row]:
    body = gzip.decompress(path.read_bytes())
    found: list[Row] = to_apply_rows(parse(body), "openrouter", "api:openrouter")
    return found
