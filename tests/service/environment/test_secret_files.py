"""Secrets from files, and the port of the platform."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import DictRow

from service.errors import SettingsError
from service.settings import SECRETS, read_credential, read_settings, variable_name
from tests.support.postgres import free_port
from tests.support.processes import ADMIN_KEY, Processes
from tests.support.provider_server import ProviderServer
from tests.support.syncing import Queue
from tests.support.waiting import wait_until

MARKED = "postgresql://somebody:sw0rdfish@db.example/prices"


@pytest.mark.parametrize("field", SECRETS)
def test_each_secret_may_stand_in_a_file(field: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{MARKED}\n")
    by_file = read_settings({f"{variable_name(field)}_FILE": str(file)})
    assert by_file == read_settings({variable_name(field): MARKED})


def refusal(variable: str, file: Path | str, **variables: str) -> str:
    with pytest.raises(SettingsError) as refused:
        read_settings({f"{variable}_FILE": str(file), **variables})
    said = f"{refused.value.message} {refused.value.hint}"
    assert variable in said and "sw0rdfish" not in said
    return said


def test_a_file_that_cannot_be_used_is_named_by_its_variable_and_never_shown(
    tmp_path: Path,
) -> None:
    file = tmp_path / "secret"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "No such file" in refusal("DATABASE_URL", file)
    # A secret instead of a path.
    assert "No such file" in refusal("DATABASE_URL", MARKED)
    assert "Is a directory" in refusal("DATABASE_URL", tmp_path)
    assert "regular file" in refusal("DATABASE_URL", pipe)
    for content, wrong in (
        (b"\n", "is empty"),
        (b"sw0rdfish\nsw0rdfish\n", "more than one line"),
        (b"sw0rdfish\xff", "not UTF-8"),
        (b"sw0rdfish" * 2000, "more than 16384 bytes"),
    ):
        file.write_bytes(content)
        assert wrong in refusal("DATABASE_URL", file)
    file.write_text("sw0rdfish")
    assert "24 characters" in refusal("PRICING_ADMIN_KEY", file)
    assert "are both set" in refusal("DATABASE_URL", file, DATABASE_URL=MARKED)


def test_a_credential_is_read_from_its_file_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key"
    monkeypatch.setenv("A_KEY_FILE", str(file))
    for secret in ("first", "second"):
        file.write_text(f"{secret}\n")
        assert read_credential("A_KEY") == secret


def test_up_and_its_processes_run_on_secrets_from_files(
    database: str, processes: Processes, tmp_path: Path, connection: psycopg.Connection[DictRow]
) -> None:
    """`up` gives its processes the values: a file beside a value would be a second meaning."""
    connection.execute("update pricing_providers set enabled = slug = 'catalogue'")
    (tmp_path / "url").write_text(database)
    (tmp_path / "key").write_text(ADMIN_KEY)
    up = processes.service(
        "up",
        DATABASE_URL="",
        DATABASE_URL_FILE=str(tmp_path / "url"),
        PRICING_ADMIN_KEY="",
        PRICING_ADMIN_KEY_FILE=str(tmp_path / "key"),
        PRICING_DATA_DIR=str(tmp_path / "data"),
        PRICING_PORT=str(free_port()),
    )
    printed = up.wait_for_output("Ctrl-C stops everything.", 60)
    assert "Admin key   PRICING_ADMIN_KEY_FILE\n" in printed
    assert 'psql "$(cat $DATABASE_URL_FILE)"\n' in printed
    assert ADMIN_KEY not in printed and "are both set" not in printed
    assert up.stop() == 0


def test_a_worker_whose_credential_file_is_missing_serves_the_other_providers(
    queue: Queue, providers: ProviderServer, processes: Processes, tmp_path: Path
) -> None:
    queue.connection.execute(
        "update pricing_providers set credential_variable = upper(slug) || '_API_KEY',"
        " state = 'no_credentials' where slug in ('deepinfra', 'openrouter')"
    )
    providers.fill("deepinfra", 3)
    providers.fill("openrouter", 3)
    file = tmp_path / "key"
    worker = processes.service(
        "worker",
        DEEPINFRA_API_KEY_FILE=str(file),
        OPENROUTER_API_KEY="sk-or-of-tests",
        PRICING_CREDENTIAL_HOSTS=",".join(
            f"{each}_API_KEY={providers.host}:{providers.port}"
            for each in ("DEEPINFRA", "OPENROUTER")
        ),
    )
    with_key = "select from pricing_providers where slug = 'openrouter' and state = 'ok'"
    wait_until(lambda: queue.rows(with_key), 60, "the other's credential is reported")
    job_id = queue.trigger("deepinfra", "openrouter")
    assert queue.wait_for_end(job_id)["outcome"] == "partial"
    (failed,) = (a for a in queue.attempts(job_id) if a["provider_slug"] == "deepinfra")
    assert failed["error_kind"] == "no_credentials"
    assert "DEEPINFRA_API_KEY_FILE: its file cannot be read" in failed["error_message"]

    file.write_text("sk-of-tests\n")
    job_id = queue.trigger("deepinfra")
    assert queue.wait_for_end(job_id)["outcome"] == "success", "without a restart"
    (request,) = providers.requests("deepinfra")
    assert request.headers["authorization"] == "Bearer sk-of-tests"
    assert worker.is_running and "sk-of-tests" not in worker.output
    wait_until(lambda: "its file cannot be read" in worker.output, what="it was said at the start")


def test_the_port_of_the_platform_counts_where_ours_is_not_set() -> None:
    assert read_settings({"PORT": "8080"}).port == 8080
    assert read_settings({"PORT": "8080", "PRICING_PORT": "8001"}).port == 8001
    assert read_settings({"PORT": "", "PRICING_PORT": ""}).port == 8000
    for variable in ("PORT", "PRICING_PORT"):
        for wrong in ("http", "0", "65536"):
            with pytest.raises(SettingsError, match=rf"^{variable}: "):
                read_settings({variable: wrong})
