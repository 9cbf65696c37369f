"""The one place that changes a price in force, together with its history."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.db.conftest import Another
from tests.db.price_chains import broken_chains
from tests.db.price_decisions import (
    INPUT,
    base,
    charged,
    course,
    listed,
    model_id,
    override,
    prices,
    said,
)
from tests.db.pricing import Pricing, Row, refused

JOB = uuid4()


def write(pricing: Pricing, *changes: Row, by: str = "api_sync:openrouter", **more: Any) -> int:
    arguments = {"p_changed_at": "2026-01-02T00:00:00Z", "p_job_id": JOB} | more
    names = ", ".join(f"{name} => %s" for name in arguments)
    written: int = pricing.value(
        f"select public.write_model_prices(%s, %s, {names})",
        *(Jsonb(list(changes)), by, *arguments.values()),
    )
    return written


def change(pricing: Pricing, new: Row, model: str = "m", **more: Any) -> Row:
    return {"id": model_id(pricing, model), "prices": new} | more


def test_a_first_price_and_all_that_is_known_of_it(pricing: Pricing) -> None:
    listed(pricing, "m")
    conditions = [{"min_prompt_tokens": 1} | prices("2")]
    new = prices("1", "2", price_per_image="0.5", conditions=conditions)
    more: Row = {"source": "api:x", "extra": {"k": "1"}, "raw": {"prompt": {"text": "1"}}}
    assert write(pricing, change(pricing, new, **more), p_observed_at="2026-01-01") == 1

    model = pricing.model("m")
    assert charged(pricing) == new
    assert (model["pricing_source"], model["extra"], model["synced"]) == ("api:x", {"k": "1"}, None)
    (row,) = pricing.history("m")
    assert row["changed_at"] == model["last_changed_at"]
    assert (row["changed_by"], row["job_id"]) == ("api_sync:openrouter", JOB)
    assert (row["raw"], row["extra"], row["conditions"]) == (more["raw"], {"k": "1"}, conditions)
    assert (row["pricing_source"], row["is_in_force"]) == ("api:x", True)
    assert (row["previous_input_price"], row["previous_output_price"]) == (None, None)
    assert row["observed_at"] is not None
    assert (
        pricing.value(
            "select public.pricing_price_set(to_jsonb(h)) from public.model_pricing_history h"
        )
        == new
    )


def test_each_change_follows_from_the_one_before(pricing: Pricing) -> None:
    said(pricing, {"m": prices("1", "2"), "other": prices("5")})
    other = pricing.model("other")
    write(pricing, change(pricing, prices("3")), by="manual:ann", p_changed_at="2099-01-01")
    row = pricing.history("m")[-1]
    assert (row["previous_input_price"], row["previous_output_price"]) == (
        *(Decimal("0.000001"), Decimal("0.000002")),
    )
    assert (row["changed_by"], row["price_per_output_token"]) == ("manual:ann", None)
    assert pricing.model("other") == other
    assert broken_chains(pricing.connection) == []


@pytest.mark.parametrize("noise", ["0.000001", "0.0000010000000000001"])
def test_what_is_no_change_makes_no_history(pricing: Pricing, another: Another, noise: str) -> None:
    said(pricing, {"m": prices("1")})
    listener = another()
    listener.listen("pricing_changed")
    assert write(pricing, change(pricing, {INPUT: noise, "price_per_image": "0"})) == 0
    assert len(pricing.history("m")) == 1
    assert charged(pricing) == prices("1"), "it stays as it was, to the last digit"
    assert listener.heard(pricing) == []


def test_nothing_to_write_is_nothing(pricing: Pricing) -> None:
    with pricing.nothing_written():
        assert write(pricing) == 0


def test_unknown_is_a_price_set_too(pricing: Pricing) -> None:
    said(pricing, {"m": prices("1")})
    assert write(pricing, change(pricing, {}), p_changed_at="2099-01-01") == 1
    assert charged(pricing) == {}
    assert broken_chains(pricing.connection) == []


def test_beside_an_override_what_was_said_is_noted_and_not_charged(pricing: Pricing) -> None:
    said(pricing, {"m": prices("1", "2")})
    override(pricing, input_per_1m=7)
    said(pricing, {"m": prices("3", "2")})
    assert (charged(pricing), base(pricing)) == (prices("7", "2"), prices("3", "2"))
    assert course(pricing)[-1] == ("api_sync:openrouter", False, 3, 2)
    noted = pricing.history("m")[-1]
    assert (noted["previous_input_price"], noted["previous_output_price"]) == (
        *(Decimal("0.000001"), Decimal("0.000002")),
    )
    before = pricing.model("m")["last_changed_at"]
    said(pricing, {"m": prices("3", "4")})
    assert [row[1:] for row in course(pricing)[-2:]] == [(False, 3, 4), (True, 7, 4)]
    assert pricing.model("m")["last_changed_at"] > before
    assert broken_chains(pricing.connection) == []


def test_an_override_that_has_ended_gives_way(pricing: Pricing) -> None:
    said(pricing, {"m": prices("1")})
    override(pricing, input_per_1m=7)
    pricing.maintain("update public.pricing_overrides set ended_at = now(), ended_by = 'x'")
    write(pricing, change(pricing, prices("1")), by="manual:x", p_changed_at="2099-01-01")
    assert (charged(pricing), pricing.model("m")["synced"]) == (prices("1"), None)
    assert course(pricing)[-1] == ("manual:x", True, 1, None)


def test_listeners_hear_once_of_each_provider_whose_charges_changed(
    pricing: Pricing, another: Another
) -> None:
    said(pricing, {"a": prices("1"), "b": prices("1"), "fixed": prices("1")})
    said(pricing, {"x": prices("1")}, provider="deepinfra", source="api:deepinfra")
    override(pricing, "fixed", input_per_1m=9)
    listener = another()
    listener.listen("pricing_changed")
    changes = [change(pricing, prices("2"), model) for model in ("a", "b", "fixed")]
    changes.append({"id": model_id(pricing, "x", "deepinfra"), "prices": prices("2")})
    assert write(pricing, *changes) == 4
    assert [json.loads(payload) for _, payload in listener.heard(pricing)] == [
        {"provider": "deepinfra", "count": 1, "job_id": str(JOB)},
        {"provider": "openrouter", "count": 2, "job_id": str(JOB)},
    ]


def test_a_notification_is_short_however_many_prices(pricing: Pricing, another: Another) -> None:
    models = {f"{'m' * 400}{n}": prices("1") for n in range(500)}
    listener = another()
    listener.listen("pricing_changed")
    said(pricing, models)
    ((_, payload),) = listener.heard(pricing)
    assert len(payload) < 200
    assert json.loads(payload)["count"] == 500


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-1"])
def test_what_is_no_price_is_not_written(pricing: Pricing, amount: str) -> None:
    said(pricing, {"m": prices("1")})
    with pricing.nothing_written(), refused("23514"):
        write(pricing, change(pricing, {INPUT: amount}))


def test_amounts_arrive_to_the_last_digit(pricing: Pricing) -> None:
    listed(pricing, "m")
    amounts = {INPUT: "0.000000123456789012345678901234567891", "price_per_image": "1" * 60}
    write(pricing, change(pricing, amounts))
    assert charged(pricing) == amounts


@pytest.mark.parametrize("table", ["model_pricing_history", "model_pricing"])
def test_neither_price_nor_history_is_written_alone(pricing: Pricing, table: str) -> None:
    said(pricing, {"m": prices("1")})
    pricing.do(
        "create function public.fails() returns trigger language plpgsql as"
        " $$ begin raise exception 'no'; end $$"
    )
    pricing.do(
        f"create trigger fails before insert or update on public.{table}"
        " for each row execute function public.fails()"
    )
    try:
        with pricing.nothing_written(), refused("P0001"):
            write(pricing, change(pricing, prices("2")))
    finally:
        # Other tests use this database after this one.
        pricing.do("drop function public.fails() cascade")
