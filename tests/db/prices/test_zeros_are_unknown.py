"""The migration that makes stored zeros unknown, run over rows as earlier versions left them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.migrations.schema_files import read_schema
from tests.db.price_decisions import INPUT, OUTPUT, listed, model_id, override
from tests.db.pricing import Pricing, Row

CACHE, WRITE = "price_per_cache_read_token", "price_per_cache_write_token"
AUDIO, REASONING = "price_per_input_audio_token", "price_per_reasoning_token"
REQUEST, SEARCH = "price_per_request", "price_per_web_search"
LONG = {"min_prompt_tokens": 1000}
PAID = {INPUT: "0.000001", OUTPUT: "0.000002"}


def store(pricing: Pricing, model: str, prices: Row, **columns: Any) -> None:
    """A price as a sync of an earlier version wrote it, with its history row."""
    listed(pricing, model)
    row = {**prices, "conditions": json.dumps(prices.get("conditions", []))}
    names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
    with pricing.connection.transaction():
        pricing.do("set local pricing.writer = 'on'")
        pricing.do(
            f"update model_pricing set ({names}) = row({marks}) where model_id = %s",
            *(*row.values(), model),
        )
    pricing.do(
        f"insert into model_pricing_history (model_id, changed_by, pricing_source, {names})"
        f" values (%s, 'api_sync:openrouter', 'api:openrouter', {marks})",
        *(model_id(pricing, model), *row.values()),
    )


def repair(pricing: Pricing) -> None:
    (file,) = (f for f in read_schema().migrations if "zeros_are_unknown" in f.name)
    with pricing.connection.transaction():
        pricing.do("set local search_path = pg_catalog, pg_temp")
        pricing.connection.execute(file.text.encode())


def stored(pricing: Pricing, model: str) -> Row:
    row = pricing.model(model)
    known = {key: value for key, value in row.items() if key.startswith("price_per_")}
    prices = {key: f"{value:f}" for key, value in known.items() if value is not None}
    return prices | ({"conditions": row["conditions"]} if row["conditions"] else {})


def repairs(pricing: Pricing, model: str) -> list[Row]:
    return pricing.rows(
        "select * from model_pricing_history where model_id = %s"
        " and changed_by = 'repair:zero_is_unknown' order by id",
        model_id(pricing, model),
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (PAID | {CACHE: "0", WRITE: "0.0", AUDIO: "0", REASONING: "0"}, PAID),
        # A positive price anywhere is enough.
        (
            {INPUT: "0", CACHE: "0", "conditions": [LONG | {INPUT: "0.000001"}]},
            {INPUT: "0", "conditions": [LONG | {INPUT: "0.000001"}]},
        ),
        # Where the model costs it otherwise, the condition's zero is unknown; else it is nothing.
        (
            PAID | {CACHE: "0.0000001", "conditions": [LONG | {CACHE: "0", WRITE: "0"}]},
            PAID | {CACHE: "0.0000001", "conditions": [LONG | {CACHE: None}]},
        ),
        (
            PAID | {CACHE: "0", "conditions": [LONG | {CACHE: "0"}, LONG | {INPUT: "1"}]},
            PAID | {"conditions": [LONG | {INPUT: "1"}]},
        ),
        # A condition that takes a fee away.
        (
            PAID | {REQUEST: "0.01", CACHE: "0", "conditions": [LONG | {REQUEST: "0"}]},
            PAID | {REQUEST: "0.01", "conditions": [LONG | {REQUEST: "0"}]},
        ),
    ],
    ids=str,
)
def test_a_zero_beside_a_positive_price_becomes_unknown_with_a_history_row(
    pricing: Pricing, before: Row, after: Row
) -> None:
    store(pricing, "m", before)
    repair(pricing)
    assert stored(pricing, "m") == after
    (row,) = repairs(pricing, "m")
    assert row["is_in_force"] and row["changed_at"] == pricing.model("m")["last_changed_at"]
    assert (row["previous_input_price"], row[CACHE]) == (row[INPUT], pricing.model("m")[CACHE])
    assert pricing.rows("select * from pricing_unrecorded_prices()") == []


@pytest.mark.parametrize(
    "kept",
    [
        PAID,
        # Free, as a whole.
        {INPUT: "0", OUTPUT: "0", CACHE: "0", AUDIO: "0"},
        PAID | {CACHE: "0.0000001", SEARCH: "0.01"},
        PAID | {"conditions": [LONG | {INPUT: "0", OUTPUT: "0"}]},
    ],
    ids=str,
)
def test_other_prices_stay(pricing: Pricing, kept: Row) -> None:
    store(pricing, "m", kept)
    with pricing.nothing_written():
        repair(pricing)


def test_a_fee_of_zero_is_the_same_as_none(pricing: Pricing) -> None:
    store(pricing, "m", PAID | {REQUEST: "0", SEARCH: "0"})
    repair(pricing)
    assert stored(pricing, "m") == PAID
    assert repairs(pricing, "m") == []
    assert pricing.rows("select * from pricing_unrecorded_prices()") == []


def test_an_override_stays_in_force_with_the_zero_that_it_fixes(pricing: Pricing) -> None:
    store(pricing, "m", PAID | {CACHE: "0.0000001", WRITE: "0.0000001"})
    override(pricing, prices={CACHE: 0}, force=True)
    with pricing.connection.transaction():
        pricing.do("set local pricing.writer = 'on'")
        pricing.do(
            f"update model_pricing set {WRITE} = 0,"
            f' synced = synced || \'{{"{CACHE}": "0", "{WRITE}": "0"}}\''
        )
    repair(pricing)
    assert stored(pricing, "m") == PAID | {CACHE: "0"}
    assert pricing.model("m")["synced"] == PAID
    noted, in_force = repairs(pricing, "m")
    assert (noted["is_in_force"], noted[CACHE], noted[WRITE]) == (False, None, None)
    assert (in_force["is_in_force"], in_force[CACHE], in_force[WRITE]) == (True, 0, None)
    assert pricing.rows("select * from pricing_unrecorded_prices()") == []


def test_gateways_are_told_and_the_audit_log_has_no_maintenance(pricing: Pricing) -> None:
    store(pricing, "m", PAID | {CACHE: "0"})
    pricing.do("listen pricing_changed")
    repair(pricing)
    (notice,) = pricing.connection.notifies(timeout=30, stop_after=1)
    assert json.loads(notice.payload) == {"provider": "openrouter", "count": 1, "job_id": None}
    assert pricing.rows("select * from pricing_audit_log where action = 'maintenance'") == []
    with pricing.nothing_written():
        repair(pricing)
