"""The real way of a price list: HTTP trigger, queue, worker, HTTP fetch, apply."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx2
from psycopg.rows import DictRow

from tests.support.provider_server import Answer, ProviderServer
from tests.support.syncing import Queue

TRIGGER = "/admin/pricing/scheduler/trigger"


@dataclass
class Course:
    """One provider, a running web process and a running worker."""

    provider: str
    client: httpx2.Client
    server: ProviderServer
    queue: Queue
    # The day of each job, by its id.
    days: dict[str, str] = field(default_factory=dict)

    def sync(self, day: str, body: bytes) -> DictRow:
        """Serve a body, sync it, and wait for the end; returns the log's row."""
        self.server.answer(self.provider, Answer(body=body))
        answer = self.client.post(TRIGGER, json={"providers": [self.provider]})
        assert answer.status_code == 202, answer.text
        job_id = answer.json()["job_id"]
        self.days[job_id] = day
        ended = self.client.get(f"/admin/pricing/sync/{job_id}", params={"wait": 30}).json()
        assert ended["finished"], ended
        (attempt,) = self.queue.attempts(job_id)
        return attempt

    def set_provider(self, **columns: object) -> None:
        """Change the provider's row, as an operator does in the SQL editor."""
        settings = ", ".join(f"{column} = %s" for column in columns)
        self.queue.connection.execute(
            f"update pricing_providers set {settings} where slug = %s".encode(),
            [*columns.values(), self.provider],
        )
