"""Make the data of a release's dump in real operation: real responses, a real worker, real ends."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.rows import dict_row

from service.migrations.migrate import migrate
from tests.support.postgres import running_cluster, stop_schedule
from tests.support.processes import Process, Processes
from tests.support.provider_server import Answer, ProviderServer, running_provider_server
from tests.support.syncing import Queue
from tests.support.waiting import wait_until

SLUGS = ("openrouter", "deepinfra")


@contextmanager
def sample_database() -> Iterator[str]:
    """The URL of a database with syncs that succeeded, failed, run and wait."""
    with (
        running_cluster() as cluster,
        cluster.database() as name,
        tempfile.TemporaryDirectory() as directory,
    ):
        url = cluster.url_of(name)
        migrate(url)
        stop_schedule(url)
        processes = Processes(Path(directory), {"DATABASE_URL": url})
        with (
            running_provider_server() as providers,
            psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection,
        ):
            try:
                _fill(Queue(connection), providers, processes)
            finally:
                processes.end()
        yield url


def _fill(queue: Queue, providers: ProviderServer, processes: Processes) -> None:
    shipped = queue.rows("select slug, base_url from pricing_providers")
    for slug in SLUGS:
        providers.fill(slug, 6)
        _set_base_url(queue, slug, providers.base_url(slug))
    body = providers.body("openrouter")
    models = body["data"]
    providers.price_of("openrouter", models[0]["id"]).update(
        prompt="0.00000208333333333333",
        web_search="0.005",
        batch_discount="0.5",
        overrides=[{"min_prompt_tokens": 200_000, "prompt": "0.000005"}],
    )
    providers.price_of("openrouter", models[1]["id"]).update(prompt="-1", completion="-1")
    providers.price_of("openrouter", models[2]["id"])["prompt"] = "a penny"
    queue.connection.execute("select create_pricing_api_key('sample', 'read', 'operator')")

    worker = _start_worker(queue, processes)
    _sync(queue, "success", *SLUGS)
    providers.price_of("openrouter", models[0]["id"])["completion"] = "0.00001"
    # The list lacks one model now.
    body["total_count"] = len(models) - 1
    del models[-1]
    _sync(queue, "success", *SLUGS, idempotency_key="sample")
    providers.price_of("openrouter", models[3]["id"])["prompt"] = "0.00002"
    _sync(queue, "success", "openrouter", dry_run=True)
    providers.price_of("openrouter", models[3]["id"])["prompt"] = "20"
    _sync(queue, "success", "openrouter")
    _decide(queue, models[0]["id"])
    providers.answer("deepinfra", Answer(status=503, body=b"{}"))
    _sync(queue, "partial", *SLUGS)
    _sync(queue, "failed", "deepinfra")

    # For the upgrade: one sync that its worker never ended, and one that no worker has fetched.
    providers.answer("openrouter", Answer(hang=True))
    queue.wait_for_status(queue.trigger("openrouter"), "in_progress")
    worker.send(signal.SIGKILL)
    worker.wait()
    queue.trigger("deepinfra")
    for row in shipped:
        _set_base_url(queue, row["slug"], row["base_url"])


def _decide(queue: Queue, model_id: str) -> None:
    """Decide about prices as a person does: an override and a rule; one change stays held."""
    held = queue.rows("select model, reason from pricing_held")
    assert len(held) == 1, held
    queue.row(
        "select set_price_override('openrouter', %s, 'contract', input_per_1m => 2, force => true)",
        model_id,
    )
    queue.row("select accept_price_changes('openrouter', 20, now() + interval '9 years', 'sale')")


def _sync(queue: Queue, outcome: str, *slugs: str, **options: object) -> None:
    job = queue.wait_for_end(queue.trigger(*slugs, **options))
    assert job["outcome"] == outcome, job


def _set_base_url(queue: Queue, slug: str, base_url: str | None) -> None:
    # Past the audit trigger, whose row would name this machine.
    with queue.connection.transaction():
        queue.connection.execute("set local session_replication_role = replica")
        queue.connection.execute(
            "update pricing_providers set base_url = %s, etag_parser = null where slug = %s",
            [base_url, slug],
        )


def _start_worker(queue: Queue, processes: Processes) -> Process:
    worker = processes.service("worker")
    wait_until(lambda: queue.workers() or not worker.is_running, 60, "the worker registers")
    assert worker.is_running, worker.output
    return worker
