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
