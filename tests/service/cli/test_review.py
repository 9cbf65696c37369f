"""The review commands: held changes, people's decisions, prices that deserve a look."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import Any

import psycopg
import pytest
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from tests.service.reviews import CHEAP, DEAR, REASON, Reviews, price_set
from tests.support.processes import Processes, Run

MODEL = "maker/model-1"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def reviews(connection: psycopg.Connection[DictRow]) -> Reviews:
    return Reviews(connection)


def output_of(ended: subprocess.CompletedProcess[str], note: str = "") -> str:
    """Stdout of a success; stderr has this note, a decision's numbers, or nothing."""
    assert (ended.returncode, ended.stderr) == (0, note and f"{note}\n"), ended.stderr
    return ended.stdout


def json_of(ended: subprocess.CompletedProcess[str], note: str = "") -> Any:
    return json.loads(output_of(ended, note))


def assert_refused(
    ended: subprocess.CompletedProcess[str],
    message: str,
    *,
    status: int = 1,
    stdout: str = "",
    note: str = "",
) -> None:
    """Stderr has the note, one error and one hint; stdout has what is expected."""
    assert (ended.returncode, ended.stdout) == (status, stdout), ended.stderr
    *notes, error, hint = ended.stderr.splitlines()
    assert notes == [note] * bool(note)
    assert error.startswith("error: "), error
    assert message in error
    assert hint.startswith("hint: "), hint


def test_what_waits(run: Run, reviews: Reviews) -> None:
    assert output_of(run("held")) == "Nothing is held.\n"
    assert json_of(run("held", "--json")) == []
    job_id = reviews.job()
    held_id = reviews.hold("openrouter", MODEL, job_id=job_id)
    other = reviews.hold("deepinfra", "maker/other", held_class="large")

    titles, *lines = output_of(run("held")).splitlines()
    assert titles.split()[:4] == ["id", "provider", "model", "reason"]
    assert [line.split()[:3] for line in lines] == [
        [str(other), "deepinfra", "maker/other"],
        [str(held_id), "openrouter", MODEL],
    ]
    assert REASON in lines[1]
    assert "input_per_1m 0.3 -> 300, output_per_1m 0.6 -> 600" in lines[1]
    for arguments in (["--provider", "openrouter"], ["--sync", job_id[:8]], ["--sync", job_id]):
        (found,) = json_of(run("held", *arguments, "--json"))
        assert (found["id"], found["reason"], found["ratio"]) == (held_id, REASON, "1000")
        assert (found["input_per_1m_before"], found["input_per_1m_now"]) == ("0.3", "300")
        assert found["evidence"][0]["text"] == "3e-4"
    assert json_of(run("held", "--sync", UNKNOWN, "--json")) == []
    few = run("held", "--limit", "1")
    assert len(few.stdout.splitlines()) == 2
    assert "more than 1" in few.stderr


def test_one_with_its_evidence(run: Run, reviews: Reviews) -> None:
    condition = {"min_prompt_tokens": 200000, "price_per_input_token": "0.0000005"}
    prices = {**DEAR, "price_per_image": "0.04", "conditions": [condition]}
    held_id = reviews.hold("openrouter", MODEL, prices)

    shown = output_of(run("held", str(held_id)))

    assert f"openrouter {MODEL}: held as unit, id {held_id}" in shown
    assert REASON in shown
    assert "only a person applies it" in shown
    lines = [line.split() for line in shown.splitlines()]
    assert ["input_per_1m", "300", "0.3"] in lines
    assert ["per_image", "0.04", "-"] in lines
    assert "now, min_prompt_tokens 200000: input_per_1m 0.5" in shown
    assert [
        *("input_per_1m", "ratio", "0.3", "300", "1000", "0.31", "-", "-"),
        *("prompt", "3e-4", "usd_per_token"),
    ] in lines
    assert json_of(run("held", str(held_id), "--json"))["id"] == held_id
    assert_refused(run("held", "999"), "No price change 999 waits")
    assert_refused(run("held", str(held_id), "--provider", "x"), "An ID goes without", status=2)


def test_the_evidence_of_a_whole_list_and_of_other_providers(run: Run, reviews: Reviews) -> None:
    evidence = [
        {"kind": "moves", "models": 367, "listed": 393},
        {
            "axis": "price_per_input_token",
            "kind": "elsewhere",
            "now": "0.0003",
            "median": "0.0000003",
            "providers": 2,
        },
    ]
    held_id = reviews.hold("openrouter", MODEL, evidence=evidence)
    shown = output_of(run("held", str(held_id)))
    lines = [line.split() for line in shown.splitlines()]
    assert [*("the", "whole", "list", "moves"), *"-----", *("367", "of", "393", "-")] in lines
    assert ["input_per_1m", "elsewhere", "-", "300", "-", "-", "0.3", "-", "-"] in lines


def test_status_says_that_something_is_held(run: Run, reviews: Reviews) -> None:
    assert "held" not in output_of(run("status"))
    for number in range(2):
        reviews.hold("openrouter", f"model {number}")

    shown = output_of(run("status"))

    last = shown.splitlines()[-1]
    assert last.startswith("2 price changes are held, the oldest for ")
    assert "openrouter stands still" in last
    assert json_of(run("status", "--json")) == []


def test_approve(run: Run, reviews: Reviews) -> None:
    ids = [reviews.hold("openrouter", name) for name in (MODEL, "second")]
    other = reviews.hold("openrouter", "third")

    shown = output_of(
        run("approve", *map(str, ids), "--note", "announced"),
        "Approve: 2 models of openrouter, the largest factor is 1000.",
    )

    assert [line.split()[:2] + line.split()[-1:] for line in shown.splitlines()[1:]] == [
        [str(ids[0]), "openrouter", "approved"],
        [str(ids[1]), "openrouter", "approved"],
    ]
    assert reviews.in_force("openrouter", MODEL) == ("300", "600")
    who = reviews.changed_by("openrouter", MODEL)[-1]
    assert who.startswith("manual:cli:")
    assert [audited[0] for audited in reviews.audited()] == [who.removeprefix("manual:")] * 2
    note = "select decision_note from pricing_held_changes where id = %s"
    assert reviews.value(note, ids[0]) == "announced"
    assert [each["id"] for each in json_of(run("held", "--json"))] == [other]


def test_reject(run: Run, reviews: Reviews) -> None:
    held_id = reviews.hold("openrouter", MODEL)

    numbers = "1 model of openrouter, the largest factor is 1000."
    (decided,) = json_of(run("reject", str(held_id), "--json"), f"Reject: {numbers}")

    assert (decided["id"], decided["status"]) == (held_id, "rejected")
    assert reviews.in_force("openrouter", MODEL) == ("0.3", "0.6")
    assert json_of(run("held", "--json")) == []
    # A rejected change can be approved while the provider still publishes its price.
    (approved,) = json_of(run("approve", str(held_id), "--json"), f"Approve: {numbers}")
    assert approved["status"] == "approved"
    assert reviews.in_force("openrouter", MODEL) == ("300", "600")


@pytest.mark.parametrize(("act", "price"), [("approve", "300"), ("reject", "0.3")])
def test_all_of_one_job(run: Run, reviews: Reviews, act: str, price: str) -> None:
    job_id = reviews.job()
    for number in range(3):
        reviews.hold("openrouter", f"model {number}", job_id=job_id)
    other = reviews.hold("openrouter", MODEL, job_id=reviews.job())

    numbers = f"{act.capitalize()}: 3 models of openrouter, the largest factor is 1000."
    assert len(json_of(run(act, "--sync", job_id[:13], "--json"), numbers)) == 3

    assert reviews.in_force("openrouter", "model 2")[0] == price
    assert [each["id"] for each in json_of(run("held", "--json"))] == [other]
    assert_refused(run(act, "--sync", job_id), f"{job_id} ")


def test_what_was_done_before_a_failure_is_said(run: Run, reviews: Reviews) -> None:
    held_id = reviews.hold("openrouter", MODEL)

    ended = run("approve", str(held_id), "999")

    assert ended.returncode == 1
    assert f"{held_id}" in ended.stdout
    assert "There is no held price change 999" in ended.stderr
    assert reviews.in_force("openrouter", MODEL) == ("300", "600")


def test_a_rule(run: Run, reviews: Reviews) -> None:
    assert "There is no rule" in output_of(run("rules"))
    reviews.model("openrouter", MODEL, CHEAP)

    rule = json_of(
        run("accept", "openrouter", "--up-to", "20", "--until", "2999-11-27",
            "--reason", "new list", "--json"),
        "Accept: 0 models held now (the rule covers 1 model).",
    )  # fmt: skip
    one = output_of(
        run("accept", "openrouter", "--model", MODEL, "--up-to", "12.5",
            "--until", "2999-11-27T12:00+02:00", "--reason", "another"),
        "Accept: 0 models held now (the rule covers 1 model).",
    )  # fmt: skip

    assert (rule["provider"], rule["model"], rule["up_to_ratio"]) == ("openrouter", None, "20")
    assert rule["expires_at"] == "2999-11-27T00:00:00Z"
    assert "12.5x" in one
    assert "2999-11-27 10:00:00Z" in one
    assert [row["reason"] for row in json_of(run("rules", "--json"))] == ["another", "new list"]
    assert "all" in output_of(run("rules"))

    assert "has ended" in output_of(run("end-rule", str(rule["id"])))
    assert len(json_of(run("rules", "--json"))) == 1
    assert_refused(run("end-rule", str(rule["id"])), "has ended already")
    assert_refused(run("end-rule", "999"), "There is no rule 999")


def test_a_shorter_list(run: Run, reviews: Reviews) -> None:
    assert_refused(run("accept-shorter-list", "nobody"), "There is no provider 'nobody'")
    assert_refused(run("accept-shorter-list", "openrouter"), "No list of openrouter was refused")
    job_id = reviews.refuse_list("openrouter")
    assert "The list has 1 of 3" in output_of(run("accept-shorter-list", "openrouter"))
    assert json_of(run("accept-shorter-list", "openrouter", "--json"))["job_id"] == job_id


def test_an_override(run: Run, reviews: Reviews) -> None:
    reviews.model("openrouter", MODEL, CHEAP)
    assert "There is no override" in output_of(run("override", "list"))

    shown = output_of(
        run("override", "set", "openrouter", MODEL, "--input", "2.5", "--output", "10",
            "--price", "cache_read_per_1m=0.25", "--price", "per_image=0.04",
            "--reason", "contract 7", "--until", "2999-11-27"),
        "Set: 1 model of openrouter, the largest factor is 16.7.",
    )  # fmt: skip

    assert shown == (
        f"openrouter {MODEL}: input_per_1m 2.5, output_per_1m 10, cache_read_per_1m 0.25,"
        " per_image 0.04, until 2999-11-27 00:00:00Z.\n"
    )
    assert reviews.in_force("openrouter", MODEL) == ("2.5", "10")
    (row,) = json_of(run("override", "list", "--json"))
    assert (row["input_per_1m"], row["provider_input_per_1m"]) == ("2.5", "0.3")
    assert row["reason"] == "contract 7"
    assert "contract 7" in output_of(run("override", "list", "--provider", "openrouter"))
    assert json_of(run("override", "list", "--provider", "deepinfra", "--json")) == []
    (model,) = json_of(run("models", MODEL, "--json"))
    assert (model["is_overridden"], model["provider_output_per_1m"]) == (True, "0.6")

    cleared = run("override", "clear", "openrouter", MODEL)
    numbers = "Clear: 1 model of openrouter, the largest factor is 16.7."
    assert "follows its provider again" in output_of(cleared, numbers)
    assert reviews.in_force("openrouter", MODEL) == ("0.3", "0.6")
    assert_refused(run("override", "clear", "openrouter", MODEL), "No override is in force")
    assert_refused(run("override", "clear", "openrouter", "nope"), "has no model 'nope'")


def test_an_override_that_looks_wrong(run: Run, reviews: Reviews) -> None:
    reviews.connection.execute("update pricing_providers set guards_enabled = true")
    reviews.model("openrouter", MODEL, CHEAP)
    command = ("override", "set", "openrouter", MODEL, "--input", "110000", "--reason", "x")
    numbers = "Set: 1 model of openrouter, the largest factor is 367000."
    assert_refused(run(*command), "input_per_1m moves by", note=numbers)
    assert json_of(run(*command, "--force", "--json"), numbers)["forced"] is True


@pytest.mark.parametrize(
    "arguments",
    [
        ["approve"],
        ["approve", "one"],
        ["approve", "0"],
        ["reject", "1", "--sync", UNKNOWN],
        ["held", "nonsense"],
        ["accept", "openrouter", "--up-to", "20", "--until", "2999-01-01"],
        ["accept", "openrouter", "--up-to", "1e3", "--until", "2999-01-01", "--reason", "x"],
        ["accept", "openrouter", "--up-to", "20", "--until", "Friday", "--reason", "x"],
        ["override"],
        ["override", "set", "openrouter", MODEL, "--reason", "x"],
        ["override", "set", "openrouter", MODEL, "--input", "1"],
        ["override", "set", "openrouter", MODEL, "--input", "-1", "--reason", "x"],
        ["override", "set", "openrouter", MODEL, "--input", "NaN", "--reason", "x"],
        ["override", "set", "openrouter", MODEL, "--input", "$1", "--reason", "x"],
        ["override", "set", "openrouter", MODEL, "--input", "9" * 400, "--reason", "x"],
        ["override", "set", "openrouter", MODEL, "--price", "per_image", "--reason", "x"],
        ["override", "set", "openrouter", MODEL, "--input", "1", "--price", "input_per_1m=2",
         "--reason", "x"],
        ["rollback", UNKNOWN, "--yes", "--dry-run"],
        ["price-at", "openrouter", MODEL, "yesterday"],
    ],
    ids=lambda arguments: " ".join(arguments)[:60],
)  # fmt: skip
def test_wrong_usage(run: Run, arguments: list[str]) -> None:
    ended = run(*arguments)

    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_the_database_refuses(run: Run, reviews: Reviews) -> None:
    reviews.model("openrouter", MODEL, CHEAP)
    accept = ["accept", "openrouter", "--reason", "x", "--up-to"]
    numbers = "Accept: 0 models held now (the rule covers 1 model)."
    assert_refused(run(*accept, "20", "--until", "2020-01-01"), "until cannot be", note=numbers)
    assert_refused(run(*accept, "1", "--until", "2999-01-01"), "up_to_ratio cannot be")
    override = ["override", "set", "openrouter", MODEL, "--reason", "x"]
    assert_refused(run(*override, "--price", "input=1"), "There is no price called 'input'")
    assert_refused(run("rollback", UNKNOWN), "There is no job")
    assert_refused(run("approve", "999"), "There is no held price change 999")
    assert reviews.changed_by("openrouter", MODEL) == ["api_sync:openrouter"]


@pytest.fixture
def wrong_job(reviews: Reviews) -> str:
    job_id = reviews.job()
    reviews.model("openrouter", MODEL, CHEAP, reviews.job())
    reviews.model("openrouter", MODEL, DEAR, job_id)
    return job_id


def test_a_rollback_is_shown_first(run: Run, reviews: Reviews, wrong_job: str) -> None:
    shown = output_of(run("rollback", wrong_job[:8], "--dry-run"))

    assert shown.splitlines()[1].split() == [
        "openrouter", MODEL, "roll", "back", "300", "0.3", "600", "0.6"
    ]  # fmt: skip
    assert shown.splitlines()[-2:] == [
        "Roll back: 1 model of openrouter, the largest factor is 1000.",
        "Nothing was changed.",
    ]
    plan = json.loads(run("rollback", wrong_job, "--dry-run", "--json").stdout)
    assert (plan["dry_run"], len(plan["models"])) == (True, 1)
    assert (plan["impact"]["models"], plan["impact"]["largest_factor"]) == (1, "1000")
    # A program has to pass --yes.
    ended = run("rollback", wrong_job)
    assert ended.returncode == 1
    assert ended.stdout.splitlines() == shown.splitlines()[:-1]
    assert "--yes" in ended.stderr
    assert reviews.in_force("openrouter", MODEL) == ("300", "600")


def test_a_rollback_is_done(run: Run, reviews: Reviews, wrong_job: str) -> None:
    shown = output_of(run("rollback", wrong_job, "--yes"))

    assert "1 price went back" in shown
    assert reviews.in_force("openrouter", MODEL) == ("0.3", "0.6")
    assert reviews.changed_by("openrouter", MODEL)[-1] == f"rollback:{wrong_job}"
    (held,) = json_of(run("held", "--json"))
    assert held["class"] == "rollback"
    assert_refused(run("rollback", wrong_job, "--yes"), "There is no price that job")


def test_a_job_that_was_pruned_is_rolled_back(run: Run, reviews: Reviews, wrong_job: str) -> None:
    reviews.connection.execute("delete from pricing_sync_jobs where job_id = %s", [wrong_job])

    assert "1 price went back" in output_of(run("rollback", wrong_job, "--yes"))
    assert reviews.in_force("openrouter", MODEL) == ("0.3", "0.6")


def test_what_has_changed_since_stays(run: Run, reviews: Reviews, wrong_job: str) -> None:
    reviews.model("openrouter", MODEL, price_set("0.000003", "0.000006"), reviews.job())

    shown = output_of(run("rollback", wrong_job, "--yes"))

    assert "changed since" in shown
    assert shown.endswith("Nothing goes back.\n")
    assert reviews.in_force("openrouter", MODEL) == ("3", "6")


@pytest.mark.parametrize(("typed", "status", "price"), [("y", 0, "0.3"), ("", 1, "300")])
def test_a_person_is_asked(
    processes: Processes, reviews: Reviews, wrong_job: str, typed: str, status: int, price: str
) -> None:
    ended, output, _ = typing(processes, typed, "rollback", wrong_job)

    assert ended == status
    assert b"1 price goes back. Do it? [y/N]" in output
    assert reviews.in_force("openrouter", MODEL)[0] == price


@pytest.mark.parametrize(
    ("typed", "more", "status", "price"),
    [("y", [], 0, "300"), ("n", [], 1, "0.3"), ("", [], 1, "0.3"), ("", ["--yes"], 0, "300")],
)
def test_a_person_is_asked_with_the_numbers(
    processes: Processes,
    reviews: Reviews,
    typed: str,
    more: list[str],
    status: int,
    price: str,
) -> None:
    held_id = reviews.hold("openrouter", MODEL)
    ended, _, notes = typing(processes, typed, "approve", str(held_id), *more)
    assert ended == status
    assert b"Approve: 1 model of openrouter, the largest factor is 1000." in notes
    assert (b"Approve? [y/N]" in notes) is not bool(more)
    assert reviews.in_force("openrouter", MODEL)[0] == price


@pytest.mark.parametrize(
    "command",
    [
        ["reject", "1"],
        ["accept", "openrouter", "--up-to", "20", "--until", "2999-01-01", "--reason", "x"],
        ["override", "set", "openrouter", "other", "--input", "0.4", "--reason", "x"],
        ["override", "clear", "openrouter", MODEL],
    ],
)
def test_no_decision_is_made_without_the_person(
    processes: Processes, reviews: Reviews, command: list[str]
) -> None:
    reviews.model("openrouter", "other", CHEAP)
    reviews.hold("openrouter", MODEL)
    reviews.row("select set_price_override('openrouter', %s, 'contract', 1, 2)", MODEL)
    held_id = str(reviews.value("select id from pricing_held"))
    before = reviews.audited()
    words = [held_id if word == "1" else word for word in command]
    ended, _, notes = typing(processes, "n", *words)
    assert (ended, b"? [y/N]" in notes, b"Nothing was changed." in notes) == (1, True, True)
    assert reviews.audited() == before


def typing(processes: Processes, typed: str, *command: str) -> tuple[int, bytes, bytes]:
    """Run a command whose stdin is a terminal; returns status, stdout and stderr."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "service", *command],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=processes.environment,
        start_new_session=True,
    )
    os.close(terminal)
    os.write(controller, f"{typed}\n".encode())
    output, notes = process.communicate(timeout=120)
    os.close(controller)
    return process.returncode, output, notes


def test_rejected_ones_are_said_and_can_be_reopened(run: Run, reviews: Reviews) -> None:
    job_id = reviews.job()
    first, second = (reviews.hold("openrouter", name, job_id=job_id) for name in (MODEL, "two"))
    reviews.row("select reject_held_price_changes(%s, 'ann', 'too much') limit 1", job_id)

    assert output_of(run("held")) == "Nothing is held.\n"
    last = output_of(run("status")).splitlines()[-1]
    assert last.startswith("2 price changes were rejected earlier: `pricing-sync held --rejected`")
    lines = output_of(run("held", "--rejected")).splitlines()
    assert [line.split()[:3] for line in lines[1:]] == [
        [str(second), "openrouter", "two"],
        [str(first), "openrouter", MODEL],
    ]
    assert "too much" in lines[1]
    row = json_of(run("held", "--rejected", "--json"))[0]
    assert (row["decided_by"], row["decision_note"]) == ("ann", "too much")
    assert "rejected by ann" in output_of(run("held", str(first)))

    (reopened,) = json_of(run("reopen", str(first), "--note", "they confirmed it", "--json"))
    assert (reopened["id"], reopened["status"]) == (first, "held")
    assert "held" in output_of(run("reopen", "--provider", "openrouter"))
    assert {each["id"] for each in json_of(run("held", "--json"))} == {first, second}
    assert output_of(run("held", "--rejected")) == "Nothing that was rejected is still listed.\n"
    assert_refused(run("reopen", "--sync", job_id), "No rejected change")
    assert_refused(run("reopen", str(first)), "is not rejected")
    for wrong in ([], [str(first), "--provider", "openrouter"]):
        assert run("reopen", *wrong).returncode == 2


def test_drift_and_unpriced(run: Run, reviews: Reviews) -> None:
    assert output_of(run("drift")) == "No price differs from the catalogue's.\n"
    assert output_of(run("unpriced")) == "Every active model has a price.\n"
    reviews.model("openrouter", MODEL, CHEAP)
    reviews.model("openrouter", "silent", {})
    held_id = reviews.hold("deepinfra", "waiting", previous={})
    catalogue = {"price_per_input_token": "0.0000009", "price_per_output_token": "0.0000004"}
    reviews.connection.execute(
        "insert into pricing_catalogue_prices (provider_slug, model_id, prices, version)"
        " values ('openrouter', %s, %s, 'genai-prices@1.2.3')",
        [MODEL, Jsonb(catalogue)],
    )

    # The largest differences come first.
    assert [line.split() for line in output_of(run("drift")).splitlines()[1:]] == [
        ["openrouter", MODEL, "input_per_1m", "0.3", "0.9", "0.333"],
        ["openrouter", MODEL, "output_per_1m", "0.6", "0.4", "1.5"],
    ]
    assert json_of(run("drift", "--json"))[1]["catalogue"] == "genai-prices@1.2.3"
    assert json_of(run("drift", "--provider", "deepinfra", "--json")) == []

    waiting, silent = output_of(run("unpriced")).splitlines()[1:]
    assert waiting.split()[:4] == ["deepinfra", "waiting", "held", str(held_id)]
    assert "said unknown" in silent
    (only,) = json_of(run("unpriced", "--provider", "openrouter", "--json"))
    assert (only["model"], only["why"], only["held_id"]) == ("silent", "said unknown", None)


def test_the_price_at_a_time(run: Run, reviews: Reviews) -> None:
    tiny = price_set("0.00000000123456789", "0", price_per_image="0.04")
    reviews.model("openrouter", MODEL, tiny)

    shown = output_of(run("price-at", "openrouter", MODEL, "2999-01-01"))

    lines = [line.split() for line in shown.splitlines()]
    assert ["input_per_1m", "0.00123456789"] in lines
    assert ["output_per_1m", "0"] in lines
    assert ["per_image", "0.04"] in lines
    assert "by api_sync:openrouter" in shown
    price = json_of(run("price-at", "openrouter", MODEL, "2999-01-01T00:00Z", "--json"))
    assert price["price_per_input_token"] == "0.00000000123456789"
    before = ["price-at", "openrouter", MODEL, "2020-01-01"]
    assert output_of(run(*before)) == "It had no price yet.\n"
    assert json_of(run(*before, "--json")) is None
    assert_refused(run("price-at", "openrouter", "nope", "2020-01-01"), "has no model 'nope'")


def test_the_cost_of_a_request(run: Run, reviews: Reviews) -> None:
    long = {"min_prompt_tokens": 1000, "price_per_input_token": "0.000001"}
    reviews.model("openrouter", MODEL, {**CHEAP, "conditions": [long]})
    command = ["cost", "openrouter", MODEL, "input_tokens=2000", "output_tokens=100"]

    lines = output_of(run(*command)).splitlines()

    assert lines[1].split() == ["input_per_1m", "2000", "1", "0.002", "min_prompt_tokens", "1000"]
    assert lines[2].split() == ["output_per_1m", "100", "0.6", "0.00006"]
    assert lines[3] == "0.00206 US dollars."
    bill = json_of(run(*command, "--json", "--at", "2999-01-01"))
    assert (bill["cost"], bill["reason"]) == ("0.00206", None)
    unknown = run(*command[:3], "audio_seconds=3")
    assert (unknown.returncode, unknown.stdout.splitlines()[-1]) == (
        1, "Unknown: per_audio_second is unknown",
    )  # fmt: skip
    assert_refused(run(*command[:3], "tokens=3"), "usage has no 'tokens'")


def test_an_override_with_conditions_and_a_beginning(run: Run, reviews: Reviews) -> None:
    reviews.model("openrouter", MODEL, CHEAP)
    condition = '{"service_tier": "batch", "input_per_1m": 0.15}'
    command = ["override", "set", "openrouter", MODEL, "--reason", "contract"]

    shown = output_of(
        run(*command, "--condition", condition, "--from", "2999-01-01"),
        "Set: 1 model of openrouter, the largest factor is 2.",
    )

    assert "service_tier batch" in shown
    assert "input_per_1m 0.15" in shown
    usage = ["input_tokens=1000000", "service_tier=batch"]
    costs = [
        output_of(run("cost", "openrouter", MODEL, *usage, "--at", at)).splitlines()[-1]
        for at in ("2998-12-31", "2999-01-01")
    ]
    assert costs == ["0.3 US dollars.", "0.15 US dollars."]


def test_a_condition_that_is_no_json_object_is_refused(run: Run) -> None:
    command = ["override", "set", "openrouter", MODEL, "--reason", "contract"]
    for odd in ("[1]", '{"input_per_1m": NaN}', '{"service_tier": "\\ud800"}'):
        assert_refused(run(*command, "--condition", odd), "is not a JSON object", status=2)


def test_history_says_what_was_not_in_force(run: Run, reviews: Reviews) -> None:
    reviews.model("openrouter", MODEL, CHEAP)
    reviews.row("select set_price_override('openrouter', %s, 'contract', 1, 2)", MODEL)
    reviews.model("openrouter", MODEL, price_set("0.0000004", "0.0000006"))

    changes = json_of(run("history", "openrouter", MODEL, "--json"))

    inputs = [change for change in changes if change["price"] == "input_per_1m"]
    assert [(change["after"], change["is_in_force"]) for change in inputs] == [
        ("0.4", False), ("1", True), ("0.3", True)
    ]  # fmt: skip
    assert inputs[0]["in_force_from"] is None
    assert inputs[2]["in_force_until"] == inputs[1]["in_force_from"]
