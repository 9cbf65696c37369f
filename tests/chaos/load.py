"""A steady load of triggers, over HTTP and by SQL, with a ledger of the acknowledged ones."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

import httpx2
import psycopg
from psycopg.rows import DictRow, dict_row

from tests.support.processes import ADMIN_KEY

TRIGGER = "/admin/pricing/scheduler/trigger"
# Longer than any timeout of the web process, so that a timeout here is never its response.
HTTP_SECONDS = 25.0
AGAIN_SECONDS = 0.3
# A trigger with a key is repeated until it gets a response; in the end every one does.
PATIENCE_SECONDS = 180.0
MOST_WAITING = 40

# The job names its caller, so a trigger by SQL can be found again after a lost response.
_TRIGGER = """
select job_id from public.trigger_pricing_sync(
    providers => %(providers)s, triggered_by => %(name)s, dry_run => %(dry_run)s,
    on_conflict => %(on_conflict)s, idempotency_key => %(key)s
)
"""
_WAITING = """
select count(*) as n from procrastinate.procrastinate_jobs
where task_name = 'sync_provider' and status in ('todo', 'doing')
"""


@dataclass
class Trigger:
    """What one client wanted once; it may have sent several requests."""

    name: str
    by: str
    providers: list[str] | None
    on_conflict: str = "queue"
    dry_run: bool = False
    key: str | None = None
    # The job ids that acknowledged it, one per response.
    acknowledged: list[str] = field(default_factory=list)
    # How many requests had an unknown outcome.
    unanswered: int = 0
    # The provider was busy (429) or disabled (422) at that moment.
    is_rejected: bool = False


class Load:
    """Clients that trigger at random until the block ends; a trigger with a key is repeated."""

    def __init__(self, base_url: str, database_url: str, slugs: list[str], seed: int) -> None:
        self._base_url = base_url
        self._database_url = database_url
        self._slugs = slugs
        self._seed = seed
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._is_full = False
        self.triggers: list[Trigger] = []
        self.problems: list[str] = []

    @contextmanager
    def running(self, http_clients: int, sql_clients: int, pause: float) -> Iterator[None]:
        """``pause`` is the mean time between two triggers of one client, in seconds."""
        kinds = [self._http_client] * http_clients + [self._sql_client] * sql_clients
        threads = [
            threading.Thread(target=kind, args=[Random(f"{self._seed} load {n}"), pause])
            for n, kind in enumerate(kinds)
        ]
        threads.append(threading.Thread(target=self._watch_queue))
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join()

    def trigger_by_sql(
        self, connection: psycopg.Connection[DictRow], trigger: Trigger
    ) -> str | None:
        """Trigger once by SQL; returns the job id, or None when it was rejected."""
        self._add(trigger)
        return self._ask_by_sql(connection, trigger)

    def _http_client(self, random: Random, pause: float) -> None:
        with httpx2.Client(
            base_url=self._base_url,
            headers={"Authorization": f"Bearer {ADMIN_KEY}"},
            timeout=HTTP_SECONDS,
        ) as client:
            while not self._stopping.wait(random.expovariate(1 / pause)):
                if self._is_full:
                    continue
                trigger = self._drawn(random, "http")
                self._add(trigger)
                self._until_answered(trigger, lambda t: self._ask_by_http(client, t))
                if trigger.key is not None and random.random() < 0.2:
                    # As a client does that lost the response: the same key gives the same job.
                    self._until_answered(trigger, lambda t: self._ask_by_http(client, t))

    def _sql_client(self, random: Random, pause: float) -> None:
        while not self._stopping.wait(random.expovariate(1 / pause)):
            if self._is_full:
                continue
            trigger = self._drawn(random, "sql")
            self._add(trigger)
            self._until_answered(trigger, self._ask_by_new_session)

    def _until_answered(self, trigger: Trigger, ask: Callable[[Trigger], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not ask(trigger):
            trigger.unanswered += 1
            if trigger.key is None:
                return
            if time.monotonic() > deadline:
                self.problems.append(f"nobody answered within {PATIENCE_SECONDS} s: {trigger}")
                return
            time.sleep(AGAIN_SECONDS)

    def _ask_by_http(self, client: httpx2.Client, trigger: Trigger) -> bool:
        headers = {} if trigger.key is None else {"Idempotency-Key": trigger.key}
        body = {
            "providers": trigger.providers,
            "dry_run": trigger.dry_run,
            "on_conflict": trigger.on_conflict,
        }
        try:
            answer = client.post(TRIGGER, json=body, headers=headers)
        except httpx2.TransportError:
            return False
        if answer.status_code == 202:
            trigger.acknowledged.append(str(answer.json()["job_id"]))
        elif answer.status_code in (422, 429):
            trigger.is_rejected = True
        elif answer.status_code != 503:
            self.problems.append(f"{answer.status_code} {answer.text[:300]} for {trigger}")
        return answer.status_code != 503

    def _ask_by_new_session(self, trigger: Trigger) -> bool:
        try:
            with psycopg.connect(
                self._database_url,
                autocommit=True,
                connect_timeout=3,
                row_factory=dict_row,
            ) as connection:
                self._ask_by_sql(connection, trigger)
        except psycopg.Error as error:
            if (error.sqlstate or "").startswith("PT"):
                self.problems.append(f"{error} for {trigger}")
                return True
            return False
        return True

    def _ask_by_sql(self, connection: psycopg.Connection[DictRow], trigger: Trigger) -> str | None:
        try:
            row = connection.execute(_TRIGGER, vars(trigger)).fetchone()
        except psycopg.Error as error:
            if error.sqlstate not in ("PT422", "PT429"):
                raise
            trigger.is_rejected = True
            return None
        assert row is not None
        trigger.acknowledged.append(str(row["job_id"]))
        return trigger.acknowledged[-1]

    def _drawn(self, random: Random, by: str) -> Trigger:
        providers = sorted(random.sample(self._slugs, random.choice((1, 1, 1, 2, 3))))
        return Trigger(
            name=f"chaos {by} {uuid.UUID(int=random.getrandbits(128))}",
            by=by,
            providers=None if random.random() < 0.04 else providers,
            on_conflict=random.choices(("queue", "coalesce", "reject"), (5, 3, 2))[0],
            dry_run=random.random() < 0.06,
            key=str(uuid.UUID(int=random.getrandbits(128))) if random.random() < 0.5 else None,
        )

    def _add(self, trigger: Trigger) -> None:
        with self._lock:
            self.triggers.append(trigger)

    def _watch_queue(self) -> None:
        """Pause the clients while too many syncs wait, so that the run ends soon after the load."""
        while not self._stopping.wait(0.5):
            try:
                with psycopg.connect(self._database_url, connect_timeout=2) as connection:
                    row = connection.execute(_WAITING).fetchone()
            except psycopg.Error:
                continue
            self._is_full = row is not None and row[0] > MOST_WAITING
