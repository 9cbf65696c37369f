"""Runs every statement of docs/operations.md against the state that its section is about.

A section with a block but no case here fails. A case must use every block of its section and leave
queue, attempts, jobs and locks in agreement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import httpx2
import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from tests.db.agreement import assert_agreed
from tests.db.clock import time_passes
from tests.db.conftest import SharedDatabase, emptied_database
from tests.db.pricing import Pricing, Row, price, refused
from tests.db.test_operators_statements import STATEMENTS
from tests.docs.runbook import (
    Night,
    code,
    filled,
    prose,
    row,
    rows,
    section_blocks,
    sections,
    statements,
    tables,
)
from tests.support.postgres import Cluster, free_port
from tests.support.processes import ROOT, Processes, answers
from tests.support.waiting import wait_until

Case = Callable[[Night], None]
CASES: dict[str, Case] = {}

CRON_SECTION = "pg_cron is silent"
# Run on a database of their own: below, in test_removals.py and in test_backups.py.
OTHERS = (
    CRON_SECTION,
    "Something of ours was dropped",
    "Uninstall",
    "Back up",
    "Restore a backup",
    "Move to another server",
    "Roll back an upgrade",
)
LATE = [price("late")]


def section(heading: str) -> Callable[[Case], Case]:
    def register(case: Case) -> Case:
        assert heading not in CASES
        CASES[heading] = case
        return case

    return register


@pytest.fixture(scope="module")
def operator(migrated_cluster: Cluster) -> Iterator[tuple[str, str]]:
    """A login as `migrate` leaves the owner's: a member of our roles, and no superuser."""
    with migrated_cluster.login_role(can_create_roles=False) as (user, password):
        for role in ("pricing_owner", "pricing_worker", "pricing_web"):
            migrated_cluster.execute("grant {} to {}", role, user)
        yield user, password


@pytest.fixture(scope="module")
def shared(migrated_cluster: Cluster) -> Iterator[SharedDatabase]:
    with emptied_database(migrated_cluster) as database:
        yield database


@pytest.fixture
def night(
    request: pytest.FixtureRequest,
    migrated_cluster: Cluster,
    operator: tuple[str, str],
    shared: SharedDatabase,
    tmp_path: Path,
) -> Iterator[Night]:
    """The section under test, on a database as migrated."""
    shared.empty()
    name, (user, password) = shared.connection.info.dbname, operator
    url = migrated_cluster.url_of(name, user=user, password=password)
    processes = Processes(tmp_path, {"DATABASE_URL": url})
    heading = getattr(request, "param", "What not to do")
    with connect(shared.url) as superuser, connect(url) as editor:
        yield Night(heading, Pricing(superuser), Pricing(editor), processes, url, tmp_path)
        processes.end()


def connect(url: str) -> psycopg.Connection[DictRow]:
    connection = psycopg.connect(url, autocommit=True, row_factory=dict_row)
    connection.execute("set statement_timeout = '60s'")
    return connection


@pytest.mark.parametrize(
    "night", [h for h in sections() if section_blocks(h) and h not in OTHERS], indirect=True
)
def test_section(night: Night) -> None:
    assert night.heading in CASES, f"no case for the section {night.heading!r}"
    CASES[night.heading](night)
    night.assert_done()


def test_every_case_has_its_section() -> None:
    assert CASES.keys() <= sections().keys()


# What is wrong?


@section("What is wrong?")
def overview(night: Night) -> None:
    pricing = night.pricing
    pricing.do("update pricing_settings set scheduler_enabled = true")
    pricing.worker()
    pricing.do("select tick_pricing_schedule('worker')")
    assert "workers" in night.sh(), "its exit status says that nothing fails"
    pricing.do("select cancel_pricing_sync(job_id) from pricing_sync_jobs where outcome is null")

    lost = pricing.start("openrouter", worker_id=pricing.worker("30 seconds"))
    pricing.trigger("openrouter")
    pricing.trigger("deepinfra")
    pricing.do("update pricing_providers set state = 'failing' where slug = 'catalogue'")
    (answer,) = night.sql()
    shown = row(answer)["jsonb_pretty"]
    # The answer has every word that the table names.
    for entry in tables(night.heading)[0]:
        for word in code(entry["the answer says"]):
            if re.fullmatch(r"[a-z_]{5,}", word) and word not in (
                *("active", "last_status", "failed"),  # of pg_cron's jobs
                "no_credentials",
            ):
                assert f'"{word}"' in shown, f"{word} in {shown}"
    assert '"worker_lost": 1' in shown
    assert '"state": "failing"' in shown
    pricing.do("select cleanup_stuck_pricing_syncs()")
    assert pricing.log(lost.queue_job_id)["error_kind"] == "worker_lost"


@section("The seven statements")
def seven_statements(night: Night) -> None:
    (block,) = section_blocks(night.heading)
    assert block.text == STATEMENTS.lstrip()
    pricing = night.pricing
    lost = pricing.start("openrouter", worker_id=pricing.worker("30 seconds"))
    released = pricing.start("deepinfra", worker_id=pricing.worker())
    ended = pricing.trigger("catalogue")
    four, newest, locks, deleted, expired, unfinished, marked = night.sql(a_real_id=ended["job_id"])
    assert len(rows(four)) == 4
    assert rows(newest)[0]["job_id"] == ended["job_id"]
    assert len(rows(locks)) == 3
    assert deleted == 1
    assert row(expired) == {"cleanup_expired_pricing_locks": 0}, "all were released before"
    assert len(rows(unfinished)) == 3
    assert marked == 1
    for attempt in (lost, released):
        assert pricing.log(attempt.queue_job_id)["error_kind"] == "lock_released"
        with refused("PT409"):
            pricing.apply(attempt, [price("late", source=f"api:{attempt.provider}")])
    assert pricing.job(ended["job_id"])["status"] == "failed"
    assert pricing.queue_rows(ended["job_id"])[0]["status"] == "cancelled"


# The states.


@section("Job")
def jobs(night: Night) -> None:
    pricing = night.pricing
    attempt = pricing.start("openrouter", "deepinfra")
    pricing.succeed(attempt)
    newest, progress = night.sql() + night.sql(job_id=attempt.job_id)
    assert [str(job["job_id"]) for job in rows(newest)] == [attempt.job_id]
    assert row(progress)["progress_percent"] == 50
    assert row(progress)["providers_synced"] == ["openrouter"]


@section("Attempt")
def attempts(night: Night) -> None:
    pricing = night.pricing
    lost = pricing.start("openrouter", worker_id=pricing.worker("30 seconds"))
    pricing.do("select cleanup_stuck_pricing_syncs()")
    (of_job,) = night.sql(job_id=lost.job_id)
    assert [(a["attempt"], a["status"], a["error_kind"]) for a in rows(of_job)] == [
        (1, "failed", "worker_lost"),
        (2, "queued", None),
    ]
    (failures,) = night.sql()
    assert [(f["provider_slug"], f["error_kind"], f["count"]) for f in rows(failures)] == [
        ("openrouter", "worker_lost", 1)
    ]


@section("Lock")
def locks(night: Night) -> None:
    pricing = night.pricing
    held = pricing.start("openrouter")
    pricing.start("deepinfra", worker_id=pricing.worker("30 seconds"))
    behind, free = pricing.trigger("openrouter"), pricing.trigger("catalogue")
    shown, waiting = night.sql() + night.sql()
    assert {lock["lock_key"]: lock["has_expired"] for lock in rows(shown)} == {
        "pricing_sync:openrouter": False,
        "pricing_sync:deepinfra": True,
        "pricing_sync_global": False,
    }
    assert [(w["job_id"], str(w["held_by_job"])) for w in rows(waiting)] == [
        (behind["job_id"], held.job_id),
        (free["job_id"], "None"),
    ]


@section("Provider")
def provider_states(night: Night) -> None:
    pricing = night.pricing
    for _ in range(3):
        pricing.end(pricing.start("openrouter"), "failed", "http_status", "status 500")
    shown, reasons = night.sql() + night.sql(provider="openrouter")
    shown_rows = {provider["provider"]: provider for provider in rows(shown)}
    assert shown_rows["openrouter"]["last_error_kind"] == "http_status"
    states = {slug: provider["state"] for slug, provider in shown_rows.items()}
    states = {slug: state for slug, state in states.items() if state != "disabled"}
    assert states == {"catalogue": "ok", "deepinfra": "ok", "openrouter": "failing"}
    assert [failure["error_message"] for failure in rows(reasons)] == ["status 500"] * 3
    pricing.succeed(pricing.start("openrouter"))
    assert pricing.provider("openrouter")["state"] == "ok"


@section("Accept a shorter list")
def shorter_list(night: Night) -> None:
    pricing = night.pricing
    pricing.sync("openrouter", [price("a"), price("b"), price("c")])
    attempt = pricing.start("openrouter")
    with refused("PT422"):
        pricing.succeed(attempt, "a")
    pricing.end(attempt, "failed", "list_shrunk", "The list has 1 of 3 known models")

    accepted, triggered = night.sql(provider="openrouter")
    assert row(accepted)["error_kind"] == "list_shrunk"
    assert "openrouter" in night.sh(provider="openrouter")
    again = pricing.fetch()
    assert again is not None
    assert again.job_id == str(row(triggered)["job_id"])
    assert pricing.succeed(again, "a")["status"] == "success"
    assert [pricing.model(name)["is_active"] for name in "abc"] == [True, False, False]
    assert len(pricing.history("b")) == 1


@section("Schedule")
def schedule(night: Night) -> None:
    pricing = night.pricing
    pricing.do("update pricing_settings set scheduler_enabled = true")
    pricing.do("select tick_pricing_schedule('pg_cron'), tick_pricing_schedule('worker')")
    pricing.do("update pricing_providers set next_sync_at = now() where slug = 'openrouter'")
    pricing.do("select cancel_pricing_sync(job_id) from pricing_sync_jobs where outcome is null")
    ticks, status, enqueued = night.sql() + night.sql() + night.sql()
    assert {tick["scheduler"] for tick in rows(ticks)} == {"pg_cron", "worker"}
    assert '"cron": "pg_cron"' in row(status)["jsonb_pretty"]
    assert row(enqueued)["providers"] == ["openrouter"], "only what is due"


@section("Accept a first list")
def first_list(night: Night) -> None:
    pricing = night.pricing
    guard(pricing, review_first=True)
    pricing.sync("openrouter", [price("a"), price("odd", "0.3")])
    (accepted,) = night.sql(provider="openrouter")
    assert row(accepted) == {"approved": 1, "still_held": 1}
    assert pricing.provider("openrouter")["review_first"] is False


@section("Worker")
def workers(night: Night) -> None:
    pricing = night.pricing
    alive = pricing.worker()
    stalled = pricing.worker("2 hours")
    pricing.start("openrouter", worker_id=alive)
    shown, _connections, forgotten = night.sql() + night.sql() + night.sql()
    assert [(w["worker_id"], w["is_alive"]) for w in rows(shown)] == [
        (alive, True),
        (stalled, False),
    ]
    assert ["openrouter" in w["jsonb_pretty"] for w in rows(shown)] == [True, False]
    assert forgotten == 1
    assert pricing.value("select id from procrastinate.procrastinate_workers") == alive


@section("Behind a proxy")
def behind_a_proxy(night: Night) -> None:
    """The web process does not trust the proxy's network."""
    port = free_port()
    web = night.start(PRICING_PORT=str(port))
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(f"{url}/health"), 60, "the web process")
    httpx2.get(f"{url}/nowhere", headers={"X-Forwarded-For": "203.0.113.9"}, timeout=10)
    assert "203.0.113.9" not in web.wait_for_output("from 127.0.0.1")
    assert web.stop() == 0


# By hand.


@section("Cancel a job")
def cancel(night: Night) -> None:
    pricing = night.pricing
    running = pricing.start("openrouter", "deepinfra")
    waiting, picked = pricing.trigger("openrouter"), pricing.trigger("openrouter", "catalogue")
    (cancelled,) = night.sql(job_id=running.job_id)
    assert row(cancelled)["status"] == "cancelled"
    with refused("PT409"):
        pricing.apply(running, LATE)
    night.sh(job_id=waiting["job_id"])
    assert pricing.job(waiting["job_id"])["status"] == "cancelled"

    queue_row = pricing.queue_rows(picked["job_id"])[1]
    night.sh(queue_row=queue_row["id"])
    log = pricing.log(queue_row["id"])
    assert (log["provider_slug"], log["status"], log["error_kind"]) == (
        "catalogue",
        "cancelled",
        "cancelled",
    )
    last = pricing.fetch()
    assert last is not None and last.job_id == str(picked["job_id"]), "the lock is free"


@section("End a job by hand")
def end_by_hand(night: Night) -> None:
    pricing = night.pricing
    running = pricing.start("openrouter", "deepinfra")
    assert night.sql(job_id=running.job_id) == [1]
    job = pricing.job(running.job_id)
    assert (job["status"], job["outcome"]) == ("failed", "failed")
    assert job["error_message"] == "The provider had an outage"
    assert job["stopped_at"] is not None
    assert pricing.log(running.queue_job_id)["error_kind"] == "stopped"
    with refused("PT409"):
        pricing.apply(running, LATE)


@section("Retry a job")
def retry(night: Night) -> None:
    pricing = night.pricing
    attempt = pricing.start("openrouter", "deepinfra")
    pricing.succeed(attempt)
    second = pricing.fetch()
    assert second is not None
    pricing.end(second)
    assert pricing.job(attempt.job_id)["outcome"] == "partial"
    (retried,) = night.sql(job_id=attempt.job_id)
    assert (row(retried)["status"], row(retried)["providers_total"]) == ("running", 2)
    third = pricing.fetch()
    assert third is not None and (third.provider, third.number) == ("deepinfra", 1)
    assert third.queue_job_id != second.queue_job_id

    pricing.end(third)
    night.sh(job_id=attempt.job_id)
    fourth = pricing.fetch()
    assert fourth is not None
    pricing.succeed(fourth)
    assert pricing.job(attempt.job_id)["outcome"] == "success"


@section("Run a sync now")
def run_now(night: Night) -> None:
    pricing = night.pricing
    pricing.do("update pricing_settings set scheduler_enabled = true")
    slots = "next_sync_at = now() + interval '1 hour', next_allowed_at = now() + interval '1 hour'"
    pricing.do(f"update pricing_providers set {slots}")
    all_of_them, one = night.sql(provider="openrouter")
    assert row(all_of_them)["providers"] == ["catalogue", "deepinfra", "openrouter"]
    assert row(one)["providers"] == ["openrouter"]
    assert pricing.provider("openrouter")["next_sync_at"] is not None

    pricing.do("select cancel_pricing_sync(job_id) from pricing_sync_jobs where outcome is null")
    assert pricing.value("select tick_pricing_schedule('worker')") == 0
    assert night.sql(provider="openrouter") == [1]
    assert pricing.value("select tick_pricing_schedule('worker')") == 1


@section("Release a lock")
def release(night: Night) -> None:
    pricing = night.pricing
    stuck, other = pricing.start("openrouter"), pricing.start("deepinfra")
    assert night.sql(provider="openrouter") == [1]
    log = pricing.log(stuck.queue_job_id)
    assert (log["status"], log["error_kind"]) == ("cancelled", "lock_released")
    with refused("PT409"):
        pricing.apply(stuck, LATE)
    again = pricing.fetch()
    assert again is not None
    assert (again.queue_job_id, again.number) == (stuck.queue_job_id, 2)
    assert pricing.succeed(other)["status"] == "success"


@section("Stop a provider")
def stop_provider(night: Night) -> None:
    pricing = night.pricing
    pricing.do("update pricing_settings set scheduler_enabled = true")
    running, waiting = pricing.start("openrouter"), pricing.trigger("openrouter")
    assert night.sql(provider="openrouter") == [1]
    assert pricing.provider("openrouter")["state"] == "disabled"
    assert pricing.job(waiting["job_id"])["status"] == "cancelled"
    with refused("PT422"):
        pricing.trigger("openrouter")
    assert pricing.apply(running, LATE)["error_kind"] == "disabled"
    assert pricing.rows("select from model_pricing") == []

    assert night.sql(provider="openrouter") == [1]
    assert pricing.provider("openrouter")["state"] == "ok"
    pricing.do("select tick_pricing_schedule('worker')")
    due = pricing.rows("select * from pricing_sync_log where status = 'queued'")
    assert [each["provider_slug"] for each in due].count("openrouter") == 1


@section("Stop everything")
def stop_everything(night: Night) -> None:
    pricing = night.pricing
    pricing.do("update pricing_settings set scheduler_enabled = true")
    running, waiting = pricing.start("openrouter", "deepinfra"), pricing.trigger("catalogue")
    assert night.sql() == [1, 2]
    assert pricing.value("select tick_pricing_schedule('worker')") == 0
    for job_id in (running.job_id, waiting["job_id"]):
        assert pricing.job(job_id)["status"] == "cancelled"
    with refused("PT409"):
        pricing.apply(running, LATE)
    assert pricing.rows("select from pricing_sync_lock") == []
    pricing.trigger("openrouter")
    assert night.sql() == [pricing.value("select count(*) from pricing_providers")]
    with refused("PT422"):
        pricing.trigger()


@section("Pause the schedule")
def pause(night: Night) -> None:
    pricing = night.pricing
    pricing.do("update pricing_settings set scheduler_enabled = true")
    pricing.do("update pricing_providers set next_sync_at = now() - interval '3 days'")
    assert night.sql() == [1]
    assert pricing.value("select tick_pricing_schedule('worker')") == 0
    assert pricing.trigger("openrouter")["status"] == "queued"
    assert night.sql() == [1]
    assert pricing.value("select tick_pricing_schedule('worker')") == 2, "one waits already"
    assert pricing.value("select tick_pricing_schedule('worker')") == 0, "3 days are one slot"


@section("Change a provider")
def change_provider(night: Night) -> None:
    pricing = night.pricing
    pricing.do("update pricing_settings set scheduler_enabled = true")
    pricing.do("update pricing_providers set next_sync_at = now() + interval '1 hour'")
    assert night.sql(provider="openrouter") == [1]
    assert pricing.value("select tick_pricing_schedule('worker')") == 1
    in_minutes = "extract(epoch from next_sync_at - now()) / 60"
    minutes = pricing.value(
        f"select ({in_minutes})::float8 from pricing_providers where slug = 'openrouter'"
    )
    assert 53 < minutes < 67

    attempt = pricing.fetch(pricing.worker())
    assert attempt is not None
    time_passes(pricing, "4 minutes")
    assert night.sql(provider="openrouter") == [1]
    pricing.do("select cleanup_stuck_pricing_syncs()")
    log = pricing.log(attempt.queue_job_id)
    assert (log["status"], log["error_kind"]) == ("failed", "timeout")
    (changed,) = night.sql(provider="openrouter")
    assert str(row(changed)["sync_interval"]) == "1:00:00"

    assert night.sql(provider="openrouter") == [1]
    assert pricing.provider("openrouter")["base_url"] == "https://prices.example.com"
    (changes,) = night.sql()
    newest = rows(changes)[0]
    assert (newest["action"], newest["subject"]) == ("change_provider", "openrouter")
    assert newest["details"]["base_url"]["now"] == "https://prices.example.com"


@section("Change a setting")
def change_setting(night: Night) -> None:
    pricing = night.pricing
    attempt = pricing.start("openrouter", worker_id=pricing.worker("30 seconds"))
    (shown,) = night.sql()
    assert str(row(shown)["lease"]) == "0:00:20"
    assert night.sql() == [1]
    assert row(night.answer("select * from cleanup_stuck_pricing_syncs()"))["syncs_cleaned"] == 0
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "doing", "the lease is longer"
    assert night.sql() == [1, 1, 1]
    settings = pricing.row("select * from pricing_settings")
    assert (settings["max_attempts"], settings["retention"].days) == (5, 14)
    assert settings["queued_timeout"].days == 3


@section("Repair data by hand")
def repair(night: Night) -> None:
    night.pricing.sync("openrouter", [price("openai/gpt-4o")])
    *_, noted = night.sql()
    assert night.pricing.model("openai/gpt-4o")["name"] == "GPT-4o"
    assert row(noted)["subject"] == "model_pricing"
    night.pricing.maintain("update model_pricing set price_per_image = 1")
    shown, recorded = night.sql(provider="openrouter", model="openai/gpt-4o")
    assert row(shown)["in_force"]["price_per_image"] == "1"
    assert row(recorded)["changed_at"] is not None


@section("Give, replace or end a key")
def keys(night: Night) -> None:
    pricing = night.pricing
    assert night.sql() == [[]]
    (made,) = night.sql(name="night shift")
    assert next(iter(row(made).values())).startswith("psk_")
    (rotated,) = night.sql(name="night shift")
    assert next(iter(row(rotated).values())).startswith("psk_")
    assert [key["role"] for key in pricing.rows("select role from pricing_keys")] == ["operate"] * 2
    assert [next(iter(row(ended).values())) for ended in night.sql(name="night shift")] == [2]
    assert pricing.rows("select distinct state from pricing_keys") == [{"state": "revoked"}]
    caller = '{"key": "night shift", "address": "203.0.113.9"}'
    with pricing.connection.transaction(), pricing.as_role("pricing_web"):
        pricing.do("select set_config('pricing.http_caller', %s, true)", caller)
        job = pricing.row("select * from trigger_pricing_sync('{openrouter}')")
        pricing.do("select cancel_pricing_sync(%s)", job["job_id"])
    (done,) = night.sql(name="night shift")
    assert (row(done)["action"], str(row(done)["http_client_address"])) == (
        "cancel_pricing_sync",
        "203.0.113.9",
    )


@section("Clean up by hand")
def clean_up(night: Night) -> None:
    pricing = night.pricing
    lost = pricing.start("openrouter", worker_id=pricing.worker("30 seconds"))
    slow = pricing.start("deepinfra", worker_id=pricing.worker())
    waiting = pricing.trigger("deepinfra")
    time_passes(pricing, "6 minutes")
    (stuck,) = night.sql()
    assert [(s["reason"], s["queue_job_id"]) for s in rows(stuck)] == [
        ("worker_lost", lost.queue_job_id)
    ]
    (cleaned,) = night.sql()
    assert row(cleaned) == {"stuck_syncs_found": 1, "syncs_cleaned": 1}
    assert pricing.queue_row(lost.queue_job_id)["status"] == "todo"
    assert pricing.queue_row(slow.queue_job_id)["status"] == "doing", "within its timeout"

    (cleaned,) = night.sql()
    assert row(cleaned) == {"stuck_syncs_found": 1, "syncs_cleaned": 1}
    assert pricing.log(slow.queue_job_id)["error_kind"] == "timeout"
    assert pricing.job(waiting["job_id"])["status"] == "queued", "it waited behind a lock"
    assert night.sh() == "stuck_syncs_found: 0\nsyncs_cleaned: 0\n"

    time_passes(pricing, "31 days")
    pricing.trigger("catalogue")
    (pruned,) = night.sql()
    assert row(pruned) == {"cleanup_old_pricing_jobs": 1}
    assert pricing.rows("select from pricing_sync_jobs where job_id = %s", slow.job_id) == []
    assert len(pricing.rows("select from pricing_sync_jobs")) == 3


# Situations.


@section("No worker is alive")
def no_worker(night: Night) -> None:
    pricing = night.pricing
    job = pricing.trigger("catalogue")
    (alive,) = night.sql()
    assert row(alive) == {"pricing_workers_alive": 0}
    worker = night.start()
    wait_until(lambda: pricing.job(job["job_id"])["outcome"] == "success", 60, "it runs at once")
    assert row(night.answer("select pricing_workers_alive()")) == {"pricing_workers_alive": 1}
    assert worker.stop() == 0

    pricing.do("delete from pricing_scheduler_ticks")
    kept = pricing.trigger("openrouter")
    time_passes(pricing, "25 hours", workers_live=False)
    assert night.sql() == [1]
    pricing.do("select cleanup_stuck_pricing_syncs()")
    assert pricing.job(kept["job_id"])["status"] == "queued"
    time_passes(pricing, "7 days", workers_live=False)
    pricing.do("select cleanup_stuck_pricing_syncs()")
    assert pricing.job(kept["job_id"])["result_data"]["providers"]["openrouter"]["error_kind"] == (
        "no_worker"
    )


def test_a_worker_of_other_queues_counts_as_alive(night: Night) -> None:
    pricing = night.pricing
    (started,) = [span for span in code(prose(sections()["Worker"])) if " -q " in span]
    program, *arguments = started.split()
    assert program == "procrastinate"
    job = pricing.trigger("openrouter")
    worker = night.processes.procrastinate(*arguments)
    wait_until(lambda: pricing.value("select pricing_workers_alive()") == 1, 60, "it registers")
    time_passes(pricing, "25 hours")
    pricing.do("select cleanup_stuck_pricing_syncs()")
    assert pricing.job(job["job_id"])["status"] == "queued"
    shown = pricing.value("select pricing_doctor()")
    assert shown["oldest_free"]["provider"] == "openrouter"
    done = night.processes.service("doctor", may_fail=True)
    done.wait()
    assert re.search(r"warn +waiting .* openrouter could have started", done.output), done.output
    assert worker.stop() == 0


PER_TOKEN = ("price_per_input_token", "price_per_output_token")


def guarded_list(factor: int, models: int = 6) -> list[Row]:
    """A list whose prices are ``factor`` times too high."""
    return [
        price(f"vendor/m{number}", *(f"{factor * number}e-7" for _ in PER_TOKEN))
        for number in range(1, models + 1)
    ]


def guard(pricing: Pricing, **columns: object) -> None:
    settings = ", ".join(f"{column} = %s" for column in ("guards_enabled", *columns))
    pricing.do(
        f"update pricing_providers set {settings} where slug = 'openrouter'",
        *(True, *columns.values()),
    )


@section("A price is wrong")
def wrong_price(night: Night) -> None:
    pricing = night.pricing
    pricing.sync("openrouter", guarded_list(1))
    job_id = pricing.sync("openrouter", guarded_list(3))["job_id"]
    model = {"provider": "openrouter", "model": "vendor/m1"}

    (history,) = night.sql(**model)
    inputs = [entry["after"] for entry in rows(history) if entry["price"] == "input_per_1m"]
    assert inputs == [Decimal("0.3"), Decimal("0.1")]
    assert rows(history)[0]["job_id"] == job_id
    (override,) = night.sql(**model)
    assert row(override)["expires_at"] is not None
    pricing.sync("openrouter", guarded_list(4))
    charged = pricing.row("select * from model_prices where model = 'vendor/m1'")
    assert (charged["output_per_1m"], charged["is_overridden"]) == (Decimal("0.6"), True)
    (cleared,) = night.sql(**model)
    assert row(cleared)["ended_at"] is not None

    job_id = pricing.sync("openrouter", guarded_list(5))["job_id"]
    before = pricing.state()
    shown_and_done = section_blocks(night.heading)[3]
    look, do = statements(filled(shown_and_done.text, job_id=job_id))
    shown = night.answer(look)
    assert pricing.state() == before
    assert {entry["action"] for entry in rows(shown)} == {"roll_back"}
    night.sql(job_id=job_id)
    log = pricing.sync("openrouter", guarded_list(5))
    assert (log["models_updated"], log["models_held"]) == (0, 6)
    assert {r["class"] for r in pricing.rows("select class from pricing_held")} == {"rollback"}
    with refused("PT409"):
        night.answer(do)
    actions = [code(entry["action"])[0] for entry in tables(night.heading)[0]]
    assert actions == ["roll_back", "changed_since"]
    (then,) = night.sql(**model)
    assert rows(then) == [], "it had no price an hour ago"


@section("A list is held")
def held_list(night: Night) -> None:
    pricing = night.pricing
    pricing.sync("openrouter", guarded_list(1))
    guard(pricing)
    job_id = pricing.sync("openrouter", guarded_list(1000))["job_id"]
    (summary,) = night.sql()
    assert (row(summary)["held"], row(summary)["stands_still"]) == (6, True)
    (waiting,) = night.sql()
    assert (row(waiting)["class"], row(waiting)["count"]) == ("unit", 6)
    assert row(waiting)["job_id"] == job_id
    first = pricing.value("select min(id) from pricing_held")
    before = pricing.state()
    moves, numbers = night.sql(held_id=first, job_id=job_id)
    assert "input_per_1m" in row(moves)["jsonb_pretty"]
    assert (row(numbers)["models"], row(numbers)["largest_factor"]) == (6, 1000)
    assert pricing.state() == before
    one, others = night.sql(held_id=first, job_id=job_id)
    assert (row(one)["status"], row(others)["count"]) == ("approved", 5)
    assert pricing.value("select max(input_per_1m) from model_prices") == 600

    job_id = pricing.sync("openrouter", guarded_list(1))["job_id"]
    (rejected,) = night.sql(job_id=job_id)
    assert row(rejected)["count"] == 6
    pricing.sync("openrouter", guarded_list(1))
    assert pricing.rows("select from pricing_held") == []
    assert pricing.value("select max(input_per_1m) from model_prices") == 600
    shown, reopened = night.sql(provider="openrouter")
    assert len(rows(shown)) == row(reopened)["count"] == 6
    assert pricing.value("select count(*) from pricing_held") == 6
    last = pricing.value("select max(id) from pricing_held_changes")
    pricing.row("select * from approve_held_price_change(%s)", last)
    classes = [code(entry["class"])[0] for entry in tables(night.heading)[0]]
    assert classes == ["large", "unit", "list", "first_list", "rollback"]


@section("Prices are not confirmed")
def stale_prices(night: Night) -> None:
    pricing = night.pricing
    pricing.do("update pricing_settings set scheduler_enabled = true")
    pricing.sync("openrouter", guarded_list(1))
    pricing.do("update pricing_providers set last_success_at = now() - interval '2 days'")
    (found,) = night.sql()
    (stale,) = [each for each in rows(found) if each["provider"] == "openrouter"]
    assert (stale["why"], stale["models"]) == ("overdue", 6)
    files = (
        "functions/reports/pricing_unconfirmed.sql",
        "views/pricing_confirmations.sql",
        "views/pricing_overdue_models.sql",
    )
    query = "".join((ROOT / "db" / file).read_text() for file in files)
    for entry in tables(night.heading)[0]:
        for why in code(entry["`why`"]):
            assert f"'{why}'" in query


@section("A provider switched its unit")
def another_unit(night: Night) -> None:
    pricing = night.pricing
    pricing.sync("openrouter", guarded_list(1))
    guard(pricing)
    for _ in range(5):
        pricing.sync("openrouter", guarded_list(1_000_000))
    assert pricing.value("select max(input_per_1m) from model_prices") == Decimal("0.6")
    (reasons,) = night.sql(provider="openrouter")
    assert (row(reasons)["class"], row(reasons)["factor"]) == ("unit", 1_000_000)
    assert row(reasons)["count"] == 6
    (evidence,) = night.sql(provider="openrouter")
    assert "price_per_input_token" in row(evidence)["jsonb_pretty"]
    # A newer version of the adapter reads the same list again, correctly.
    pricing.sync("openrouter", guarded_list(1))
    statuses = pricing.rows("select distinct status from pricing_held_changes")
    assert [entry["status"] for entry in statuses] == ["withdrawn"]


@section("Postgres was restarted")
def restarted(night: Night) -> None:
    night.pricing.worker()
    (after,) = night.sql()
    assert row(after)["is_standby"] is False
    assert row(after)["workers"] == 1
    assert row(after)["up_since"] is not None


@section("A transaction was left open")
def left_open(night: Night) -> None:
    pricing = night.pricing
    job = pricing.trigger("openrouter")
    with (
        psycopg.connect(night.url, application_name="left open") as person,
        connect(night.url) as colleague,
        psycopg.connect(night.url, application_name="has only read") as reader,
        ThreadPoolExecutor() as threads,
    ):
        reader.execute("select from pricing_sync_jobs")
        lock = "select from pricing_sync_jobs where job_id = %s for update"
        person.execute(lock, [job["job_id"]])
        pid = person.info.backend_pid
        fetched = "select id from fetch_queue_row(null, %s)"
        assert pricing.value(fetched, pricing.worker()) is None, "it is held"
        with pytest.raises(psycopg.errors.LockNotAvailable):
            pricing.do("select cancel_pricing_sync(%s)", job["job_id"])

        (gave_up,) = night.sql()
        assert rows(gave_up) == [], "nothing ran"
        (holders,) = night.sql()
        assert [(h["pid"], h["application_name"]) for h in rows(holders)] == [(pid, "left open")]
        assert row(holders)["holds"] == ["pricing_sync_jobs"]
        assert row(holders)["last_statement"] == lock.replace("%s", "$1")

        changing = threads.submit(
            Pricing(colleague).do, "update pricing_sync_jobs set providers_total = 1"
        )
        blocked = "select from pg_locks where pid = %s and not granted"
        wait_until(lambda: pricing.rows(blocked, colleague.info.backend_pid), 30, "it waits")
        (waiting,) = night.sql()
        assert row(waiting)["pid"] == colleague.info.backend_pid
        assert row(waiting)["blocked_by"] == pid
        assert row(waiting)["blocked_by_state"] == "idle in transaction"

        (terminated,) = night.sql(pid=pid)
        assert row(terminated) == {"pg_terminate_backend": True}
        assert changing.result(60) == 1
        with pytest.raises(psycopg.errors.AdminShutdown):
            person.execute("select")
    attempt = pricing.fetch()
    assert attempt is not None and attempt.job_id == str(job["job_id"])


def test_it_says_what_a_session_of_another_user_hides(night: Night, shared: SharedDatabase) -> None:
    with psycopg.connect(shared.url) as person:
        pid = person.info.backend_pid
        person.execute("select from pricing_sync_jobs for update")
        (shown,) = rows(night.answer(f"select * from pg_stat_activity where pid = {pid}"))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            night.answer(f"select pg_terminate_backend({pid})")
    explained = prose(sections()["A transaction was left open"])
    assert shown["query"] in code(explained) and shown["state"] is None


@section("The disk fills")
def disk(night: Night) -> None:
    for _ in range(3):
        night.pricing.sync("openrouter", [price("m")])
    (shown,) = night.sql()
    assert {
        "model_pricing_history",
        "pricing_sync_jobs",
        "pricing_sync_log",
        "procrastinate.procrastinate_jobs",
        "procrastinate.procrastinate_events",
    } <= {relation["relation"] for relation in rows(shown)}


@section("Restart the workers, one after the other")
def restart_workers(night: Night) -> None:
    pricing = night.pricing
    worker = night.processes.service("worker")
    wait_until(lambda: pricing.value("select pricing_workers_alive()") == 1, 60, "it registers")
    night.sh(pid=worker.pid)
    assert worker.wait(10) == 0
    assert pricing.value("select pricing_workers_alive()") == 0


@section("Rights are not as they should be")
def rights(night: Night) -> None:
    night.pricing.do("revoke select on model_prices from pricing_web")
    should_be, differ = night.sql()
    always = {each["role"] for each in rows(should_be) if each["setting"] is None}
    assert always == {"pricing_web", "service_role"}
    assert row(differ)["object"] == "view public.model_prices"
    night.answer(row(differ)["statement"])
    with night.pricing.as_role("pricing_web"):
        night.pricing.rows("select from model_prices")


@section("Upgrade")
def upgrade(night: Night) -> None:
    assert "db" in night.sh()
    (parts,) = night.sql()
    assert len(rows(parts)) == 10


def test_pg_cron_is_silent(cron_database: str, tmp_path: Path) -> None:
    look, runs, activate, make = (b.text for b in section_blocks(CRON_SECTION))
    with psycopg.connect(cron_database, autocommit=True, row_factory=dict_row) as connection:
        operator = Pricing(connection)
        jobs = {job["jobname"]: job for job in operator.rows(look)}
        assert len(jobs) == 4
        schedule = jobs["pricing_sync_schedule"]["jobid"]
        operator.do(
            "insert into cron.job_run_details (jobid, runid, status, return_message)"
            " values (%s, 1000000, 'failed', 'no such function')",
            schedule,
        )
        assert operator.rows(runs)[0]["return_message"] == "no such function"

        definition = (
            "select jobname, schedule, command, username, active from cron.job order by jobname"
        )
        as_migrated = operator.rows(definition)
        operator.do("select cron.alter_job(%s, active => false)", schedule)
        operator.do(activate)
        assert operator.rows(definition) == as_migrated
        for name in jobs:
            operator.do("select cron.unschedule(%s)", name)
        for statement in statements(make):
            operator.do(statement)
        assert operator.rows(definition) == as_migrated

        for name in jobs:
            operator.do("select cron.unschedule(%s)", name)
        assert "`pricing-sync migrate` does the same" in sections()[CRON_SECTION]
        processes = Processes(tmp_path, {"DATABASE_URL": cron_database})
        assert processes.service("migrate").wait() == 0
        assert operator.rows(definition) == as_migrated


# What not to do.

REFUSED, WRONG = tables("What not to do")

SETUPS: dict[str, Callable[[Pricing], str]] = {
    "an open job": lambda pricing: pricing.start("openrouter").job_id,
    "an ended job": lambda pricing: ended(pricing, "failed"),
    "a job without failures": lambda pricing: ended(pricing, "success"),
    "a disabled provider": lambda pricing: ended(pricing, "disabled"),
    "no job": lambda pricing: "",
    "no provider": lambda pricing: "",
}


def ended(pricing: Pricing, how: str) -> str:
    attempt = pricing.start("openrouter")
    if how == "success":
        pricing.succeed(attempt)
    else:
        pricing.end(attempt)
    if how == "disabled":
        pricing.do("update pricing_providers set enabled = false where slug = 'openrouter'")
    return attempt.job_id


@pytest.mark.parametrize("entry", REFUSED, ids=lambda entry: f"{entry['statement']} {entry['of']}")
def test_it_is_refused(entry: dict[str, str], night: Night) -> None:
    job_id = SETUPS[entry["of"]](night.pricing)
    (statement,), (sqlstate,) = code(entry["statement"]), code(entry["SQLSTATE"])
    if "<job id>" in statement:
        statement = filled(statement, job_id=job_id)
    with night.pricing.nothing_written(), refused(sqlstate):
        night.answer(statement)
    assert_agreed(night.pricing.connection)


@pytest.mark.parametrize("entry", WRONG, ids=lambda entry: entry["statement"])
def test_it_is_wrong_but_nothing_gets_stuck(entry: dict[str, str], night: Night) -> None:
    pricing = night.pricing
    attempt = pricing.start("openrouter")
    (statement,) = code(entry["statement"])
    if "<queue row>" in statement:
        statement = filled(statement, queue_row=attempt.queue_job_id)
    elif "<job id>" in statement:
        statement = filled(statement, job_id=attempt.job_id)
    night.answer(statement)
    time_passes(pricing, "11 seconds")
    pricing.do("select cleanup_stuck_pricing_syncs()")

    if "pricing_providers" in statement:
        assert pricing.provider("openrouter")["state"] == "ok"
        assert pricing.succeed(attempt)["status"] == "success", "it was not stopped"
        return
    if "pricing_sync_log" in statement:
        pricing.do("select cleanup_stuck_pricing_syncs()")
        assert pricing.job(attempt.job_id)["status"] == "failed"
    else:
        assert_agreed(pricing.connection)
    if "procrastinate_jobs" in statement:
        assert [pricing.log(attempt.queue_job_id)["error_kind"]] == code(entry["what happens"])
    else:
        assert pricing.queue_row(attempt.queue_job_id)["status"] == "aborted"
    with refused("PT409"):
        pricing.apply(attempt, LATE)
    assert pricing.rows("select from pricing_sync_lock") == []


def test_no_statement_hides_in_the_prose() -> None:
    tested = {code(entry["statement"])[0] for entry in (*REFUSED, *WRONG)}
    for heading, markdown in sections().items():
        for span in code(prose(markdown)):
            if re.match(r"(?i)(select|insert|update|delete|truncate|alter|drop|grant) +\w", span):
                is_an_excerpt = heading == "The seven statements"
                assert is_an_excerpt or span in tested or span == "DELETE 0", span
