"""Prices change through functions, which write history; UPDATE, DELETE and TRUNCATE are refused."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from tests.db.price_decisions import (
    charged,
    charged_now,
    course,
    override,
    prices,
    said,
)
from tests.db.prices.test_check_pricing_records import restored_into
from tests.db.pricing import Pricing, price, refused
from tests.support.postgres import Cluster

SLASHES = "meta/llama 3.1's/70b:free"


@pytest.fixture
def by_hand(pricing: Pricing) -> Pricing:
    """One model with a price and its history."""
    pricing.sync("openrouter", [price("m", "0.000001", "0.000002"), price(SLASHES)])
    return pricing


@pytest.mark.parametrize("owner", [False, True], ids=["superuser", "pricing_owner"])
@pytest.mark.parametrize(
    "statement",
    [
        "update model_pricing set price_per_input_token = 0.000003 where model_id = 'm'",
        "update only model_pricing set price_per_input_token = 1 where model_id = 'nobody'",
        "update model_pricing set is_active = false",
        "update model_pricing set synced = '{}', extra = '{}'",
        "insert into model_pricing (provider_slug, model_id, pricing_source, listed_by)"
        " values ('openrouter', 'm', 'x', 'x') on conflict (provider_slug, model_id)"
        " do update set price_per_input_token = 1",
        "merge into model_pricing m using (values ('m')) as v (id) on m.model_id = v.id"
        " when matched then update set price_per_input_token = 1",
        "delete from model_pricing where model_id = 'm'",
        "delete from model_pricing where model_id = 'nobody'",
        "truncate model_pricing cascade",
    ],
)
def test_a_statement_by_hand_is_refused(by_hand: Pricing, statement: str, owner: bool) -> None:
    with by_hand.nothing_written(), refused("PT409"):
        if owner:
            with by_hand.as_role("pricing_owner"):
                by_hand.do(statement.replace("model_pricing", "public.model_pricing"))
        else:
            by_hand.do(statement)


def test_the_message_has_the_call_that_does_it(by_hand: Pricing) -> None:
    """The SQL editor shows no hints, so the message must name the call."""
    with refused("PT409") as info:
        by_hand.do(
            "update model_pricing set price_per_input_token = 0.000003, price_per_image = 0.04"
            " where model_id = %s",
            SLASHES,
        )
    call = re.search(r"select set_price_override\(.*\)(?=;)", str(info.value.diag.message_primary))
    assert call is not None
    by_hand.do(call[0].replace("...", "contract"))
    assert charged(by_hand, SLASHES) == {
        "price_per_input_token": "0.000003",
        "price_per_output_token": "0.0000006",
        "price_per_image": "0.04",
    }
    for statement, instead in (
        (
            "update model_pricing set price_per_input_token = null where model_id = 'm'",
            "set local pricing.maintenance",
        ),
        ("update model_pricing set is_active = false", "select accept_shorter_list('openrouter')"),
        ("delete from model_pricing", "select accept_shorter_list("),
        ("update model_pricing set name = 'x'", "set local pricing.maintenance = 'on'"),
    ):
        with refused("PT409") as info:
            by_hand.do(statement)
        assert instead in str(info.value.diag.message_primary)


def test_that_call_keeps_what_else_the_override_in_force_fixes(by_hand: Pricing) -> None:
    until = "2999-01-02 03:04:05+00"
    override(by_hand, output_per_1m="0.9", prices={"per_image": "0.04"}, expires_at=until)

    def instead(assignment: str) -> str:
        with refused("PT409") as info:
            by_hand.do(f"update model_pricing set {assignment} where model_id = 'm'")
        call = re.search(r"use: (select .*);", str(info.value.diag.message_primary))
        assert call is not None, info.value
        return call[1].replace("...", "agreed")

    by_hand.do(instead("price_per_input_token = 0.00000035"))
    assert charged_now(by_hand) == {
        "price_per_input_token": "0.00000035",
        "price_per_output_token": "0.0000009",
        "price_per_image": "0.04",
    }
    open_until = "select expires_at from pricing_overrides where ended_at is null"
    assert by_hand.value(f"{open_until} and expires_at = %s", until)
    # Null hands the price back to the provider, which may not publish one.
    by_hand.do(instead("price_per_image = null"))
    assert "price_per_image" not in charged(by_hand)
    assert charged(by_hand)["price_per_output_token"] == "0.0000009"
    by_hand.do(instead("price_per_input_token = null, price_per_output_token = null"))
    assert charged(by_hand) == prices(1, 2)


def test_our_own_functions_leave_no_mark_behind(by_hand: Pricing) -> None:
    """A statement by hand is still refused in the transaction in which they ran."""
    update = "update model_pricing set price_per_input_token = 1"
    with by_hand.connection.transaction():
        override(by_hand, input_per_1m=2)
        with refused("PT409"), by_hand.connection.transaction():
            by_hand.do(update)
        # Also after one that fails half-way.
        with refused("22P02"), by_hand.connection.transaction():
            by_hand.do(
                "select write_model_prices(jsonb_build_array(jsonb_build_object('id', id,"
                " 'prices', '{\"price_per_input_token\": \"x\"}'::jsonb)), 'x') from model_pricing"
            )
        with refused("PT409"), by_hand.connection.transaction():
            by_hand.do(update)
        attempt = by_hand.start("openrouter")
        by_hand.apply(attempt, [price("m", "0.000001", "0.000002"), price(SLASHES), price("new")])
        with refused("PT409"), by_hand.connection.transaction():
            by_hand.do(update)


def test_maintenance_repairs_data_and_is_audited(by_hand: Pricing) -> None:
    update = "update model_pricing set price_per_input_token = 0.000003 where model_id = %s"
    with by_hand.connection.transaction():
        by_hand.do("set local pricing.maintenance = 'on'")
        assert by_hand.do(update, "m") == 1
        assert by_hand.do(update, SLASHES) == 1
        by_hand.do("update model_pricing_history set extra = '{}'")
    assert by_hand.model("m")["price_per_input_token"] == Decimal("0.000003")
    assert by_hand.rows(
        "select who, action, subject, details from pricing_audit_log order by id"
    ) == [
        {
            "who": by_hand.connection.info.user,
            "action": "maintenance",
            "subject": table,
            "details": {"statement": "update"},
        }
        for table in ("model_pricing", "model_pricing_history")
    ]
    with refused("PT409"):
        by_hand.do(update, "m")


def test_a_restore_passes(by_hand: Pricing, migrated_cluster: Cluster) -> None:
    """With triggers on, which fire on INSERT only here, and with triggers off for a replica."""
    with restored_into(by_hand, migrated_cluster) as restored:
        assert course(restored) == course(by_hand)
        assert charged(restored) == prices(1, 2)
        with refused("PT409"):
            restored.do("update model_pricing set price_per_input_token = 1")
        restored.do("set session_replication_role = replica")
        restored.do("update model_pricing set name = 'of a subscription'")
        restored.do("reset session_replication_role")


def test_a_sync_pays_no_second_write_for_the_guard(pricing: Pricing) -> None:
    """A trigger for each row would lock the row, and write one more WAL record for it."""
    said(pricing, {f"m{n}": prices(1, 2) for n in range(500)})

    def written(p: Pricing, statement: str) -> int:
        plan = p.value(f"explain (analyze, wal, format json, timing off) {statement}")
        records: int = plan[0]["Plan"]["WAL Records"]
        return records

    pricing.do("vacuum model_pricing")
    statement = "update model_pricing set missing_count = missing_count"
    with pricing.connection.transaction(force_rollback=True):
        pricing.do("set local session_replication_role = replica")
        bare = written(pricing, statement)
    pricing.do("vacuum model_pricing")
    with pricing.connection.transaction(force_rollback=True):
        pricing.do("set local pricing.writer = 'on'")
        assert written(pricing, statement) < bare + 250
