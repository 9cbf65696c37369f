"""The numbers of models are those of the models themselves, whatever has written them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from psycopg.types.json import Jsonb

from service.migrations.model_counts import count_anew
from service.migrations.schema_files import read_schema
from tests.db.conftest import Another
from tests.db.price_decisions import call, held, listed, override, prices, said
from tests.db.pricing import Pricing, Row

NUMBERS = """
select provider, state, confirmed_by, models, had_price
from public.pricing_model_numbers order by 1, 2, 3
"""
COUNTED = """
select provider, case when is_active then price_state else 'inactive' end as state,
    case when source like 'catalogue:%' then 'catalogue' else provider end as confirmed_by,
    count(*)::integer as models, count(last_changed_at)::integer as had_price
from public.model_prices group by 1, 2, 3 order by 1, 2, 3
"""
ROWS = "select count(*) from public.pricing_model_counts"


def assert_counted(pricing: Pricing) -> list[Row]:
    numbers = pricing.rows(NUMBERS)
    assert numbers == pricing.rows(COUNTED)
    return numbers


def recount(pricing: Pricing) -> str:
    """As a replay does; what was wrong."""
    with pricing.connection.transaction():
        return " ".join(count_anew(pricing.connection, read_schema()))


@pytest.fixture
def counted(pricing: Pricing) -> Iterator[Pricing]:
    yield pricing
    assert_counted(pricing)
    assert recount(pricing) == ""


def item(model: str, amount: str | None) -> Row:
    return {
        "model_id": model,
        "name": model,
        "price_per_input_token": amount,
        "price_per_output_token": amount,
        "extra": {},
        "raw": {},
    }


def states(pricing: Pricing, provider: str = "openrouter") -> dict[str, int]:
    rows = assert_counted(pricing)
    return {row["state"]: row["models"] for row in rows if row["provider"] == provider}


def test_lists(counted: Pricing) -> None:
    first = [item("a", "0.000001"), item("b", "0"), item("c", None), item("d", "0.000002")]
    counted.sync("openrouter", first)
    assert states(counted) == {"priced": 2, "free": 1, "unknown": 1}
    counted.sync("openrouter", [item("a", "0.0000011"), item("b", "0"), item("c", "0.000003")])
    assert states(counted) == {"priced": 3, "free": 1}
    for _ in range(2):
        counted.sync("openrouter", [item("a", "0.0000011"), item("b", "0"), item("c", "0.000003")])
    assert states(counted) == {"priced": 2, "free": 1, "inactive": 1}
    counted.sync("openrouter", first)
    assert states(counted) == {"priced": 2, "free": 1, "unknown": 1}
    status = counted.row(
        "select models, models_priced from public.pricing_provider_status"
        " where provider = 'openrouter'"
    )
    assert status == {"models": 4, "models_priced": 3}


def test_decisions_of_people(counted: Pricing) -> None:
    listed(counted, "u")
    job = said(counted, {"m": prices(0, 0), "n": prices(1, 2)})
    assert states(counted) == {"unknown": 1, "free": 1, "priced": 1}
    for model in ("m", "u"):
        override(counted, model, input_per_1m=5, output_per_1m=6, force=True)
    assert states(counted) == {"priced": 3}
    call(counted, "clear_price_override", provider="openrouter", model="u")
    assert states(counted) == {"priced": 2, "unknown": 1}
    counted.do("update public.pricing_overrides set expires_at = clock_timestamp()")
    assert counted.value("select public.end_expired_overrides()") == 1
    assert states(counted) == {"free": 1, "priced": 1, "unknown": 1}
    change = held(counted, "u", prices(3, 4), job_id=job)
    assert_counted(counted)
    call(counted, "approve_held_price_change", id=change)
    assert states(counted) == {"free": 1, "priced": 2}
    back = said(counted, {"n": prices(0, 0)})
    assert states(counted) == {"free": 2, "priced": 1}
    call(counted, "rollback_pricing_sync", job_id=back, dry_run=False)
    assert states(counted) == {"free": 1, "priced": 2}
    counted.do("update public.pricing_providers set enabled = false where slug = 'openrouter'")
    assert_counted(counted)


def test_prices_of_the_catalogue_and_rows_by_hand(counted: Pricing) -> None:
    said(counted, {"m": prices(1, 2)}, provider="groq", source="catalogue:genai-prices@0.2.3")
    (row,) = assert_counted(counted)
    assert row["confirmed_by"] == "catalogue"
    said(counted, {"m": prices(2, 2)}, provider="groq")
    (row,) = assert_counted(counted)
    assert row["confirmed_by"] == "groq"
    counted.maintain("update public.model_pricing set provider_slug = 'nebius'")
    assert states(counted, "nebius") == {"priced": 1}
    listed(counted, "x", "y")
    counted.maintain("delete from public.model_pricing where model_id = 'x'")
    assert states(counted) == {"unknown": 1}
    with counted.connection.transaction():
        counted.do("set local pricing.maintenance = 'on'")
        counted.do("truncate public.model_pricing cascade")
    assert assert_counted(counted) == []


def test_an_unknown_fee_counts_from_its_moment_on(counted: Pricing) -> None:
    """Without a write: the clock alone changes the price state."""
    past = datetime(2026, 1, 1, tzinfo=UTC)
    for model, begins in (("past", past), ("to come", None), ("to come as well", None)):
        fee = {
            "min_prompt_tokens": 1000,
            "price_per_request": None,
            "effective_from": f"{begins:%Y-%m-%dT%H:%M:%SZ}" if begins else "2126-01-01T00:00:00Z",
        }
        listed(counted, model)
        counted.maintain(
            "update public.model_pricing set price_per_input_token = 0, conditions = %s"
            " where model_id = %s",
            Jsonb([fee]),
            model,
        )
    assert states(counted) == {"unknown": 1, "free": 2}
    assert {row["state"] for row in counted.rows("select state from pricing_model_counts")} == {
        "free",
        "unknown",
    }


def test_every_axis_counts_as_in_model_prices(counted: Pricing) -> None:
    """One model for each axis, which has a price for it alone."""
    axes = [row["axis"] for row in counted.rows("select axis from public.pricing_axes()")]
    listed(counted, *axes)
    for axis in axes:
        counted.maintain(
            f"update public.model_pricing set {axis} = 0.001 where model_id = %s", axis
        )
    # A web search alone is an extra.
    assert states(counted) == {"priced": len(axes) - 1, "unknown": 1}


def test_no_count_waits_for_another(counted: Pricing, another: Another) -> None:
    """Each adds rows, which the clean-up merges."""
    listed(counted, "m")
    other = another()
    with counted.connection.transaction(), other.connection.transaction():
        listed(counted, "n")
        other.do("set local lock_timeout = '5s'")
        listed(other, "o")
        said(other, {"o": prices(1, 2)})
    assert counted.value(ROWS) > 2
    counted.do("select public.merge_model_counts()")
    assert counted.value(ROWS) == 2
    assert states(counted) == {"priced": 1, "unknown": 2}


def test_what_was_written_without_the_triggers_is_counted_anew(counted: Pricing) -> None:
    listed(counted, "m")
    with counted.connection.transaction():
        counted.do("set local session_replication_role = replica")
        listed(counted, "n")
        counted.do("delete from public.model_pricing where model_id = 'm'")
        said(counted, {"n": prices(1, 2)})
    counted.do("insert into public.pricing_model_counts (provider_slug, confirmed_by, state,"
               " had_price, models) values ('gone', 'gone', 'free', false, 3)")  # fmt: skip
    assert recount(counted).startswith("3 numbers")
    assert states(counted) == {"priced": 1}
