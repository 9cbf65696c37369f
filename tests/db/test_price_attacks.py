"""Roundabout ways to a price that nobody accepted, or away from one that a person should see."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from psycopg.types.json import Jsonb

from tests.db.conftest import Another
from tests.db.price_changes import change, guard
from tests.db.price_decisions import (
    INPUT,
    base,
    call,
    charged,
    ended_job,
    held,
    held_row,
    prices,
    said,
)
from tests.db.pricing import Pricing, Row, price

ANCHORS = [price(f"anchor{n}") for n in range(5)]


def hear(pricing: Pricing, input_per_1m: object, output_per_1m: object = 2, **more: object) -> UUID:
    """A sync whose list has these prices of one model, and unchanged ones of others; its job."""
    listed: Row = {"model_id": "m", "name": "m", "source": "api:openrouter"}
    listed |= prices(input_per_1m, output_per_1m, **more)
    job_id: UUID = pricing.sync("openrouter", [listed, *ANCHORS])["job_id"]
    return job_id


def waiting(pricing: Pricing) -> Row:
    return pricing.row("select * from public.pricing_held_changes where status = 'held'")


def test_what_was_rejected_outlives_a_rollback_of_what_was_before_it(pricing: Pricing) -> None:
    guard(pricing)
    hear(pricing, 1)
    job_id = hear(pricing, "9.9")
    hear(pricing, "0.8")
    rejected = waiting(pricing)["id"]
    call(pricing, "reject_held_price_change", id=rejected)
    call(pricing, "rollback_pricing_sync", job_id=job_id, dry_run=False)
    # The list as it was, then once more in full: beside the price of today nothing is odd about it.
    pricing.sync("openrouter", None)
    assert held_row(pricing, rejected)["still_said"]
    hear(pricing, "0.8")
    assert charged(pricing) == prices(1, 2)
    assert held_row(pricing, rejected)["status"] == "rejected"


def test_after_a_rollback_the_whole_list_is_asked_for(pricing: Pricing) -> None:
    guard(pricing)
    hear(pricing, 1)
    job_id = hear(pricing, "9.9")
    hear(pricing, "0.8")
    assert waiting(pricing)["class"] == "large"
    tag = "update public.pricing_providers set etag = 'tag', etag_parser = 'parser'"
    pricing.do(tag)
    # The change that waits is not among what waits afterwards: only the list can bring it again.
    call(pricing, "rollback_pricing_sync", job_id=job_id)
    assert pricing.provider("openrouter")["etag"] == "tag"
    call(pricing, "rollback_pricing_sync", job_id=job_id, dry_run=False)
    provider = pricing.provider("openrouter")
    assert (provider["etag"], provider["etag_parser"]) == (None, None)
    assert pricing.provider("deepinfra")["etag"] == "tag"


def test_an_earlier_review_does_not_end_a_later_one(pricing: Pricing) -> None:
    guard(pricing, review_first=True)
    call(pricing, "approve_held_price_changes", job_id=hear(pricing, 1))
    assert not pricing.provider("openrouter")["review_first"]
    # The adapter is another one, say: a person wants to look at its list again.
    guard(pricing, review_first=True)
    call(pricing, "reject_held_price_changes", job_id=hear(pricing, 3))
    assert pricing.provider("openrouter")["review_first"]
    call(pricing, "approve_held_price_changes", job_id=hear(pricing, 2))
    assert not pricing.provider("openrouter")["review_first"]


def test_what_was_approved_after_a_rollback_is_what_the_next_price_is_measured_by(
    pricing: Pricing,
) -> None:
    said(pricing, {"m": prices(1)})
    job_id = said(pricing, {"m": prices(5)})
    call(pricing, "rollback_pricing_sync", job_id=job_id, dry_run=False)
    call(pricing, "approve_held_price_change", id=waiting(pricing)["id"])
    assert base(pricing) == prices(5)
    said(pricing, {"m": {}})
    moved = pricing.row(
        "select before from public.pricing_token_moves(%s)",
        Jsonb([change({}, prices(400), id=pricing.model("m")["id"], old_source="api:openrouter")]),
    )
    assert moved["before"] * 1_000_000 == 5


def test_a_price_that_moves_into_a_condition_is_measured_by_what_it_was(pricing: Pricing) -> None:
    guard(pricing)
    hear(pricing, "0.3")
    for_all = [{"min_prompt_tokens": 0, INPUT: "0.0003"}]
    hear(pricing, None, conditions=for_all)
    assert charged(pricing) == prices("0.3", 2)
    assert waiting(pricing)["class"] == "unit"
    # A tier of its own is no change of a price, up to there.
    for_long = [{"min_prompt_tokens": 200_000, INPUT: "0.000029"}]
    hear(pricing, None, conditions=for_long)
    assert charged(pricing) == prices(None, 2, conditions=for_long)


def test_only_what_is_held_fast_is_decided_with_its_job(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    person, sync = another(), another()
    said(pricing, {"m": prices(1)})
    said(pricing, {"d": prices(1)}, provider="deepinfra")
    job_id = ended_job(pricing)
    first = held(pricing, "m", prices(1000), job_id=job_id)
    with pricing.connection.transaction():
        pricing.rows("select public.lock_provider_prices(array['openrouter'])")
        decided = threads.submit(call, person, "approve_held_price_changes", job_id=job_id)
        pricing.wait_until_blocked(person)
        # Meanwhile the same job holds something of another provider, whose next sync writes.
        late = held(sync, "d", prices(1000), provider="deepinfra", job_id=job_id)
    assert [row["id"] for row in decided.result()] == [first]
    assert held_row(pricing, late)["status"] == "held"
    assert charged(pricing, "d", "deepinfra") == prices(1)
