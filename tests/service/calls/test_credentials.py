"""Providers that need a credential: synced when a worker has it, skipped when none has."""

from __future__ import annotations

import pytest

from tests.support.processes import Processes
from tests.support.provider_server import ProviderServer
from tests.support.syncing import Queue
from tests.support.waiting import wait_until

VARIABLE = "DEEPINFRA_API_KEY"
SECRET = "sk-a-secret-of-tests-only"


@pytest.fixture
def locked_out(queue: Queue, providers: ProviderServer) -> Queue:
    """A provider whose credential no worker has had yet."""
    queue.connection.execute(
        "update pricing_providers set credential_variable = %s, state = 'no_credentials'"
        " where slug = 'deepinfra'",
        [VARIABLE],
    )
    providers.fill("deepinfra", 3)
    providers.fill("openrouter", 3)
    return queue


@pytest.fixture
def permitted(providers: ProviderServer) -> str:
    """The setting that lets a worker send the credential to the test's server."""
    return f"{VARIABLE}={providers.host}:{providers.port}"


def provider(queue: Queue) -> tuple[str, int]:
    row = queue.row("select * from pricing_providers where slug = 'deepinfra'")
    return row["state"], row["consecutive_failures"]


def test_without_it_no_provider_is_asked_and_none_fails(
    locked_out: Queue,
    providers: ProviderServer,
    processes: Processes,
    permitted: str,
) -> None:
    processes.service("worker", PRICING_CREDENTIAL_HOSTS=permitted)
    job = locked_out.wait_for_end(locked_out.trigger())
    assert job["outcome"] == "success"
    assert "deepinfra" not in job["providers"]

    job_id = locked_out.trigger("deepinfra")
    job = locked_out.wait_for_end(job_id)
    assert (job["status"], job["outcome"], job["total_errors"]) == ("cancelled", "cancelled", 0)
    (attempt,) = locked_out.attempts(job_id)
    assert (attempt["status"], attempt["error_kind"]) == ("cancelled", "no_credentials")
    assert VARIABLE in attempt["error_message"]
    assert provider(locked_out) == ("no_credentials", 0)
    assert providers.requests("deepinfra") == []


def test_a_worker_that_starts_with_it_says_so(
    locked_out: Queue,
    providers: ProviderServer,
    processes: Processes,
    permitted: str,
) -> None:
    locked_out.connection.execute(
        "update pricing_providers set next_sync_at = now() + interval '1 day';"
        " update pricing_settings set scheduler_enabled = true"
    )
    worker = processes.service(
        "worker", DEEPINFRA_API_KEY=SECRET, PRICING_CREDENTIAL_HOSTS=permitted
    )
    wait_until(lambda: provider(locked_out) == ("ok", 0), 60, "the worker has reported")
    # The provider is due at once.
    wait_until(lambda: locked_out.rows("select from model_pricing"), 60, "the prices are there")
    (request,) = providers.requests("deepinfra")
    assert request.headers["authorization"] == f"Bearer {SECRET}"
    assert "Credentials found" in worker.output and "from now on: deepinfra" in worker.output
    assert SECRET not in worker.output
    assert SECRET not in str(locked_out.rows("select * from pricing_providers"))


def test_one_that_is_lost_shows_at_the_next_sync(
    locked_out: Queue,
    providers: ProviderServer,
    processes: Processes,
    permitted: str,
) -> None:
    locked_out.connection.execute(
        "update pricing_providers set state = 'ok', consecutive_failures = 2"
        " where slug = 'deepinfra'"
    )
    processes.service("worker", PRICING_CREDENTIAL_HOSTS=permitted)
    job = locked_out.wait_for_end(locked_out.trigger("deepinfra", "openrouter"))
    assert (job["status"], job["outcome"]) == ("completed", "partial")
    assert provider(locked_out) == ("no_credentials", 2)
    assert providers.requests("deepinfra") == []


def test_a_report_that_fails_does_not_stop_the_start(
    locked_out: Queue, processes: Processes
) -> None:
    locked_out.connection.execute(
        "create or replace function pricing_credential_variables()"
        " returns table (provider text, adapter text, base_url text, variable text)"
        " language plpgsql as $$ begin raise exception 'not today'; end $$"
    )
    worker = processes.service("worker")
    assert locked_out.wait_for_end(locked_out.trigger("openrouter"))["outcome"] == "success"
    assert "could not be reported" in worker.output
    assert "not today" in worker.output
    assert provider(locked_out) == ("no_credentials", 0)


def test_a_trigger_by_name_with_it_ends_the_state(
    locked_out: Queue, processes: Processes, permitted: str
) -> None:
    worker = processes.service(
        "worker", DEEPINFRA_API_KEY=SECRET, PRICING_CREDENTIAL_HOSTS=permitted
    )
    wait_until(lambda: provider(locked_out)[0] == "ok", 60, "the worker has reported")
    locked_out.connection.execute(
        "update pricing_providers set state = 'no_credentials' where slug = 'deepinfra'"
    )
    job = locked_out.wait_for_end(locked_out.trigger("deepinfra"))
    assert job["outcome"] == "success"
    assert provider(locked_out) == ("ok", 0)
    assert worker.is_running


@pytest.mark.parametrize("variable", [VARIABLE, "DATABASE_URL", "HOME", "A_VARIABLE_OF_NOBODY"])
def test_a_row_does_not_get_at_a_variable_that_is_not_for_its_host(
    locked_out: Queue, providers: ProviderServer, processes: Processes, variable: str
) -> None:
    """The result does not tell whether the variable is set, and no provider is asked."""
    locked_out.connection.execute(
        "update pricing_providers set credential_variable = %s where slug = 'deepinfra'", [variable]
    )
    worker = processes.service("worker", DEEPINFRA_API_KEY=SECRET)
    job_id = locked_out.trigger("deepinfra")
    assert locked_out.wait_for_end(job_id)["outcome"] == "failed"
    (attempt,) = locked_out.attempts(job_id)
    assert (attempt["status"], attempt["error_kind"]) == ("failed", "credential_refused")
    if variable == "DATABASE_URL":
        assert "DATABASE_URL is never sent to a provider" in attempt["error_message"]
    else:
        setting = f"PRICING_CREDENTIAL_HOSTS={variable}={providers.host}:{providers.port} "
        assert setting in attempt["error_message"]
    # The worker does not report the credential as found: that would reveal the same.
    assert provider(locked_out) == ("no_credentials", 1)
    assert providers.requests("deepinfra") == []
    assert "Credentials found" not in worker.output and SECRET not in worker.output


def test_a_setting_that_would_send_what_is_never_sent_stops_the_worker(
    processes: Processes,
) -> None:
    hosts = "DEEPINFRA_API_KEY=a.example,PRICING_ADMIN_KEY=b.example"
    worker = processes.service("worker", PRICING_CREDENTIAL_HOSTS=hosts)
    assert worker.wait() == 2
    assert "PRICING_ADMIN_KEY is never sent to a provider" in worker.output
