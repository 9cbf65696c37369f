"""The only writer of synced prices: fence, comparison, prices, history and the end in one call."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.db.conftest import Another
from tests.db.pricing import Attempt, Pricing, Row, catalogue_price, numbers, price, refused

EVERY_PRICE = {
    f"price_per_{what}": f"0.00000{digit}"
    for digit, what in enumerate(
        (
            "input_token",
            "output_token",
            "cache_read_token",
            "cache_write_token",
            "cache_write_1h_token",
            "reasoning_token",
            "input_audio_token",
            "output_audio_token",
            "cache_read_audio_token",
            "input_image_token",
            "output_image_token",
            "image",
            "request",
            "web_search",
        ),
        start=1,
    )
}
FEES = ("price_per_reasoning_token", "price_per_image", "price_per_request", "price_per_web_search")


def counts(log: Row) -> tuple[int, int, int, int]:
    """Fetched, updated, unchanged, skipped."""
    return (
        log["models_fetched"],
        log["models_updated"],
        log["models_unchanged"],
        log["models_skipped"],
    )


def versions(pricing: Pricing) -> list[Row]:
    # A row that was only locked has a new xmax, which is a write too.
    return pricing.rows("select id, xmin::text, xmax::text from public.model_pricing order by id")


# A first price, and what is recorded of it.


def test_a_first_price_is_written_with_its_history(pricing: Pricing) -> None:
    observed_at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    conditions = [{"min_prompt_tokens": 32000, "price_per_input_token": "0.0000001"}]
    raw = {"prompt": {"text": "3e-7", "unit": "usd_per_token"}}
    attempt = pricing.start()
    log = pricing.apply(
        attempt,
        [
            price(
                "meta/llama",
                None,
                None,
                name="Llama",
                conditions=conditions,
                extra={"strange": "0.1"},
                raw=raw,
                **EVERY_PRICE,
            )
        ],
        observed_at=observed_at,
    )

    assert counts(log) == (1, 1, 0, 0)
    model = pricing.model("meta/llama")
    assert numbers(model) == {axis: Decimal(amount) for axis, amount in EVERY_PRICE.items()}
    assert (model["name"], model["pricing_source"]) == ("Llama", "api:openrouter")
    assert (model["conditions"], model["extra"]) == (conditions, {"strange": "0.1"})
    assert (model["is_active"], model["missing_count"]) == (True, 0)
    (first,) = pricing.history("meta/llama")
    assert numbers(first) == numbers(model)
    assert (first["previous_input_price"], first["previous_output_price"]) == (None, None)
    assert first["changed_by"] == "api_sync:openrouter"
    assert first["pricing_source"] == "api:openrouter"
    assert (str(first["job_id"]), first["observed_at"]) == (attempt.job_id, observed_at)
    assert (first["conditions"], first["extra"], first["raw"]) == (
        conditions,
        {"strange": "0.1"},
        raw,
    )
    assert model["first_seen_at"] == model["last_changed_at"] == first["changed_at"]
    assert log["sync_started_at"] < first["changed_at"] <= log["sync_completed_at"]


def test_amounts_arrive_to_the_last_digit(pricing: Pricing) -> None:
    digits = "0.000000123456789012345678901234567891"
    pricing.sync("openrouter", [price("m", digits, "1E-30")])

    model = pricing.model("m")
    assert format(model["price_per_input_token"], "f") == digits
    assert model["price_per_output_token"] == Decimal("1E-30")


def test_zero_is_free_and_absent_is_unknown(pricing: Pricing) -> None:
    log = pricing.sync(
        "openrouter",
        [price("free", "0", "0"), price("unknown", None, None), price("half", "0", None)],
    )

    assert counts(log) == (3, 2, 1, 0)
    assert numbers(pricing.model("free")) == {
        "price_per_input_token": Decimal(0),
        "price_per_output_token": Decimal(0),
    }
    assert numbers(pricing.model("unknown")) == {}
    assert pricing.history("unknown") == [], "nothing is known: that is no price"
    assert pricing.model("unknown")["last_changed_at"] is None
    assert pricing.model("half")["price_per_output_token"] is None


def test_fees_of_nothing_alone_are_no_first_price(pricing: Pricing) -> None:
    fees = dict.fromkeys(FEES, "0")
    log = pricing.sync("openrouter", [price("m", None, None, **fees)])

    assert counts(log) == (1, 0, 1, 0)
    assert pricing.history("m") == []


def test_conditions_alone_are_a_first_price(pricing: Pricing) -> None:
    conditions = [{"utc_start": 0, "utc_end": 800, "price_per_input_token": "0.000001"}]
    assert pricing.sync("openrouter", [price("m", None, None, conditions=conditions)])[
        "models_updated"
    ]


def test_model_ids_are_kept_as_spelt_and_apart_by_provider(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("A/b:free", "0.1"), price("a/b:free", "0.2")])
    pricing.sync("deepinfra", [price("A/b:free", "0.3", source="api:deepinfra")])

    assert pricing.model("A/b:free")["price_per_input_token"] == Decimal("0.1")
    assert pricing.model("a/b:free")["price_per_input_token"] == Decimal("0.2")
    assert pricing.model("A/b:free", "deepinfra")["price_per_input_token"] == Decimal("0.3")


# What is a change.


def test_the_same_prices_again_write_nothing(pricing: Pricing) -> None:
    prices = [
        price("m", conditions=[{"min_prompt_tokens": 1}], extra={"k": "1"}, **EVERY_PRICE),
        price("free", "0", "0"),
        price("unknown", None, None),
    ]
    pricing.sync("openrouter", prices)
    before = versions(pricing), pricing.rows("select * from public.model_pricing_history")
    log = pricing.sync("openrouter", prices)

    assert counts(log) == (3, 0, 3, 0)
    assert (versions(pricing), pricing.rows("select * from public.model_pricing_history")) == before


def test_nor_do_they_in_another_order_nor_spelling(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("a", "0.0000010"), price("b", extra={"x": "1", "y": "2"})])
    before = versions(pricing)
    pricing.sync("openrouter", [price("b", extra={"y": "2", "x": "1"}), price("a", "1e-6")])
    assert versions(pricing) == before


def test_nor_does_a_list_without_names(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("m", name="M")])
    before = versions(pricing)
    pricing.sync("openrouter", [price("m", name=None)])
    assert versions(pricing) == before


@pytest.mark.parametrize("axis", EVERY_PRICE)
def test_each_axis_is_compared(pricing: Pricing, axis: str) -> None:
    pricing.sync("openrouter", [price("m", None, None, **EVERY_PRICE)])
    was = Decimal(EVERY_PRICE[axis])

    noise = str(was * (1 + Decimal("1e-13")))
    log = pricing.sync("openrouter", [price("m", None, None, **(EVERY_PRICE | {axis: noise}))])
    assert (log["models_updated"], pricing.model("m")[axis]) == (0, was)

    news = was * (1 + Decimal("1e-11"))
    log = pricing.sync("openrouter", [price("m", None, None, **(EVERY_PRICE | {axis: str(news)}))])
    assert (log["models_updated"], pricing.model("m")[axis]) == (1, news)
    assert pricing.history("m")[-1][axis] == news

    absent = {k: v for k, v in EVERY_PRICE.items() if k != axis}
    log = pricing.sync("openrouter", [price("m", None, None, **absent)])
    assert (log["models_updated"], pricing.model("m")[axis]) == (1, None)
    assert pricing.history("m")[-1][axis] is None

    zero = price("m", None, None, **(absent | {axis: "0"}))
    log = pricing.sync("openrouter", [zero])
    assert log["models_updated"] == (0 if axis in FEES else 1), "a fee of 0 equals an absent fee"
    log = pricing.sync("openrouter", [price("m", None, None, **absent)])
    assert log["models_updated"] == (0 if axis in FEES else 1)


def test_a_change_keeps_what_was_before(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("m", "1", "2"), price("other")])
    other = pricing.model("other")
    log = pricing.sync("openrouter", [price("m", "3", None), price("other")])
    pricing.sync("openrouter", [price("m", "3", "5"), price("other")])

    assert counts(log) == (2, 1, 1, 0)
    steps = [
        tuple(
            h[k]
            for k in (
                "previous_input_price",
                "previous_output_price",
                "price_per_input_token",
                "price_per_output_token",
            )
        )
        for h in pricing.history("m")
    ]
    assert steps == [(None, None, 1, 2), (1, 2, 3, None), (3, None, 3, 5)]
    model = pricing.model("m")
    assert model["last_changed_at"] == pricing.history("m")[-1]["changed_at"]
    assert model["first_seen_at"] == pricing.history("m")[0]["changed_at"]
    assert pricing.model("other") == other


def test_changed_conditions_are_a_change(pricing: Pricing) -> None:
    tier = {"min_prompt_tokens": 32000, "price_per_input_token": "0.1"}
    pricing.sync("openrouter", [price("m", conditions=[tier])])
    later = tier | {"price_per_input_token": "0.2"}
    assert pricing.sync("openrouter", [price("m", conditions=[later])])["models_updated"] == 1
    assert pricing.sync("openrouter", [price("m")])["models_updated"] == 1
    assert [h["conditions"] for h in pricing.history("m")] == [[tier], [later], []]


def test_a_new_name_is_written_without_history(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("m", name=None), price("n", name="N")])
    before = pricing.model("m")
    log = pricing.sync("openrouter", [price("m", name="M"), price("n", name="N2")])

    assert counts(log) == (2, 0, 2, 0)
    assert (pricing.model("m")["name"], pricing.model("n")["name"]) == ("M", "N2")
    assert pricing.model("m")["last_changed_at"] == before["last_changed_at"]
    assert len(pricing.history("m")) == 1


def test_what_is_not_read_is_written_without_history(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("m")])
    log = pricing.sync("openrouter", [price("m", extra={"k": "1"})], unknown_keys=["k"])
    assert log["models_updated"] == 0
    assert log["details"] == {"unknown_keys": ["k"]}
    assert pricing.model("m")["extra"] == {"k": "1"}
    pricing.sync("openrouter", [price("m", extra={"k": "2"})])
    assert pricing.model("m")["extra"] == {"k": "2"}
    assert len(pricing.history("m")) == 1


def test_an_unknown_key_is_reported_once(pricing: Pricing) -> None:
    reported = [
        pricing.sync("openrouter", [price("m")], unknown_keys=keys)["details"]
        for keys in (["k"], ["k"], ["k", "l"], ["l"], [])
    ]
    assert reported == [{"unknown_keys": ["k"]}, {}, {"unknown_keys": ["l"]}, {}, {}]
    other = pricing.sync("deepinfra", [price("m", source="api:deepinfra")], unknown_keys=["k"])
    assert other["details"] == {"unknown_keys": ["k"]}, "of each provider"


def test_the_newest_thousand_unknown_keys_are_remembered(pricing: Pricing) -> None:
    for lot in ("a", "b"):
        keys = [f"{lot}{n}" for n in range(600)]
        pricing.sync("openrouter", [price("m")], unknown_keys=keys)
    remembered = pricing.provider("openrouter")["unknown_keys"]
    assert remembered == [f"a{n}" for n in range(200, 600)] + [f"b{n}" for n in range(600)]


def test_each_unknown_key_is_reported_once(pricing: Pricing) -> None:
    pricing.apply(pricing.start(dry_run=True), [price("m")], unknown_keys=["k"])
    assert pricing.provider("openrouter")["unknown_keys"] == []
    for keys, reported in ((["k"], ["k"]), (["k"], None), (["j", "k", "l"], ["j", "l"])):
        log = pricing.sync("openrouter", [price("m")], unknown_keys=keys)
        assert log["details"].get("unknown_keys") == reported
    assert pricing.provider("openrouter")["unknown_keys"] == ["k", "j", "l"]


# Models that disappear.


def test_a_missing_model_is_inactive_after_three_lists_and_comes_back(pricing: Pricing) -> None:
    rest = [price(name) for name in "abc"]
    pricing.sync("openrouter", [*rest, price("gone")])
    first = pricing.model("gone")
    for missed in (1, 2, 3):
        assert pricing.model("gone")["is_active"] is True
        pricing.sync("openrouter", rest)
        assert pricing.model("gone")["missing_count"] == missed
    assert pricing.model("gone")["is_active"] is False
    stopped = pricing.model("gone")
    pricing.sync("openrouter", rest)
    assert pricing.model("gone") == stopped, "it is not counted on"

    log = pricing.sync("openrouter", [*rest, price("gone")])
    assert log["models_updated"] == 0, "the price is the same"
    back = pricing.model("gone")
    assert (back["id"], back["is_active"], back["missing_count"]) == (first["id"], True, 0)
    assert len(pricing.history("gone")) == 1


def test_a_model_switched_off_by_hand_comes_back_when_it_is_listed(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("m")])
    pricing.maintain("update public.model_pricing set is_active = false")
    pricing.sync("openrouter", [price("m")])
    assert pricing.model("m")["is_active"] is True


def test_a_list_that_has_not_changed_counts_as_one_more_without_the_model(
    pricing: Pricing,
) -> None:
    pricing.sync("openrouter", [price("a"), price("b"), price("gone")])
    pricing.sync("openrouter", [price("a"), price("b")])
    pricing.sync("openrouter", None)
    assert (pricing.model("gone")["missing_count"], pricing.model("gone")["is_active"]) == (2, True)
    pricing.sync("openrouter", None)
    assert pricing.model("gone")["is_active"] is False
    assert pricing.model("a")["missing_count"] == 0


def test_missing_lists_are_counted_in_a_row(pricing: Pricing) -> None:
    rest = [price(name) for name in "abc"]
    for _ in range(3):
        pricing.sync("openrouter", [*rest, price("flickers")])
        pricing.sync("openrouter", rest)
    model = pricing.model("flickers")
    assert (model["is_active"], model["missing_count"]) == (True, 1)


def test_a_skipped_model_is_not_missing(pricing: Pricing) -> None:
    rest = [price(name) for name in "abc"]
    pricing.sync("openrouter", [*rest, price("odd")])
    before = pricing.model("odd")
    skipped = [{"model_id": "odd", "reason": "a price is true"}]
    for _ in range(3):
        log = pricing.sync("openrouter", rest, skipped=skipped)

    assert counts(log) == (4, 0, 3, 1)
    assert log["details"] == {"skipped": skipped}
    assert pricing.model("odd") == before
    assert pricing.job(log["job_id"])["models_skipped"] == 1


def test_the_first_thousand_skipped_models_are_kept_and_all_are_counted(pricing: Pricing) -> None:
    skipped = [{"model_id": f"odd {n}", "reason": "odd"} for n in range(1500)]
    log = pricing.sync("openrouter", [price("m")], skipped=skipped)
    assert (log["models_skipped"], log["models_fetched"]) == (1500, 1501)
    assert log["details"]["skipped"] == skipped[:1000]


def test_models_of_other_providers_are_not_missing(pricing: Pricing) -> None:
    pricing.sync("deepinfra", [price("x", source="api:deepinfra")])
    pricing.sync("openrouter", [price("m")])
    assert pricing.model("x", "deepinfra")["missing_count"] == 0


def test_an_empty_list_sinks(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    with refused("PT422") as info:
        pricing.apply(attempt, [])
    assert json.loads(info.value.diag.message_detail or "") == {"error_kind": "empty_list"}


@pytest.mark.parametrize(("known", "listed", "fits"), [(4, 3, True), (4, 2, False), (1, 0, False)])
def test_half_of_the_known_models_gone_sinks_the_list(
    pricing: Pricing, known: int, listed: int, fits: bool
) -> None:
    pricing.sync("openrouter", [price(f"m{n}") for n in range(known)])
    shorter = [price(f"m{n}", "9") for n in range(listed)] + [price("new")]
    attempt = pricing.start()
    if fits:
        assert pricing.apply(attempt, shorter)["models_updated"] == listed + 1
        return
    with pricing.nothing_written(), refused("PT422") as info:
        pricing.apply(attempt, shorter)
    assert json.loads(str(info.value.diag.message_detail)) == {"error_kind": "list_shrunk"}
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "doing"
    assert pricing.end(attempt, "failed", "list_shrunk") is True


def test_skipped_and_inactive_models_do_not_count_as_gone(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price(f"m{n}") for n in range(4)])
    odd = [{"model_id": f"m{n}", "reason": "odd"} for n in (1, 2, 3)]
    pricing.sync("openrouter", [price("m0")], skipped=odd)
    pricing.maintain("update public.model_pricing set is_active = false where model_id <> 'm0'")
    pricing.sync("openrouter", [price("m0")])


# The fence.


def test_prices_and_the_end_of_the_row_are_one(pricing: Pricing) -> None:
    attempt = pricing.start()
    log = pricing.succeed(attempt, "a", "b")

    assert (log["status"], log["errors"], log["error_kind"]) == ("success", 0, None)
    assert log["applied_at"] is not None
    assert log["duration_ms"] > 0
    row = pricing.queue_row(attempt.queue_job_id)
    assert (row["status"], row["worker_id"]) == ("succeeded", None)
    job = pricing.job(attempt.job_id)
    assert (job["status"], job["outcome"], job["providers_synced"]) == ("completed", "success", 1)
    assert (job["models_fetched"], job["models_updated"]) == (2, 2)
    assert pricing.rows("select * from public.pricing_sync_lock") == []


def test_the_same_attempt_again_changes_nothing(pricing: Pricing) -> None:
    attempt = pricing.start()
    first = pricing.succeed(attempt, "a", "b")

    with pricing.nothing_written():
        assert pricing.apply(attempt, [price("a", "9")]) == first
    pricing.do("delete from procrastinate.procrastinate_jobs")
    with pricing.nothing_written():
        assert pricing.apply(attempt, [price("a", "9")]) == first


def test_concurrent_applies_of_one_attempt_write_once(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    attempt = pricing.start()
    second = another()
    with pricing.connection.transaction():
        first = pricing.succeed(attempt)
        waiting = threads.submit(second.succeed, attempt)
        pricing.wait_until_blocked(second)
    assert waiting.result(60) == first
    assert len(pricing.history("m")) == 1


def assert_too_late(pricing: Pricing, attempt: Attempt) -> None:
    with pricing.nothing_written(), refused("PT409"):
        pricing.apply(attempt, [price("m")])


def test_a_late_attempt_writes_nothing(pricing: Pricing) -> None:
    late = pricing.start(worker_id=(worker_id := pricing.worker()))
    pricing.do("update procrastinate.procrastinate_jobs set status = 'todo'")
    assert_too_late(pricing, late)
    newer = pricing.fetch(worker_id)
    assert newer is not None
    assert newer.number == 2
    assert_too_late(pricing, late)
    assert pricing.succeed(newer)["models_updated"] == 1
    assert_too_late(pricing, late)


def test_nor_does_one_that_was_not_there(pricing: Pricing) -> None:
    attempt = pricing.start()
    for other in (
        Attempt(attempt.queue_job_id, 2, "openrouter", attempt.job_id),
        Attempt(attempt.queue_job_id, 0, "openrouter", attempt.job_id),
        Attempt(2**40, 1, "openrouter", attempt.job_id),
        Attempt(pricing.other_task("doing"), 1, "openrouter", attempt.job_id),
    ):
        assert_too_late(pricing, other)


def test_nor_one_that_waits_has_failed_or_shall_be_aborted(pricing: Pricing) -> None:
    (waiting,) = pricing.queue_rows(pricing.trigger("deepinfra")["job_id"])
    assert_too_late(pricing, Attempt(waiting["id"], 1, "deepinfra", waiting["args"]["job_id"]))
    pricing.do("delete from procrastinate.procrastinate_jobs")

    attempt = pricing.start()
    pricing.do(
        "select procrastinate.procrastinate_cancel_job_v1(%s, true, false)", attempt.queue_job_id
    )
    assert_too_late(pricing, attempt)
    pricing.end(attempt, "aborted")
    assert_too_late(pricing, attempt)


def test_an_apply_that_waits_for_the_clean_up_is_late(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    worker, attempt = another(), pricing.start(worker_id=pricing.worker("1 hour"))
    with pricing.connection.transaction():
        pricing.do("select * from public.cleanup_stuck_pricing_syncs()")
        waiting = threads.submit(worker.succeed, attempt)
        pricing.wait_until_blocked(worker)
    with refused("PT409"):
        waiting.result(60)
    assert pricing.rows("select * from public.model_pricing") == []


def test_an_apply_that_waits_too_long_does_not_keep_its_job(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    attempt = pricing.start("openrouter", "deepinfra")
    sibling = pricing.fetch()
    holder, colleague = another(), another()
    assert sibling is not None
    with holder.connection.transaction():
        holder.do("update public.pricing_providers set name = name where slug = 'openrouter'")
        waiting = threads.submit(pricing.succeed, attempt)
        holder.wait_until_blocked(pricing)
        with refused("55P03"):
            waiting.result(25)
        assert colleague.end(sibling) is True
        assert pricing.rows("select from public.model_pricing") == []
    pricing.succeed(attempt)
    assert pricing.job(attempt.job_id)["outcome"] == "partial"


def test_writers_of_one_provider_s_prices_wait_for_each_other(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    catalogue, own = another(), another()
    from_catalogue, from_itself = pricing.start("catalogue"), pricing.start("openrouter")
    with catalogue.connection.transaction():
        catalogue.apply(from_catalogue, [catalogue_price("openrouter", "m", "1")])
        waiting = threads.submit(own.apply, from_itself, [price("m", "2")])
        catalogue.wait_until_blocked(own)
    waiting.result(60)

    steps = [(h["previous_input_price"], h["price_per_input_token"]) for h in pricing.history("m")]
    assert steps == [(None, 1), (1, 2)]
    first, second = pricing.history("m")
    assert first["changed_at"] < second["changed_at"]


def test_history_is_in_the_order_of_the_writes_not_of_the_transactions(
    pricing: Pricing, another: Another
) -> None:
    from_catalogue, from_itself = pricing.start("catalogue"), pricing.start("openrouter")
    own = another()
    with own.connection.transaction():
        own.value("select now()")
        pricing.apply(from_catalogue, [catalogue_price("openrouter", "m", "1")])
        own.apply(from_itself, [price("m", "2")])
    assert [h["price_per_input_token"] for h in pricing.history("m")] == [1, 2]


# A list with an error is refused whole.


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "-0.1"])
def test_what_is_no_price_sinks_the_list(
    pricing: Pricing, amount: str, dry_run: bool, known: bool
) -> None:
    if known:
        pricing.sync("openrouter", [price("good", "1"), price("bad", "1"), price("other")])
    for axis in ("price_per_input_token", "price_per_web_search"):
        attempt = pricing.start(dry_run=dry_run)
        with pricing.nothing_written(), refused("23514"):
            pricing.apply(
                attempt, [price("good", "2"), price("bad", "1") | {axis: amount}, price("other")]
            )
        pricing.end(attempt)


@pytest.mark.parametrize(
    ("prices", "code"),
    [
        ([price("m", "a lot")], "22P02"),
        ([price("m"), price("m", "9")], "21000"),
        ([{"price_per_input_token": "1", "source": "api:openrouter"}], "23502"),
        ([price("")], "23514"),
        ({"m": price("m")}, "22023"),
    ],
)
def test_a_malformed_list_sinks(pricing: Pricing, prices: Any, code: str) -> None:
    attempt = pricing.start()
    with pricing.nothing_written(), refused(code):
        pricing.apply(attempt, prices)


# Not modified.


def test_not_modified_confirms_without_writing(pricing: Pricing) -> None:
    pricing.sync(
        "openrouter", [price("a"), price("b")], etag="e1", etag_parser="p1", content_digest="d1"
    )
    before, was = versions(pricing), pricing.provider("openrouter")
    log = pricing.sync("openrouter", None, etag="e2", etag_parser="p2", content_digest="d2")

    assert counts(log) == (2, 0, 2, 0)
    assert (log["status"], log["details"]) == ("success", {"not_modified": True})
    assert versions(pricing) == before
    provider = pricing.provider("openrouter")
    assert provider["last_success_at"] > was["last_success_at"]
    changed = {k for k in provider if provider[k] != was[k]}
    assert changed == {"last_success_at"}


# A dry run.


def test_a_dry_run_writes_no_price_and_tells_the_differences(pricing: Pricing) -> None:
    rest = [price(name) for name in "abc"]
    pricing.sync("openrouter", [*rest, price("m", "1", "2"), price("gone")], etag="e")
    unchanged = "public.model_pricing", "public.model_pricing_history", "public.pricing_providers"
    before = [pricing.state()[table] for table in unchanged]
    pricing.listen("pricing_changed")
    attempt = pricing.start(dry_run=True)
    log = pricing.apply(
        attempt, [*rest, price("m", "1.50", None), price("new", "7")], etag="f", content_digest="d"
    )

    assert [pricing.state()[table] for table in unchanged] == before
    assert pricing.heard(pricing) == []
    assert counts(log) == (5, 0, 3, 0)
    assert log["status"] == "success"
    difference = {
        "provider": "openrouter",
        "model_id": "m",
        "price_per_input_token": "1.5",
        "price_per_output_token": None,
        "previous_input_price": "1",
        "previous_output_price": "2",
    }
    first = difference | {
        "model_id": "new",
        "price_per_input_token": "7",
        "price_per_output_token": "0.0000006",
        "previous_input_price": None,
        "previous_output_price": None,
    }
    assert log["details"]["differences"] == [difference, first]
    assert log["details"]["differences_total"] == 2
    job = pricing.job(attempt.job_id)
    assert job["outcome"] == "success"
    assert job["result_data"]["providers"]["openrouter"]["differences_total"] == 2
    with pricing.nothing_written():
        assert pricing.apply(attempt, []) == log


def test_a_dry_run_takes_the_lock(pricing: Pricing) -> None:
    attempt = pricing.start(dry_run=True)
    pricing.trigger("openrouter")
    assert pricing.fetch() is None
    pricing.succeed(attempt)
    assert pricing.fetch() is not None


# The catalogue.


def test_the_catalogue_speaks_for_those_that_cannot(pricing: Pricing) -> None:
    pricing.do(
        "insert into public.pricing_providers"
        " (slug, name, adapter, state, last_success_at) values"
        " ('no-adapter', 'x', null, 'ok', now()), ('no-key', 'x', 'x', 'no_credentials', now()),"
        " ('no-api', 'x', 'x', 'no_price_api', now()), ('never', 'x', 'x', 'ok', null),"
        " ('speaks', 'x', 'x', 'ok', now()), ('failing', 'x', 'x', 'failing', now())"
    )
    slugs = ("no-adapter", "no-key", "no-api", "never", "speaks", "failing", "unlisted")
    log = pricing.sync("catalogue", [catalogue_price(slug, "m") for slug in slugs])

    written = pricing.rows("select provider_slug as slug, * from public.model_pricing order by id")
    assert {m["slug"] for m in written} == {"no-adapter", "no-key", "never", "unlisted"}
    assert {m["pricing_source"] for m in written} == {"catalogue:genai-prices@0.2.3"}
    assert log["models_updated"] == 4
    assert pricing.history("m", "never")[0]["changed_by"] == "api_sync:catalogue"


def test_the_catalogue_never_overwrites_a_number_from_the_provider(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("own", "1")])
    pricing.do(
        "update public.pricing_providers set state = 'no_credentials' where slug = 'openrouter'"
    )
    before = pricing.model("own")
    log = pricing.sync(
        "catalogue",
        [catalogue_price("openrouter", "own", "9"), catalogue_price("openrouter", "more", "3")],
    )

    assert log["models_updated"] == 1
    assert pricing.model("own") == before
    assert pricing.model("more")["price_per_input_token"] == 3
    pricing.sync("catalogue", [catalogue_price("openrouter", "more", "3")])
    assert pricing.model("own") == before, "nor does it count it as missing"


def test_a_list_without_prices_is_its_provider_s_all_the_same(pricing: Pricing) -> None:
    pricing.sync("catalogue", [catalogue_price("openrouter", "a", "1"), catalogue_price("x", "b")])
    pricing.do("update public.pricing_providers set price_api = false where slug = 'openrouter'")
    log = pricing.sync(
        "openrouter",
        [price("a", "1"), price("unpriced", None, None)],
        reference_version="genai-prices@0.2.4",
    )
    assert counts(log) == (2, 0, 2, 0)
    assert pricing.provider("openrouter")["state"] == "no_price_api"
    listed = pricing.rows("select model_id, listed_by, pricing_source from public.model_pricing")
    assert {(m["model_id"], m["listed_by"]) for m in listed} == {
        *(("a", "openrouter"), ("unpriced", "openrouter"), ("b", "catalogue")),
    }
    # The catalogue's price stays, whatever the provider's list says of these models.
    assert pricing.model("unpriced")["pricing_source"] == "catalogue:genai-prices@0.2.4"
    # The provider has prices now: the catalogue neither writes nor misses its models.
    before = versions(pricing)
    for _ in range(3):
        pricing.sync(
            "catalogue", [catalogue_price("openrouter", "a", "9"), catalogue_price("x", "b")]
        )
    assert versions(pricing) == before


def test_the_catalogue_leaves_a_model_to_the_list_that_has_it(pricing: Pricing) -> None:
    pricing.do("update public.pricing_providers set price_api = false where slug = 'openrouter'")
    pricing.sync("openrouter", [price("a", "1"), price("b", "1")])
    pricing.do(
        "update public.pricing_providers set state = 'no_credentials' where slug = 'openrouter'"
    )
    pricing.maintain("update public.model_pricing set is_active = false where model_id = 'b'")
    others = [catalogue_price("x", model) for model in "pqrs"]
    pricing.sync("catalogue", [*others, *(catalogue_price("openrouter", m, "2") for m in "abc")])
    listed = [pricing.model(model) for model in "abc"]
    assert [(m["listed_by"], m["is_active"]) for m in listed] == [
        *(("openrouter", True), ("openrouter", False), ("catalogue", True)),
    ]
    assert {m["price_per_input_token"] for m in listed} == {2}
    for _ in range(3):
        pricing.sync("catalogue", others)
    assert pricing.model("a")["missing_count"] == 0
    assert pricing.model("c")["is_active"] is False


def test_a_first_own_price_replaces_the_catalogue_s(pricing: Pricing) -> None:
    pricing.sync(
        "catalogue",
        [catalogue_price("openrouter", m, "1", "1") for m in ("same", "other", "unlisted")],
    )
    log = pricing.sync("openrouter", [price("same", "1", "1"), price("other", "2", "1")])

    assert log["models_updated"] == 1
    assert pricing.model("same")["pricing_source"] == "api:openrouter"
    assert len(pricing.history("same")) == 1
    latest = pricing.history("other")[-1]
    assert (latest["previous_input_price"], latest["pricing_source"]) == (1, "api:openrouter")
    assert pricing.model("unlisted")["missing_count"] == 1

    before = versions(pricing)
    pricing.sync("catalogue", [catalogue_price("openrouter", "same", "9")])
    assert versions(pricing) == before, "the provider speaks for itself now"


def test_a_provider_that_the_catalogue_drops_whole_becomes_inactive(pricing: Pricing) -> None:
    kept = [catalogue_price("openai", "kept"), catalogue_price("openai", "too")]
    pricing.sync("catalogue", [*kept, catalogue_price("avian", "dropped")])
    for _ in range(3):
        pricing.sync("catalogue", kept)
    assert pricing.model("dropped", "avian")["is_active"] is False
    assert pricing.model("kept", "openai")["is_active"] is True


def test_what_the_catalogue_drops_becomes_inactive(pricing: Pricing) -> None:
    pricing.sync("catalogue", [catalogue_price("anthropic", m) for m in ("a", "b", "c")])
    for _ in range(3):
        pricing.sync("catalogue", [catalogue_price("anthropic", m) for m in ("a", "c")])
    assert pricing.model("b", "anthropic")["is_active"] is False


def test_half_of_the_catalogue_gone_sinks_it_too(pricing: Pricing) -> None:
    pricing.sync("catalogue", [catalogue_price("anthropic", m) for m in ("a", "b")])
    with refused("PT422"):
        pricing.sync("catalogue", [catalogue_price("anthropic", "a")])


def test_what_the_catalogue_may_not_write_it_does_not_confirm(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("own")])
    log = pricing.sync(
        "catalogue", [catalogue_price("openrouter", "own"), catalogue_price("openai", "new")]
    )
    assert counts(log) == (2, 1, 0, 0)


# After the apply.


def test_listeners_hear_of_a_change(pricing: Pricing, another: Another) -> None:
    listener = another()
    listener.listen("pricing_changed")
    log = pricing.sync("openrouter", [price("a"), price("b")])
    pricing.sync("openrouter", [price("a"), price("b")])

    ((_, payload),) = listener.heard(pricing)
    assert json.loads(payload) == {
        "provider": "openrouter",
        "count": 2,
        "job_id": str(log["job_id"]),
    }


def test_the_provider_row_tells_how_it_goes(pricing: Pricing) -> None:
    for _ in range(3):
        pricing.end(pricing.start(), "failed", "timeout")
    assert pricing.provider("openrouter")["state"] == "failing"
    log = pricing.sync("openrouter", [price("m")], etag="e", etag_parser="p", content_digest="d")
    provider = pricing.provider("openrouter")

    assert (provider["state"], provider["consecutive_failures"]) == ("ok", 0)
    assert provider["last_success_at"] == provider["last_changed_at"] == log["applied_at"]
    assert (provider["etag"], provider["etag_parser"]) == ("e", "p")
    assert provider["content_digest"] == "d"

    later = pricing.sync("openrouter", [price("m")])
    provider = pricing.provider("openrouter")
    assert provider["last_success_at"] == later["applied_at"]
    assert provider["last_changed_at"] == log["applied_at"]
    assert (provider["etag"], provider["content_digest"]) == (None, None)


def test_with_a_credential_again_the_provider_is_ok(pricing: Pricing) -> None:
    pricing.end(pricing.start(), "failed", "no_credentials")
    assert pricing.provider("openrouter")["state"] == "no_credentials"
    pricing.sync("openrouter", [price("m")])
    assert pricing.provider("openrouter")["state"] == "ok"


def test_a_provider_disabled_meanwhile_is_cancelled(pricing: Pricing) -> None:
    attempt = pricing.start()
    pricing.do("update public.pricing_providers set enabled = false where slug = 'openrouter'")
    log = pricing.succeed(attempt)

    assert (log["status"], log["error_kind"]) == ("cancelled", "disabled")
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "aborted"
    assert pricing.job(attempt.job_id)["outcome"] == "cancelled"
    assert pricing.rows("select * from public.model_pricing") == []
    assert pricing.provider("openrouter")["state"] == "disabled"


def test_many_first_prices_take_no_longer_than_many_known_ones(pricing: Pricing) -> None:
    # A nested loop over 10,000 x 10,000 takes over 10 s; hash joins take a fifth of a second.
    pricing.do("set statement_timeout = '9s'")
    log = pricing.sync("openrouter", [price(f"m{n}") for n in range(10_000)])
    assert log["models_updated"] == 10_000


# What the function returns to the worker, and what the worker may pass.


def test_the_worker_is_told_counts_and_no_price(pricing: Pricing) -> None:
    """A dry run does not show it a price, either."""
    pricing.do("update public.pricing_providers set guards_enabled = true")
    pricing.sync("openrouter", [price("a"), price("b")])
    attempt = pricing.start("openrouter", dry_run=True)
    with pricing.as_role("pricing_worker"):
        told = pricing.row(
            "select * from public.apply_provider_prices(%s, %s, %s, unknown_keys => '[\"new\"]')",
            attempt.queue_job_id,
            attempt.number,
            json.dumps([price("a", "0.5"), price("b")]),
        )
    assert told == {
        "status": "success",
        "models_fetched": 2,
        "models_updated": 0,
        "models_skipped": 0,
        "models_unchanged": 1,
        "models_held": 1,
        "details": {"unknown_keys": ["new"]},
    }
    assert pricing.log(attempt.queue_job_id)["details"]["differences_total"] == 1


@pytest.mark.parametrize(
    "change", ["provider_slug = 'deepinfra'", "job_id = %s", "status = 'cancelled'"]
)
def test_an_attempt_of_another_job_or_provider_is_refused(pricing: Pricing, change: str) -> None:
    """Its log row signs the prices; its queue row has the lock."""
    other = pricing.trigger("openrouter")["job_id"]
    attempt = pricing.fetch()
    assert attempt is not None
    another_job = pricing.trigger("deepinfra")["job_id"]
    assert other != another_job
    pricing.do("set session_replication_role = replica")
    pricing.do(
        f"update public.pricing_sync_log set {change} where queue_job_id = {attempt.queue_job_id}",
        *([another_job] if "%s" in change else []),
    )
    pricing.do("set session_replication_role = origin")
    with pricing.nothing_written(), refused("PT409"):
        pricing.succeed(attempt)
    if "status" not in change:
        with pricing.nothing_written():
            assert pricing.end(attempt) is False
            assert (
                pricing.value(
                    "select outcome from public.give_up_sync(%s, 1)", attempt.queue_job_id
                )
                == "late"
            )


def test_what_no_adapter_would_bring_is_skipped_and_named(pricing: Pricing) -> None:
    deep = json.loads("[" * 40 + "]" * 40)
    odd = [
        price("i" * 600),
        price("large", raw={"k": {"text": "x" * 300_000}}),
        price("deep", extra={"k": deep}),
        price("deep condition", conditions=[{"k": deep}]),
        price("digits", "1e-5000"),
        price("long", "0." + "1" * 300),
        price("conditions", conditions=[{"min_prompt_tokens": n} for n in range(101)]),
        price("list", conditions=[[]]),
    ]
    log = pricing.sync(
        "openrouter",
        [price("m", name="n" * 10_000), *odd],
        skipped=[{"model_id": "s" * 1000, "reason": "r" * 1000}],
    )
    assert counts(log) == (10, 1, 0, 9)
    skipped = log["details"]["skipped"]
    assert [s["model_id"] for s in skipped] == ["s" * 512] + [o["model_id"][:512] for o in odd]
    assert skipped[0]["reason"] == "r" * 500
    says_each = ("600 char", "256 kB", "deep", "deep", "digits", "digits", "101 cond", "object")
    for entry, says in zip(skipped[1:], says_each, strict=True):
        assert says in entry["reason"]
    assert pricing.model("m")["name"] == "n" * 512


ODD_IDS = [
    *(" m", "m ", "m\n", "m\u00a0", "m\u2003", "m\u200b", "a\u2060b", "\ufeffm", "m\u3164"),
    *("a\u00adb", "m\U000e0041"),
]


def test_an_id_that_looks_like_another_is_skipped_and_named(pricing: Pricing) -> None:
    fine = ["m", "\u043a\u043b\u044e\u0447", "\u6a21\u578b x", "a b"]
    log = pricing.sync("openrouter", [price(each) for each in (*ODD_IDS, *fine)])
    assert [each["model_id"] for each in log["details"]["skipped"]] == ODD_IDS
    assert all(each["reason"].startswith("its id has") for each in log["details"]["skipped"])
    assert log["models_fetched"] == len(ODD_IDS) + len(fine)


def test_nothing_of_a_list_is_stored_without_a_bound(pricing: Pricing) -> None:
    pricing.sync(
        "openrouter",
        [price("m")],
        etag="e" * 1_000_000,
        etag_parser="1",
        unknown_keys=["k" * 1000, *(f"k{n}" for n in range(2000))],
    )
    provider = pricing.provider("openrouter")
    assert (provider["etag"], provider["etag_parser"]) == (None, None)
    assert max(map(len, provider["unknown_keys"])) == 200
    for too_long in ("reference_version", "content_digest"):
        attempt = pricing.start("openrouter")
        with pricing.nothing_written(), refused("PT422"):
            pricing.apply(attempt, [price("m")], **{too_long: "v" * 300})
        pricing.end(attempt)


def test_evidence_is_text_of_a_bounded_length(pricing: Pricing) -> None:
    """Every reader of held changes reads all of it."""
    pricing.do("update public.pricing_providers set guards_enabled = true")
    pricing.sync("openrouter", [price("m")])
    said = {"axis": "price_per_input_token", "unit": "u" * 500}
    raw = {"k" * 500: {**said, "text": [["x" * 500]]}}
    pricing.sync("openrouter", [price("m", "0.5", raw=raw)])
    (evidence, *_) = pricing.value("select evidence from public.pricing_held")
    assert evidence["text"] == '[["' + "x" * 197 + "..."
    assert (len(evidence["key"]), len(evidence["unit"])) == (203, 200)
