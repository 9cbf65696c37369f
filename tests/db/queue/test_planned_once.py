"""What each sync calls is planned once in a session: Postgres plans SQL functions at each call."""

from __future__ import annotations

from tests.db.pricing import Pricing

CALLED = {
    "count_ended_sync",
    "fetch_queue_rows",
    "get_provider_sync",
    "lock_sync_end",
    "log_ended_attempt",
    "log_queued_attempt",
    "passes_fence",
    "project_pricing_job",
    "project_provider_sync",
    "queue_row_fault",
    "wait_for_locks_until",
    "wake_pricing_workers",
}


def test_the_functions_around_a_sync(pricing: Pricing) -> None:
    language = {
        row["proname"]: row["lanname"]
        for row in pricing.rows(
            "select p.proname, l.lanname from pg_proc p join pg_language l on l.oid = p.prolang"
            " where p.pronamespace = 'public'::regnamespace and p.proname = any (%s)",
            sorted(CALLED),
        )
    }
    assert language == dict.fromkeys(CALLED, "plpgsql")
