"""Rows that a worker was given and does not know of go back, without waiting for other sessions."""

from __future__ import annotations

import pytest

from tests.db.conftest import Another
from tests.db.pricing import Pricing

LOCKS = {
    "attempt": "select from public.pricing_sync_log where queue_job_id = %(row)s for update",
    "job": "select from public.pricing_sync_jobs where job_id = %(job)s for update",
    "provider": "select from public.pricing_providers where slug = 'deepinfra' for update",
}


@pytest.mark.parametrize("lock", LOCKS)
def test_what_another_session_locks_stays(pricing: Pricing, another: Another, lock: str) -> None:
    jobs = [pricing.trigger(slug)["job_id"] for slug in ("openrouter", "deepinfra", "catalogue")]
    known, locked, lost = [pricing.queue_rows(job)[0]["id"] for job in jobs]
    worker_id = pricing.worker()
    pricing.do("select * from public.fetch_queue_rows(null, %s, 4)", worker_id)
    returned = "select public.return_queue_rows(%s, %s)"
    holder = another()
    with holder.connection.transaction():
        holder.connection.execute(LOCKS[lock].encode(), {"row": locked, "job": jobs[1]})
        # Less than end_provider_sync would wait for one of them.
        pricing.do("set statement_timeout = '3s'")
        assert pricing.value(returned, worker_id, [known]) == 1
        assert pricing.queue_row(locked)["status"] == "doing"
    assert pricing.queue_row(known)["status"] == "doing"
    assert pricing.log_statuses(lost) == ["cancelled", "queued"]
    assert pricing.value(returned, worker_id, [known]) == 1
    assert pricing.queue_row(locked)["status"] == "todo"
