"""What a list, an approval or a rollback calls does not grow with its models, and their rows are
written without their indexes."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tests.db.price_changes import guard
from tests.db.price_decisions import call
from tests.db.pricing import Pricing, Row, price

MODELS = 60
# Of the largest number of calls of one function, whatever the size.
FEW = 12


def calls(pricing: Pricing, act: Callable[[], object]) -> dict[str, int]:
    """How often each function is called, where it is often."""
    pricing.do("set track_functions = 'all'")
    before = _counts(pricing)
    with pricing.connection.transaction():
        act()
        after = {
            row["funcname"]: row["calls"]
            for row in pricing.rows("select funcname, calls from pg_stat_xact_user_functions")
        }
    pricing.do("reset track_functions")
    found = {name: number - before.get(name, 0) for name, number in after.items()}
    return {name: number for name, number in found.items() if number > FEW}


def _counts(pricing: Pricing) -> dict[str, int]:
    rows = pricing.rows("select funcname, calls from pg_stat_xact_user_functions")
    return {row["funcname"]: row["calls"] for row in rows}


def listed(factor: int = 1, changed: int = MODELS) -> list[Row]:
    """So many of the models cost as many times as much."""
    return [
        price(
            f"m{n}",
            f"{Decimal(n + 10).scaleb(-7):f}",
            f"{Decimal((n + 10) * (factor if n < changed else 1)).scaleb(-6):f}",
        )
        for n in range(MODELS)
    ]


def test_a_first_list_and_one_that_changes_a_few(pricing: Pricing) -> None:
    assert calls(pricing, lambda: pricing.sync("openrouter", listed())) == {}
    few = listed(2, changed=MODELS // 5)
    assert calls(pricing, lambda: pricing.sync("openrouter", few)) == {}


def test_an_approval_and_a_rollback(pricing: Pricing) -> None:
    guard(pricing)
    pricing.sync("openrouter", listed())
    pricing.sync("openrouter", listed(1000))
    assert pricing.value("select count(*) from public.pricing_held") == MODELS
    held = pricing.value("select distinct job_id from public.pricing_held")
    found = calls(pricing, lambda: call(pricing, "approve_held_price_changes", job_id=held))
    # A trigger of the row copies the counts of pricing_said_again.
    assert set(found) <= {"count_said_again"}
    back = calls(
        pricing, lambda: call(pricing, "rollback_pricing_sync", job_id=held, dry_run=False)
    )
    assert set(back) <= {"count_said_again"}


def test_a_page_has_room_for_the_price_of_a_new_model(pricing: Pricing) -> None:
    with pricing.connection.transaction():
        pricing.sync("openrouter", listed())
        row = pricing.row(
            "select n_tup_upd as written, n_tup_hot_upd as in_place from pg_stat_xact_user_tables"
            " where relid = 'public.model_pricing'::regclass"
        )
    assert row["written"] == MODELS
    assert row["in_place"] >= MODELS * 0.9
