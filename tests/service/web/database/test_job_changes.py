"""Notifications of jobs."""

from __future__ import annotations

import json
import uuid

import pytest

from service.web.database import job_changes
from service.web.database.job_changes import JobChanges
from service.web.database.web_database import WebDatabase
from tests.service.web.running import settings_for


def test_a_notification_is_read_only_where_a_request_waits(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each sync request notifies several times, and each process hears all of them."""
    read: list[str] = []
    read_job_id = job_changes.read_job_id

    def noted(payload: str) -> uuid.UUID | None:
        read.append(payload)
        return read_job_id(payload)

    monkeypatch.setattr(job_changes, "read_job_id", noted)
    changes = JobChanges(WebDatabase.from_settings(settings_for(database)))
    job_id = uuid.uuid4()
    payload = json.dumps({"job_id": str(job_id)})
    changes._notified(None, 1, job_changes.CHANNEL, payload)
    assert read == []
    with changes.watch(job_id) as watch:
        changes._notified(None, 1, job_changes.CHANNEL, payload)
        assert (read, watch._changed.is_set()) == ([payload], True)
