"""An override is changed and ended by its functions, which change the price with it."""

from __future__ import annotations

import pytest

from tests.db.price_decisions import call, charged, override, prices, said
from tests.db.prices.test_check_pricing_records import restored_into
from tests.db.pricing import Pricing, refused
from tests.support.postgres import Cluster


@pytest.mark.parametrize(
    "statement",
    [
        'update pricing_overrides set prices = \'{"price_per_input_token": "1"}\'',
        "update pricing_overrides set ended_at = now(), ended_by = 'me'",
        "update pricing_overrides set ended_at = now() where false",
        "delete from pricing_overrides",
        "truncate pricing_overrides",
        # The next sync would charge it without a check by the guards.
        "insert into pricing_overrides (model_id, prices, reason, created_by)"
        " select model_id, prices, reason, created_by from pricing_overrides",
        "insert into pricing_overrides (model_id, prices, reason, created_by, created_at)"
        ' select model_id, \'{"price_per_input_token": "0"}\', reason, created_by,'
        " now() - interval '2 minutes' from pricing_overrides",
    ],
)
def test_by_hand_it_is_refused(pricing: Pricing, statement: str) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=3)
    if statement.startswith("insert"):
        call(pricing, "clear_price_override", provider="openrouter", model="m")
    with pricing.nothing_written(), refused("PT409") as info:
        pricing.do(statement)
    assert "select clear_price_override(" in str(info.value.diag.message_primary)


def test_a_restore_passes(pricing: Pricing, migrated_cluster: Cluster) -> None:
    """One override that has ended and one in force, recent and old."""
    said(pricing, {"m": prices(1, 2), "n": prices(1, 2)})
    override(pricing, input_per_1m=3)
    override(pricing, input_per_1m=4, output_per_1m=5)
    override(pricing, "n", input_per_1m=6)
    pricing.do("update pricing_overrides set created_at = now() - interval '1 day' where id = 2")
    with restored_into(pricing, migrated_cluster, "pricing_overrides") as restored:
        for table in ("pricing_overrides", "model_pricing"):
            query = f"select * from {table} order by id"
            assert restored.rows(query) == pricing.rows(query)
        logged = "select id, action from pricing_audit_log order by id"
        again = restored.rows(logged)
        # Extra rows name who restored them, with ids below those of the log.
        assert [row["action"] for row in again if row["id"] < 0] == ["insert_pricing_overrides"] * 2
        assert [row for row in pricing.rows(logged) if row not in again] == []


def test_a_restore_of_one_that_a_tick_has_not_ended_passes(
    pricing: Pricing, migrated_cluster: Cluster
) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=3)
    pricing.do("update pricing_overrides set expires_at = now()")
    with restored_into(pricing, migrated_cluster, "pricing_overrides") as restored:
        assert restored.value("select end_expired_overrides()") == 1
        assert charged(restored) == prices(1, 2)


def test_its_functions_and_its_expiry_pass(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=3)
    override(pricing, input_per_1m=4)
    call(pricing, "clear_price_override", provider="openrouter", model="m")
    override(pricing, input_per_1m=5)
    pricing.do("update pricing_overrides set expires_at = now() where ended_at is null")
    assert pricing.value("select end_expired_overrides()") == 1
    assert charged(pricing) == prices(1, 2)


def test_maintenance_passes_and_is_audited(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=3)
    pricing.maintain("delete from pricing_overrides")
    subjects = pricing.rows("select subject from pricing_audit_log where action = 'maintenance'")
    assert subjects == [{"subject": "pricing_overrides"}]
