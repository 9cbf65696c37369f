"""Listeners are notified of every change of a job, after the commit."""

from __future__ import annotations

import json

from tests.db.conftest import Another
from tests.db.pricing import Pricing


def test_from_the_trigger_to_the_end(pricing: Pricing, another: Another) -> None:
    listener = another()
    listener.listen("pricing_sync_job")
    attempt = pricing.start()
    pricing.succeed(attempt)

    heard = [json.loads(payload) for _, payload in listener.heard(pricing)]
    assert {message["job_id"] for message in heard} == {attempt.job_id}
    assert [message["status"] for message in heard] == ["queued", "running", "completed"]
    assert heard[-1]["revision"] == pricing.job(attempt.job_id)["revision"]


def test_nothing_of_what_was_rolled_back(pricing: Pricing, another: Another) -> None:
    listener = another()
    listener.listen("pricing_sync_job")
    with pricing.connection.transaction(force_rollback=True):
        pricing.trigger()
    assert listener.heard(pricing) == []


def test_a_fetched_start_is_notified_by_the_worker_s_next_call(
    pricing: Pricing, another: Another
) -> None:
    listener = another()
    listener.listen("pricing_sync_job")
    job_id = str(pricing.trigger("openrouter")["job_id"])
    worker_id = pricing.worker()
    with pricing.as_role("pricing_worker"):
        row = pricing.row("select * from public.fetch_queue_row(null, %s)", worker_id)
    assert pricing.job(job_id)["status"] == "running"
    # Its commit would keep those of other syncs waiting, for as long as a disk takes.
    assert [json.loads(payload)["status"] for _, payload in listener.heard(pricing)] == ["queued"]
    with pricing.as_role("pricing_worker"):
        pricing.row("select * from public.get_provider_sync(%s, 1)", row["id"])
    (message,) = (json.loads(payload) for _, payload in listener.heard(pricing))
    job = pricing.job(job_id)
    assert message == {"job_id": job_id, "status": "running", "revision": job["revision"]}
    # Other changes are notified as ever, also in the session of the fetch.
    pricing.do("update procrastinate.procrastinate_jobs set status = 'failed'")
    assert [json.loads(payload)["status"] for _, payload in listener.heard(pricing)] == ["failed"]
