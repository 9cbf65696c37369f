"""Indirect ways to a price that no person accepted, or past a price that a person should review."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from tests.db.conftest import Another
from tests.db.price_changes import TYPED, change, guard
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
from tests.db.pricing import Pricing, Row, catalogue_price, price, refused

ANCHORS = [price(f"anchor{n}") for n in range(5)]


def hear(pricing: Pricing, input_per_1m: object, output_per_1m: object = 2, **more: object) -> UUID:
    """Sync this price of one model, and unchanged ones of others; returns the job."""
    listed: Row = {"model_id": "m", "name": "m", "source": "api:openrouter"}
    listed |= prices(input_per_1m, output_per_1m, **more)
    job_id: UUID = pricing.sync("openrouter", [listed, *ANCHORS])["job_id"]
    return job_id


def waiting(pricing: Pricing) -> Row:
    return pricing.row("select * from public.pricing_held_all where status = 'held'")


def test_what_was_rejected_outlives_a_rollback_of_what_was_before_it(pricing: Pricing) -> None:
    guard(pricing)
    hear(pricing, 1)
    job_id = hear(pricing, "9.9")
    hear(pricing, "0.8")
    rejected = waiting(pricing)["id"]
    call(pricing, "reject_held_price_change", id=rejected)
    call(pricing, "rollback_pricing_sync", job_id=job_id, dry_run=False)
    # First 304, then the full list again: next to today's price nothing in it is suspicious.
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
    # The rollback does not restore the held change: only another list can bring it again.
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
    # A person wants to review the next list, for example of a changed adapter.
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
        f"select before from public.pricing_moves({TYPED})",
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
    # A new tier does not change the price below it.
    for_long = [{"min_prompt_tokens": 200_000, INPUT: "0.000029"}]
    hear(pricing, None, conditions=for_long)
    assert charged(pricing) == prices(None, 2, conditions=for_long)


def test_only_changes_held_before_the_review_are_decided_with_their_job(
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
        # Meanwhile the same job holds a change of another provider, whose next sync writes.
        late = held(sync, "d", prices(1000), provider="deepinfra", job_id=job_id)
    assert [row["id"] for row in decided.result()] == [first]
    assert held_row(pricing, late)["status"] == "held"
    assert charged(pricing, "d", "deepinfra") == prices(1)


# What a worker's login may pass while it has an attempt at one provider.


def reference(pricing: Pricing) -> list[Row]:
    return pricing.rows(
        "select provider_slug, model_id, prices, version from public.pricing_catalogue_prices"
    )


def test_an_attempt_writes_no_other_provider_s_reference(pricing: Pricing) -> None:
    pricing.sync("catalogue", [catalogue_price("openrouter", "m", "0.000001")])
    before = reference(pricing)
    pricing.sync(
        "deepinfra",
        [price("m")],
        reference=[{"provider": "openrouter", "model_id": "m", "prices": prices(100)}],
        reference_version="zzz",
    )
    assert [row for row in reference(pricing) if row["provider_slug"] == "openrouter"] == before


def test_a_list_that_calls_itself_the_catalogue_s_is_compared_with_it(pricing: Pricing) -> None:
    guard(pricing)
    log = pricing.sync(
        "openrouter",
        [price("m", "0.0001", "0.0002", source="catalogue:x"), price("n", source="api:deepinfra")],
        reference=[{"model_id": "m", "prices": prices(1, 2)}],
        reference_version="genai-prices@1",
    )
    assert log["models_held"] == 1
    assert charged(pricing) == {}
    assert waiting(pricing)["pricing_source"] == "api:openrouter"
    assert pricing.model("n")["pricing_source"] == "api:openrouter"


def test_the_adapter_s_own_row_says_whether_a_list_has_prices(pricing: Pricing) -> None:
    """A second row with the same adapter makes no difference."""
    pricing.do(
        "insert into public.pricing_providers (slug, name, adapter)"
        " values ('mine', 'x', 'deepinfra')"
    )
    pricing.do("update public.pricing_providers set price_api = false where slug = 'deepinfra'")
    listed = [price("m", source="api:mine")]
    pricing.sync("mine", listed, reference_version="genai-prices@2")
    assert pricing.model("m", "mine")["pricing_source"] == "catalogue:genai-prices@2"


def test_a_list_prices_no_model_of_another_provider(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("m")])
    pricing.sync(
        "deepinfra",
        [
            price("mine"),
            price("m", "0.0009", provider="openrouter"),
            price("new", provider="openrouter"),
        ],
    )
    models = pricing.rows("select provider_slug, model_id from public.model_pricing order by 1, 2")
    assert [tuple(row.values()) for row in models] == [("deepinfra", "mine"), ("openrouter", "m")]
    assert len(pricing.history("m")) == 1


@pytest.mark.parametrize("at", ["infinity", "-infinity", "9999-01-01", "0044-03-15 BC"])
def test_a_time_at_which_no_list_was_observed_is_refused(pricing: Pricing, at: str) -> None:
    attempt = pricing.start("openrouter")
    with pricing.nothing_written(), refused("PT422"):
        pricing.apply(attempt, [price("m")], observed_at=at)


def test_a_worker_whose_clock_is_ahead_observes_now(pricing: Pricing) -> None:
    at = pricing.value("select clock_timestamp() + interval '30 minutes'")
    pricing.sync("openrouter", [price("m")], observed_at=at)
    (row,) = pricing.history("m")
    assert row["observed_at"] <= row["changed_at"]


@pytest.mark.parametrize(
    "conditions",
    [
        {"min_prompt_tokens": 1, INPUT: "1"},
        ["min_prompt_tokens"],
        [{"min_prompt_tokens": 1, INPUT: "many"}],
        [{"min_prompt_tokens": 1, INPUT: -1}],
        [{"min_prompt_tokens": 1, INPUT: "NaN"}],
        [{"min_prompt_tokens": 1, "price_per_thought": {"usd": 1}}],
    ],
    ids=str,
)
def test_conditions_that_are_none_skip_the_model(pricing: Pricing, conditions: object) -> None:
    """Else one of them would fail every view that shows conditions."""
    counts = pricing.sync("openrouter", [price("m", conditions=conditions), price("other")])
    assert (counts["models_skipped"], counts["models_updated"]) == (1, 1)
    pricing.rows("select * from public.model_price_conditions")


def test_conditions_of_odd_values_are_only_not_understood(pricing: Pricing) -> None:
    odd: list[Row] = [
        {"min_prompt_tokens": "many", INPUT: "1"},
        {"effective_from": "2026-02-30T00:00:00Z", INPUT: "1"},
        {"effective_until": {"at": 1}, INPUT: "1"},
        {"utc_days": 7, "utc_start": "x", "utc_end": None, INPUT: None},
        {"max_audio_seconds": [], "service_tier": {}, "thinking": "yes", INPUT: "1"},
    ]
    pricing.sync("openrouter", [price("m", conditions=odd)])
    pricing.rows("select * from public.model_price_conditions")
    pricing.rows("select * from public.pricing_announced")
    pricing.rows("select public.tick_pricing_schedule('worker')")
    usage = {"input_tokens": 1}
    (bill,) = call(pricing, "price_request", provider="openrouter", model="m", usage=usage)
    assert (bill["cost"], "input_per_1m is unknown" in bill["reason"]) == (None, True)
