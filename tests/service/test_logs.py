"""Foreign text forges no line of a log and controls no terminal."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys

import pytest

from service.cli.error_output import print_error
from service.errors import PricingError
from service.logs import EscapedLines, JsonLines, TextLines
from service.terminal.output import Terminal
from service.terminal.table_layout import Column
from tests.support.processes import Processes
from tests.support.syncing import Queue
from tests.support.waiting import wait_until

FORGED = "2026-01-01T00:00:00.000Z ERROR   forged"
BREAKS = ("\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029")
STEERING = ("\x1b[2J", "\x9b2J", "\x08", "\x07", "\x00", "\x7f", "\u202e", "\u2066", "\u200f")
ODD = "".join(f"a{each}{FORGED}" for each in BREAKS) + "".join(STEERING)


def logged(formatter: logging.Formatter, error: BaseException | None = None) -> list[str]:
    """The lines of one record whose message and error contain ODD."""
    record = logging.LogRecord("uvicorn", logging.ERROR, "f.py", 1, "said %s", (ODD,), None)
    record.job_id = ODD
    if error is not None:
        record.exc_info = (type(error), error, error.__traceback__)
    return formatter.format(record).split("\n")


def is_harmless(line: str) -> bool:
    return line.isprintable() and not line.startswith(FORGED)


@pytest.fixture
def error() -> BaseException:
    try:
        try:
            raise ValueError(ODD)
        except ValueError as cause:
            cause.add_note(ODD)
            raise ExceptionGroup(ODD, [KeyError(ODD), cause]) from cause
    except ExceptionGroup as raised:
        return raised


def test_a_record_is_one_line_that_shows_what_it_was() -> None:
    (line,) = logged(TextLines())
    assert is_harmless(line)
    assert "\\n" in line and "\\x1b[2J" in line and "\\u202e" in line
    (line,) = logged(EscapedLines(logging.Formatter(logging.BASIC_FORMAT)))
    assert is_harmless(line) and line.startswith("ERROR:uvicorn:said a")
    (line,) = logged(JsonLines())
    assert line.isascii() and json.loads(line)["message"] == f"said {ODD}"


@pytest.mark.parametrize(
    "formatter", [TextLines(), EscapedLines(logging.Formatter(logging.BASIC_FORMAT))]
)
def test_a_traceback_keeps_its_own_lines_and_no_other(
    formatter: logging.Formatter, error: BaseException
) -> None:
    first, *others = logged(formatter, error)
    assert is_harmless(first)
    assert all(each.isprintable() and (not each or each.startswith("    ")) for each in others)
    frames = [each for each in others if 'File "' in each]
    assert len(frames) >= 2 and all("test_logs.py" in each for each in frames)
    # Each message is whole, on one line.
    assert sum("ValueError: a\\n" in each for each in others) == 2


def test_tables_errors_and_json_steer_no_terminal() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream)
    terminal.say(ODD)
    terminal.table([Column("model")], [[ODD]])
    assert all(is_harmless(line) for line in stream.getvalue().splitlines())
    assert len(stream.getvalue().splitlines()) == 3

    stream.truncate(0)
    terminal.json([{"model": ODD + "ü\U000e0001"}])
    shown = stream.getvalue().lstrip("\x00")
    assert shown.replace("\n", "").isprintable() and "ü" in shown
    assert json.loads(shown) == [{"model": ODD + "ü\U000e0001"}]


def test_an_error_of_the_command_line_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(PricingError(f"refused: {ODD}", hint=ODD), as_json=False)
    lines = capsys.readouterr().err.split("\n")
    assert all(line.isprintable() for line in lines)
    assert lines[0].startswith("error: refused") and lines[1].startswith("hint: a")
    print_error(PricingError(f"refused: {ODD}", hint=ODD), as_json=True)
    (line,) = capsys.readouterr().err.removesuffix("\n").split("\n")
    assert line.isprintable() and json.loads(line)["error"]["message"] == f"refused: {ODD}"


@pytest.mark.parametrize("command", ["ours", "the engine's"])
def test_the_engines_lines_of_a_running_worker(
    queue: Queue, processes: Processes, command: str
) -> None:
    """The queue row has a foreign task, whose name the engine repeats, in a traceback too."""
    start = processes.service if command == "ours" else processes.procrastinate
    worker = start("worker", may_fail=True, PRICING_LOG_LEVEL="DEBUG")
    wait_until(lambda: queue.workers() == 1, 60, "the worker registers")
    queue.connection.execute(
        "insert into procrastinate.procrastinate_jobs (queue_name, task_name, args)"
        " values ('other', %s, '{}')",
        [f"evil\n{FORGED}\x1b[2J"],
    )
    ended = "select from procrastinate.procrastinate_jobs where status = 'failed'"
    wait_until(lambda: queue.rows(ended), 60, "the engine has no such task")
    wait_until(lambda: "Task was not found" in worker.output, 30, "it says so")
    worker.stop()
    assert "evil\\n" in worker.output
    lines = worker.output.split("\n")
    assert all(is_harmless(line) and not line.startswith("ERROR:forged") for line in lines)


def test_a_process_without_a_free_descriptor_can_still_log() -> None:
    script = (
        "import resource; from service.printable import escaped;"
        "soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE);"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard));"
        r"print(escaped('\x1b'))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert answer.stdout == "\\x1b\n", answer.stderr
