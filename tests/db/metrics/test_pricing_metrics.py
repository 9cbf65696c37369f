"""What /metrics shows of the database, before anything ran and after each kind of event."""

from __future__ import annotations

import pytest

from tests.db.conftest import Another
from tests.db.metrics.samples import counters, sample, samples
from tests.db.price_changes import guard
from tests.db.pricing import Pricing, price
from tests.docs.error_kinds import error_kinds

# Attempts with these end as cancelled: they are no errors.
CANCELLED = {"handed_back", "cancelled", "stopped", "lock_released", "disabled", "no_credentials"}
FREE = price("free", "0", "0", free=True)


def test_known_series_are_there_before_anything_ran(pricing: Pricing) -> None:
    """A counter that appears with its first event hides that event from rate()."""
    found = samples(pricing)
    providers = {row["slug"] for row in pricing.rows("select slug from pricing_providers")}
    for slug in providers:
        for outcome in ("success", "failed", "cancelled"):
            key = frozenset({"provider": slug, "outcome": outcome}.items())
            assert found["pricing_sync_total", key] == 0
        only = frozenset({"provider": slug}.items())
        for name in (
            *("pricing_sync_attempts_total", "pricing_sync_price_changes_total"),
            *("pricing_sync_duration_seconds_count", "pricing_sync_duration_seconds_sum"),
            *("pricing_stale_models", "pricing_held_changes", "pricing_held_oldest_seconds"),
            "pricing_sync_lock_held_seconds",
        ):
            assert found[name, only] == 0, name
        assert ("pricing_sync_last_success_timestamp_seconds", only) not in found
    assert found["pricing_workers_alive", frozenset()] == 0
    assert found["pricing_sync_oldest_queued_seconds", frozenset()] == 0
    for status in ("queued", "in_progress"):
        assert found["pricing_sync_queue_size", frozenset({"status": status}.items())] == 0


def test_every_error_kind_is_known(pricing: Pricing) -> None:
    kinds = {row["kind"] for row in pricing.rows("select * from pricing_error_kinds() as k (kind)")}
    assert kinds == error_kinds() - CANCELLED


def test_a_sync_that_succeeds(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("a"), price("b"), price("c", None, None), FREE])
    assert counters(pricing) == {
        "total success": 1,
        "attempts_total": 1,
        "duration_seconds_count": 1,
        "price_changes_total": 3,
    }
    pricing.sync("openrouter", [price("a", "0.0000004"), price("b"), price("c", None, None), FREE])
    assert counters(pricing)["price_changes_total"] == 4
    row = pricing.provider("openrouter")
    for name, column in (
        ("pricing_sync_last_success_timestamp_seconds", "last_success_at"),
        ("pricing_sync_last_change_timestamp_seconds", "last_changed_at"),
    ):
        found = sample(pricing, name, provider="openrouter")
        assert found == pytest.approx(row[column].timestamp(), abs=0.001)
    pricing.do("update pricing_providers set last_success_at = 'infinity'")
    gone = "pricing_sync_last_success_timestamp_seconds"
    assert sample(pricing, gone, provider="openrouter") is None


def test_each_model_is_in_one_state(pricing: Pricing) -> None:
    models = [price("a"), price("b"), price("gone"), price("c", None, None), FREE]
    pricing.sync("openrouter", models)
    guard(pricing)
    moved = price("b", "0.0003", "0.0006")
    for _ in range(3):
        pricing.sync("openrouter", [price("a"), moved, price("c", None, None), FREE])
    states = {
        state: sample(pricing, "pricing_sync_models", provider="openrouter", state=state)
        for state in ("priced", "free", "unknown", "held", "inactive")
    }
    assert states == {"priced": 1, "free": 1, "unknown": 1, "held": 1, "inactive": 1}
    assert sample(pricing, "pricing_held_changes", provider="openrouter") == 1
    pricing.do("update pricing_held_changes set first_seen_at = now() - interval '2 hours'")
    oldest = sample(pricing, "pricing_held_oldest_seconds", provider="openrouter")
    assert oldest == pytest.approx(7200, abs=60)


def test_attempts_and_syncs_are_counted_apart(pricing: Pricing) -> None:
    """A sync that is handed back, and then fails, is one sync and two attempts."""
    first = pricing.start()
    pricing.end(first, "queued")
    assert counters(pricing) == {"attempts_total": 1}, "its sync has not ended"
    again = pricing.fetch()
    assert again is not None
    pricing.end(again, "failed", "timeout")
    assert counters(pricing) == {
        "total failed": 1,
        "attempts_total": 2,
        "errors_total timeout": 1,
        "duration_seconds_count": 1,
    }
    # A late end, and a repeated one, count nothing.
    assert pricing.end(again, "failed", "timeout") is False
    assert pricing.end(first, "failed", "internal") is False
    assert counters(pricing)["total failed"] == 1


def test_a_repeated_apply_counts_once(pricing: Pricing) -> None:
    attempt = pricing.start()
    pricing.succeed(attempt)
    before = counters(pricing)
    pricing.succeed(attempt)
    assert counters(pricing) == before


def test_what_never_ran_is_a_sync_and_no_attempt(pricing: Pricing) -> None:
    job = pricing.trigger("openrouter")
    assert sample(pricing, "pricing_sync_queue_size", status="queued") == 1
    pricing.do("update pricing_sync_log set queued_at = now() - interval '90 seconds'")
    waited = sample(pricing, "pricing_sync_oldest_queued_seconds")
    assert waited == pytest.approx(90, abs=30)
    with pricing.as_role("pricing_web"):
        pricing.row("select * from cancel_pricing_sync(%s)", job["job_id"])
    assert counters(pricing) == {"total cancelled": 1}
    assert sample(pricing, "pricing_sync_queue_size", status="queued") == 0


def test_a_queue_row_that_a_person_deletes_or_ends(pricing: Pricing) -> None:
    rows = "procrastinate.procrastinate_jobs where args ->> 'provider' = 'openrouter'"
    pricing.start()
    pricing.do(f"delete from {rows}")
    assert counters(pricing)["errors_total queue_row_deleted"] == 1
    attempt = pricing.start()
    pricing.do(
        "update procrastinate.procrastinate_jobs set status = 'succeeded' where id = %s",
        attempt.queue_job_id,
    )
    assert counters(pricing)["errors_total not_applied"] == 1
    assert counters(pricing)["total failed"] == 2


def test_an_end_that_was_rolled_back_was_none(pricing: Pricing) -> None:
    attempt = pricing.start()
    with pricing.connection.transaction(force_rollback=True):
        pricing.end(attempt, "failed", "timeout")
        assert counters(pricing)["total failed"] == 1
    assert counters(pricing) == {}


def test_an_end_that_could_not_be_projected_is_counted_by_the_clean_up(
    own_database: Pricing,
) -> None:
    pricing = own_database
    attempt = pricing.start()
    pricing.do(
        "create function refuse() returns trigger language plpgsql as"
        " $$ begin raise exception 'broken'; end; $$"
    )
    pricing.do(
        "create trigger refuse before update on pricing_sync_log"
        " for each row execute function refuse()"
    )
    pricing.do(
        "update procrastinate.procrastinate_jobs set status = 'failed' where id = %s",
        attempt.queue_job_id,
    )
    assert counters(pricing) == {}
    pricing.do("drop trigger refuse on pricing_sync_log")
    pricing.do("update pricing_sync_log set queued_at = now() - interval '1 hour'")
    for _ in range(2):
        pricing.row("select * from cleanup_stuck_pricing_syncs()")
        assert counters(pricing)["total failed"] == 1


def test_a_price_set_by_a_person_is_a_change(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("a")])
    with pricing.as_role("pricing_web"):
        pricing.row(
            "select * from set_price_override('openrouter', 'a', 'test',"
            " input_per_1m => 0.5, author => 'me')"
        )
    assert counters(pricing)["price_changes_total"] == 2


def test_retention_leaves_the_counters_alone(pricing: Pricing) -> None:
    for _ in range(3):
        pricing.sync("openrouter", [price("a")])
    attempt = pricing.start()
    pricing.end(attempt, "failed", "timeout")
    before = samples(pricing)
    rows = "select count(*) from pricing_metric_totals"
    many = pricing.value(rows)
    assert pricing.value("select cleanup_old_pricing_jobs('0 seconds')") == 4
    assert pricing.rows("select * from pricing_sync_log") == []
    clock = "pricing_sync_oldest_queued_seconds", "pricing_held_oldest_seconds"
    after = samples(pricing)
    assert {k: v for k, v in after.items() if k[0] not in clock} == {
        k: v for k, v in before.items() if k[0] not in clock
    }
    assert pricing.value(rows) < many
    with pricing.nothing_written():
        pricing.do("select merge_metric_totals()")


def test_buckets_are_cumulative(pricing: Pricing) -> None:
    for seconds in (0.05, 0.1, 7, 60, 61, 5000):
        attempt = pricing.start()
        pricing.do(
            "update pricing_sync_log set sync_started_at = clock_timestamp()"
            " - make_interval(secs => %s) where queue_job_id = %s",
            seconds - 0.01,
            attempt.queue_job_id,
        )
        pricing.do(
            "update pricing_sync_log set status = 'failed', error_kind = 'internal',"
            " sync_completed_at = sync_started_at + make_interval(secs => %s)"
            " where queue_job_id = %s",
            seconds,
            attempt.queue_job_id,
        )
        pricing.do("delete from procrastinate.procrastinate_jobs")
    found = {
        bound: sample(
            pricing, "pricing_sync_duration_seconds_bucket", provider="openrouter", le=bound
        )
        for bound in ("0.1", "0.25", "10.0", "60.0", "120.0", "600.0", "+Inf")
    }
    assert list(found.values()) == [2, 2, 3, 4, 5, 5, 6]
    total = sample(pricing, "pricing_sync_duration_seconds_sum", provider="openrouter")
    assert total == pytest.approx(5128.15)


def test_a_sum_does_not_depend_on_the_order(pricing: Pricing) -> None:
    """A counter that is smaller by the last bit is a restart to Prometheus."""
    for seconds in (0.1, 0.2, 0.3):
        pricing.do(
            "insert into pricing_metric_totals (provider_slug, metric, amount)"
            " values ('openrouter', 'duration_seconds', %s)",
            seconds,
        )
    total = "pricing_sync_duration_seconds_sum"
    assert sample(pricing, total, provider="openrouter") == 0.6
    pricing.do("select merge_metric_totals()")
    assert sample(pricing, total, provider="openrouter") == 0.6


def test_an_unknown_error_kind_is_no_new_series(pricing: Pricing) -> None:
    for kind in ("made up", "made up too"):
        pricing.end(pricing.start(), "failed", kind)
    assert counters(pricing)["errors_total other"] == 2


def test_schedule_workers_and_locks(pricing: Pricing) -> None:
    interval = "pricing_provider_interval_seconds"
    assert sample(pricing, interval, provider="openrouter") == 6 * 3600
    pricing.do("update pricing_providers set enabled = false where slug = 'openrouter'")
    assert sample(pricing, interval, provider="openrouter") is None
    pricing.do("update pricing_settings set scheduler_enabled = false")
    assert sample(pricing, "pricing_scheduler_enabled") == 0
    pricing.do("update pricing_settings set scheduler_enabled = true")
    assert sample(pricing, "pricing_scheduler_enabled") == 1
    pricing.start("deepinfra")
    assert sample(pricing, "pricing_workers_alive") == 1
    pricing.do("update pricing_sync_log set sync_started_at = now() - interval '1 hour'")
    held = sample(pricing, "pricing_sync_lock_held_seconds", provider="deepinfra")
    assert held == pytest.approx(3600, abs=60)
    assert sample(pricing, "pricing_sync_queue_size", status="in_progress") == 1
    with pricing.as_role("pricing_worker"):
        pricing.do("select tick_pricing_schedule('worker')")
    tick = sample(pricing, "pricing_cron_last_tick_timestamp_seconds", scheduler="worker")
    now = pricing.value("select extract(epoch from now())::float")
    assert tick == pytest.approx(now, abs=60)


def test_stale_models(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("a"), price("b")])
    assert sample(pricing, "pricing_stale_models", provider="openrouter") == 0
    pricing.do("update pricing_providers set last_success_at = now() - interval '8 hours'")
    assert sample(pricing, "pricing_stale_models", provider="openrouter") == 2


def test_an_open_transaction_of_a_count_delays_no_other(pricing: Pricing, another: Another) -> None:
    other = another()
    one, two = pricing.start("openrouter"), other.start("deepinfra")
    with pricing.connection.transaction():
        pricing.end(one, "failed", "timeout")
        pricing.do("select merge_metric_totals()")
        other.do("set statement_timeout = '5s'")
        other.end(two, "failed", "timeout")
        other.do("select merge_metric_totals()")
    assert counters(pricing)["total failed"] == 1
    assert counters(pricing, "deepinfra")["total failed"] == 1
