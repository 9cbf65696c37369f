"""The checks of workers, of waiting syncs and of stuck ones."""

from __future__ import annotations

import re
import time

import pytest

from tests.db.pricing import Pricing
from tests.service.doctor.conftest import Diagnose

pytestmark = pytest.mark.usefixtures("without_comparison")

AGED = "update pricing_sync_log set queued_at = queued_at - %s::interval"


def test_no_worker_and_nothing_to_do(diagnose: Diagnose) -> None:
    found = diagnose()
    assert (found["workers"].state, found["workers"].found) == ("fail", "none is alive")
    assert found["workers"].advice == "pricing-sync worker"
    assert (found["waiting"].state, found["waiting"].found) == ("ok", "nothing waits")
    assert (found["stuck"].state, found["stuck"].found) == ("ok", "nothing")


def test_workers_that_are_alive(diagnose: Diagnose, people: Pricing) -> None:
    began = time.monotonic()
    people.worker("3 seconds")
    found = diagnose()["workers"]
    assert found.state == "ok"
    one = re.fullmatch(r"1 alive, last heartbeat (\d+) s ago \(lease 20 s\)", found.found)
    assert one is not None, found
    assert 3 <= int(one[1]) <= 4 + time.monotonic() - began
    people.worker("12 seconds")
    found = diagnose()["workers"]
    two = re.search(r"2 alive, last heartbeats (\d+) s to (\d+) s ago", found.found)
    assert two is not None, found
    late = time.monotonic() - began
    assert 3 <= int(two[1]) <= 4 + late and 12 <= int(two[2]) <= 13 + late


def test_a_stalled_worker(diagnose: Diagnose, people: Pricing) -> None:
    began = time.monotonic()
    people.worker("50 seconds")
    found = diagnose()["workers"]
    assert found.state == "fail"
    silent = re.fullmatch(
        r"none is alive; 1 without a heartbeat for (\d+) s \(lease 20 s\)", found.found
    )
    assert silent is not None, found
    assert 50 <= int(silent[1]) <= 51 + time.monotonic() - began
    people.worker()
    found = diagnose()["workers"]
    assert found.state == "warn" and "1 alive" in found.found
    assert "1 without a heartbeat for " in found.found


def test_a_sync_that_waits_for_a_worker_that_is_not_there(
    diagnose: Diagnose, people: Pricing
) -> None:
    people.trigger("openrouter", "deepinfra")
    people.do(AGED, "5 minutes")
    result = diagnose()["waiting"]
    assert result.state == "fail" and result.advice == "pricing-sync worker"
    assert "2 syncs and no worker alive" in result.found
    assert "openrouter, for 5 min" in result.found


def test_waiting_behind_a_lock_is_well(diagnose: Diagnose, people: Pricing) -> None:
    worker = people.worker()
    people.start("openrouter", worker_id=worker)
    people.trigger("openrouter")
    people.do(AGED, "2 hours")
    result = diagnose()["waiting"]
    assert result.state == "ok"
    assert f"1 sync; the oldest, openrouter, for 2 h, behind worker {worker}" in result.found


def test_what_could_run_and_does_not(diagnose: Diagnose, people: Pricing) -> None:
    people.worker()
    people.trigger("openrouter")
    assert diagnose()["waiting"].state == "ok"
    people.do(AGED, "2 minutes")
    result = diagnose()["waiting"]
    assert result.state == "warn" and "openrouter could have started 2 min ago" in result.found


def test_what_is_stuck(diagnose: Diagnose, people: Pricing) -> None:
    people.start("openrouter", worker_id=people.worker("1 hour"))
    result = diagnose()["stuck"]
    assert result.state == "fail" and "1 sync (1 worker_lost)" in result.found
    people.worker()
    result = diagnose()["stuck"]
    assert result.state == "warn"

    assert result.advice is not None
    assert people.row(result.advice) == {"stuck_syncs_found": 1, "syncs_cleaned": 1}
    assert diagnose()["stuck"].state == "ok"
