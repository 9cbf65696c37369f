"""A list gives the same rows on a database that has seen other lists as on a new one."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.prices.price_list import to_apply_rows
from service.providers.openrouter import parse
from tests.db.conftest import SharedDatabase
from tests.db.pricing import Pricing, Row, price
from tests.support.recordings import needs_recordings, recordings

MONTHS = recordings("openrouter-monthly/*.json.gz")
# Months in a row, two far apart, back in time, and one again after others.
COURSES = [
    *(MONTHS[start : start + 3] for start in range(0, len(MONTHS) - 2, 3)),
    [MONTHS[0], MONTHS[-1]],
    [MONTHS[-1], MONTHS[len(MONTHS) // 2], MONTHS[0]],
    [MONTHS[len(MONTHS) // 3], MONTHS[-1], MONTHS[len(MONTHS) // 3]],
]


@needs_recordings
@pytest.mark.parametrize("course", COURSES, ids=lambda course: "-".join(p.name[:7] for p in course))
def test_months_of_real_lists(pricing: Pricing, course: list[Path]) -> None:
    lists = [rows(path) for path in course]
    # A provider that syncs for the first time has no models yet.
    apply(pricing, "openrouter", *lists)
    apply(pricing, "novita", lists[-1])
    compare(pricing, lists[-1])


# Lists of three models, with keys that come and go.
AMOUNTS = st.sampled_from(["0", "0.000001", "0.000002", "0.00000200000000000001"])
LISTED = st.fixed_dictionaries(
    {"price_per_input_token": AMOUNTS},
    optional={
        **{
            axis: AMOUNTS
            for axis in (
                "price_per_output_token",
                "price_per_cache_read_token",
                "price_per_reasoning_token",
                "price_per_request",
                "price_per_image",
                "price_per_page",
            )
        },
        "extra": st.dictionaries(st.sampled_from("xy"), st.sampled_from("12")),
        "conditions": st.lists(
            st.fixed_dictionaries(
                {"min_prompt_tokens": st.sampled_from([1, 2])},
                optional={"price_per_input_token": AMOUNTS, "price_per_request": AMOUNTS},
            ),
            max_size=2,
        ),
    },
)
LISTS = st.lists(
    st.dictionaries(st.sampled_from("abc"), LISTED, min_size=2), min_size=2, max_size=3
)


@settings(deadline=None, max_examples=40)
@given(LISTS)
def test_any_lists(shared_database: SharedDatabase, course: list[dict[str, Row]]) -> None:
    shared_database.empty()
    pricing = Pricing(shared_database.connection)
    lists = [
        [price(model, None, None, **said) for model, said in listed.items()] for listed in course
    ]
    apply(pricing, "openrouter", *lists)
    apply(pricing, "novita", lists[-1])
    compare(pricing, lists[-1])


def apply(pricing: Pricing, provider: str, *lists: list[Row]) -> None:
    """Sync these lists without guards, however much shorter one is than the one before."""
    for listed in lists:
        pricing.do(
            "update public.pricing_providers set enabled = true, guards_enabled = false,"
            " review_first = false, accepted_list_at = now(), accepted_list_models = 0,"
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
    """Without what counts as noise."""
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
