"""With PRICING_LOG_FORMAT=json each line of stderr is one event, with the fields of its attempt."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from contextvars import copy_context
from typing import Any

import httpx2
import psycopg
import pytest
from psycopg.rows import DictRow

from service.log_context import ATTEMPT_FIELDS, note_attempt
from service.logs import JsonLines, TextLines
from tests.service.web.http_server.test_serve import serve
from tests.service.web.running import TRIGGER
from tests.service.web.test_auth import bearer
from tests.support.processes import ADMIN_KEY, ROOT, Process, Processes
from tests.support.provider_server import Answer, ProviderServer
from tests.support.syncing import Queue
from tests.support.waiting import wait_until

# The engine's command prints it before it has our app.
LAUNCHING = "Launching a worker on all queues"
KNOWN = {
    *("time", "level", "logger", "message", "job_id", "provider", "attempt", "request_id"),
    *("method", "route", "status", "duration_ms", "client", "key", "exception", "stack"),
}


def events(process: Process) -> list[dict[str, Any]]:
    lines = process.output.splitlines()
    found = [json.loads(line) for line in lines if line != LAUNCHING]
    for event in found:
        assert event.keys() <= KNOWN
        assert {"time", "level", "logger", "message"} <= event.keys()
    return found


@pytest.mark.parametrize("command", ["ours", "the engine's"])
def test_a_worker(
    processes: Processes,
    queue: Queue,
    providers: ProviderServer,
    connection: psycopg.Connection[DictRow],
    command: str,
) -> None:
    """Its syncs, and a task that the engine does not know, with a traceback."""
    providers.fill("openrouter", 3)
    providers.answer("deepinfra", Answer(status=500))
    start = processes.service if command == "ours" else processes.procrastinate
    worker = start("worker", may_fail=True, PRICING_LOG_FORMAT="json", PRICING_LOG_LEVEL="DEBUG")
    jobs = {slug: queue.trigger(slug) for slug in ("openrouter", "deepinfra")}
    for job in jobs.values():
        queue.wait_for_end(job)
    connection.execute(
        "insert into procrastinate.procrastinate_jobs (queue_name, task_name, args)"
        " values ('other', 'no_such_task', '{}')"
    )
    wait_until(lambda: "no_such_task" in worker.output, 60, "the engine has no such task")
    worker.stop()
    logged = events(worker)
    for slug, job_id in jobs.items():
        about = [event for event in logged if event.get("provider") == slug]
        assert len(about) >= 2
        assert {(each["job_id"], each["attempt"]) for each in about} == {(job_id, 1)}
    assert any("sync done" in event["message"] for event in logged)
    engine = [event for event in logged if event["logger"].startswith("procrastinate")]
    assert any("Traceback" in event.get("exception", "") for event in engine)
    if command != "ours":
        # The engine's lines about a sync, and those of the library that fetches for it.
        for logger in ("procrastinate", "httpx2"):
            assert {"openrouter", "deepinfra"} <= {
                event.get("provider") for event in logged if event["logger"].startswith(logger)
            }
    text = processes.service("worker", PRICING_LOG_LEVEL="DEBUG", may_fail=True)
    job_id = queue.trigger("openrouter")
    queue.wait_for_end(job_id)
    text.stop()
    shown = [line for line in text.output.splitlines() if f"[job {job_id}]" in line]
    assert len(shown) >= 2 and all("openrouter, attempt 1" in line for line in shown)


def test_a_line_of_any_module_is_about_the_attempt_that_runs() -> None:
    record = logging.LogRecord("httpcore2", logging.WARNING, "f.py", 1, "it is slow", (), None)

    def formatted() -> tuple[str, dict[str, Any]]:
        note_attempt(job_id="a-job", provider="openrouter", attempt=2)
        return TextLines().format(record), json.loads(JsonLines().format(record))

    text, event = copy_context().run(formatted)
    assert text.endswith("it is slow  [job a-job]  [openrouter, attempt 2]")
    assert {name: event[name] for name in ATTEMPT_FIELDS} == {
        "job_id": "a-job",
        "provider": "openrouter",
        "attempt": 2,
    }
    assert "job_id" not in json.loads(JsonLines().format(record))


def test_what_python_prints_itself_is_an_event(processes: Processes) -> None:
    """A warning, and an error that ends a thread."""
    script = (
        "import threading, warnings; from service.settings import read_settings;"
        "from service.logs import configure_logging;"
        "configure_logging(read_settings({'PRICING_LOG_FORMAT': 'json'}));"
        "warnings.warn('a warning');"
        "thread = threading.Thread(target=lambda: 1 / 0); thread.start(); thread.join()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    warning, error = map(json.loads, done.stderr.splitlines())
    assert "a warning" in warning["message"] and warning["level"] == "WARNING"
    assert "ZeroDivisionError" in error["exception"] and error["level"] == "ERROR"


def test_a_web_process(processes: Processes, connection: psycopg.Connection[DictRow]) -> None:
    """Its start and end, requests, and those that never become one."""
    process, url = serve(processes, PRICING_LOG_FORMAT="json", PRICING_LOG_LEVEL="DEBUG")
    headers = {**bearer(ADMIN_KEY), "X-Request-ID": "request-1"}
    triggered = httpx2.post(f"{url}{TRIGGER}", headers=headers, timeout=30)
    job_id = triggered.json()["job_id"]
    path = f"/admin/pricing/sync/{job_id}"
    httpx2.get(f"{url}{path}", headers={**headers, "X-Request-ID": "request-2"}, timeout=30)
    httpx2.get(f"{url}{path}", headers=bearer("wrong"), timeout=30)
    unknown = "00000000-0000-4000-8000-000000000000"
    httpx2.get(f"{url}/admin/pricing/sync/{unknown}", headers=headers, timeout=30)
    process.stop()
    logged = events(process)
    requests = [event for event in logged if str(event.get("route")).startswith("/admin")]
    assert [(each["route"], each["request_id"], each.get("job_id")) for each in requests][:2] == [
        (TRIGGER, "request-1", job_id),
        ("/admin/pricing/sync/{id}", "request-2", job_id),
    ]
    assert unknown not in process.output, "what a caller writes is not logged"
    assert any(event["logger"].startswith("uvicorn") for event in logged)


@pytest.mark.parametrize("command", ["serve", "worker"])
@pytest.mark.parametrize(
    ("variables", "named"),
    [({"DATABASE_URL": ""}, "DATABASE_URL"), ({"PRICING_PORT": "many"}, "PRICING_PORT")],
)
def test_the_reason_why_a_process_does_not_start(
    processes: Processes, command: str, variables: dict[str, str], named: str
) -> None:
    """It is an event too: a collector must not lose the line that matters most."""
    processes.environment.update(variables)
    process = processes.service(command, PRICING_LOG_FORMAT="json")
    assert process.wait() != 0
    last = events(process)[-1]
    assert last["level"] == "ERROR" and named in last["message"]
