"""What workers and callers do all the time reads few rows of a large database.

Counted in rows that any scan returns, of each table and in every function that a statement calls: a
plan without an index reads thousands.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.db.pricing import Pricing, Row

MOST_ROWS = 200


@pytest.fixture
def hot(large: Pricing) -> Iterator[Pricing]:
    """The large database, in a transaction that is rolled back."""
    with large.connection.transaction(force_rollback=True):
        large.do("update public.pricing_settings set scheduler_enabled = true")
        large.do("update public.pricing_providers set enabled = true")
        large.do(
            "update procrastinate.procrastinate_jobs set status = 'cancelled' where status = 'todo'"
        )
        yield large


def listed(model_id: str, amount: str) -> Row:
    return {
        "model_id": model_id,
        "name": model_id,
        "price_per_input_token": amount,
        "price_per_output_token": "0.000004",
        "extra": {},
        "raw": {},
    }


@pytest.mark.parametrize("on_conflict", ["queue", "coalesce", "reject"])
def test_a_sync_request(hot: Pricing, on_conflict: str) -> None:
    with hot.reading_few_rows(MOST_ROWS):
        hot.trigger("openrouter", "novita", on_conflict=on_conflict)


def test_a_fetch(hot: Pricing) -> None:
    hot.trigger("openrouter", "novita")
    worker = hot.worker()
    with hot.reading_few_rows(MOST_ROWS):
        rows = hot.rows("select id from public.fetch_queue_rows(null, %s, 4)", worker)
    assert len(rows) == 2


@pytest.mark.parametrize("changed", [False, True], ids=["unchanged", "changed"])
def test_prices_of_a_small_list(hot: Pricing, changed: bool) -> None:
    """ovhcloud has one model of the thousand."""
    models = hot.rows(
        "select model_id from public.model_pricing where provider_slug = 'ovhcloud' order by 1"
    )
    prices = [listed(row["model_id"], "0.000001") for row in models]
    hot.sync("ovhcloud", prices)
    attempt = hot.start("ovhcloud")
    if changed:
        prices = [listed(row["model_id"], "0.000002") for row in models]
    with hot.reading_few_rows(MOST_ROWS):
        hot.apply(attempt, prices)


def test_the_digests_of_a_small_list(hot: Pricing) -> None:
    """Whose job is one of 6,000."""
    attempt = hot.start("ovhcloud")
    hot.do("analyze public.pricing_sync_jobs")
    with hot.reading_few_rows(MOST_ROWS):
        hot.value(
            "select public.pricing_unchanged_digests(%s, %s)", attempt.queue_job_id, attempt.number
        )


def test_a_failed_attempt(hot: Pricing) -> None:
    attempt = hot.start("openrouter")
    with hot.reading_few_rows(MOST_ROWS):
        assert hot.end(attempt, "failed", "http_status", "HTTP 500")


def test_a_clean_up(hot: Pricing) -> None:
    hot.start("openrouter")
    with hot.reading_few_rows(MOST_ROWS):
        hot.rows("select * from public.cleanup_stuck_pricing_syncs()")


def test_a_tick(hot: Pricing) -> None:
    hot.rows("select public.tick_pricing_schedule('worker')")
    with hot.reading_few_rows(MOST_ROWS):
        hot.rows("select public.tick_pricing_schedule('worker')")


def test_a_tick_beside_many_overrides(hot: Pricing) -> None:
    """Overrides in force are found by an index, and their models only where one may end."""
    hot.rows("select public.tick_pricing_schedule('worker')")
    hot.do("set local enable_seqscan = on")
    hot.do("set local enable_nestloop = off")
    with hot.reading_few_rows(MOST_ROWS):
        hot.rows("select public.end_expired_overrides()")


def test_a_tick_beside_many_announcements(hot: Pricing) -> None:
    """None is due."""
    hot.maintain(
        "update public.model_pricing set next_effective_at = now() + interval '1 day'"
        " where provider_slug in ('openrouter', 'requesty')"
    )
    with hot.reading_few_rows(MOST_ROWS):
        hot.rows("select public.apply_announced_prices()")


def test_pruning_when_nothing_is_due(hot: Pricing) -> None:
    hot.do("select public.erase_audit_details()")
    with hot.reading_few_rows(MOST_ROWS):
        hot.rows("select public.cleanup_old_pricing_jobs(interval '500 days')")


def test_the_state_of_a_job(hot: Pricing) -> None:
    job = hot.trigger("openrouter")
    with hot.reading_few_rows(MOST_ROWS):
        hot.row("select * from public.pricing_sync_progress where job_id = %s", job["job_id"])


def test_one_model_and_its_price_at_a_time(hot: Pricing) -> None:
    one = hot.row(
        "select provider, model from public.model_prices where is_active and price_state = 'priced'"
        " order by provider desc, model desc limit 1"
    )
    with hot.reading_few_rows(MOST_ROWS):
        hot.row(
            "select * from public.model_prices where provider = %s and model = %s", *one.values()
        )
        hot.rows("select * from public.model_price_at(%s, %s, now())", *one.values())


@pytest.mark.parametrize(
    "query",
    [
        "select * from public.pricing_provider_status",
        "select * from public.pricing_freshness",
        "select * from public.pricing_waiting_summary()",
        "select public.pricing_scheduler_status()",
    ],
)
def test_providers_are_shown_without_reading_their_models(hot: Pricing, query: str) -> None:
    with hot.reading_few_rows(MOST_ROWS):
        assert hot.rows(query)


READ = """
select seq_tup_read + idx_tup_fetch as read from pg_stat_xact_user_tables
where relid = 'public.model_pricing'::regclass
"""


def test_no_model_is_read_to_find_that_lists_come_in_time(hot: Pricing) -> None:
    """Nor to count the stale ones of a late list."""
    hot.do("set local enable_seqscan = off")
    hot.do("update public.pricing_providers set last_success_at = now()")
    before = hot.value(READ)
    assert hot.value("select count(*) from public.pricing_unconfirmed() where why <> 'x'") < 20
    assert hot.value(READ) - before <= MOST_ROWS
    hot.do("update public.pricing_providers set last_success_at = now() - interval '1 year'")
    before = hot.value(READ)
    stale = "select sum(value) from public.pricing_metrics() where name = 'pricing_stale_models'"
    assert hot.value(stale) > 2 * MOST_ROWS
    assert hot.value(READ) - before <= MOST_ROWS


def test_an_override(hot: Pricing) -> None:
    one = hot.row(
        "select provider, model from public.model_prices"
        " where is_active and price_state = 'priced' and not is_overridden"
        " order by provider, model limit 1"
    )
    with hot.reading_few_rows(MOST_ROWS):
        hot.rows(
            "select public.set_price_override(%s, %s, 'test', 1.8, 17, author => 'ops')",
            *one.values(),
        )
