"""Run ``promtool``, which Debian has in the package ``prometheus``."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml


def promtool(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Its output; the test is skipped, or fails, where it is not installed."""
    program = shutil.which("promtool")
    if program is None:
        reason = "promtool is not installed (Debian: the package prometheus)"
        if os.environ.get("PRICING_TEST_REQUIRE_PROMTOOL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return subprocess.run(
        [program, *arguments], input=stdin, capture_output=True, timeout=60, check=False
    )


def passes(*arguments: str | Path, stdin: bytes = b"") -> None:
    done = promtool(*arguments, stdin=stdin)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said
    # Findings of `check metrics` are lines, each with the name of a metric.
    if arguments[:2] == ("check", "metrics"):
        assert said == ""


def require_valid(queries: Iterable[str], directory: Path) -> None:
    """Each is PromQL: this version of promtool parses rules, and no queries alone."""
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    file = directory / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    passes("check", "rules", file)
