from __future__ import annotations

from pathlib import Path

import pytest

from service.up import children
from service.up.children import Child, stop_children
from tests.support.postgres import free_port
from tests.support.processes import ADMIN_KEY
from tests.support.waiting import wait_until


def test_a_log_is_bounded_while_its_process_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "LOG_BYTES", 10_000)
    log, before = tmp_path / "web.log", tmp_path / "web.log.1"
    # Without a database the web process logs the failure again and again.
    address = f"postgresql://127.0.0.1:{free_port()}/none"
    child = Child(
        "serve",
        log,
        lambda: {
            "DATABASE_URL": address,
            "PRICING_ADMIN_KEY": ADMIN_KEY,
            "PRICING_PORT": str(free_port()),
        },
    )
    child.start()
    try:
        wait_until(lambda: "not listening" in log.read_text(), 60, "it logs")
        assert child.check() is None and not before.exists()
        with log.open("ab") as output:
            output.write(b"x" * 10_000)

        assert child.check() is None

        assert before.read_text().endswith("x" * 10_000)
        wait_until(lambda: "not listening" in log.read_text(), 60, "it goes on")
        assert log.stat().st_size < 10_000
        assert child.last_lines()[0].startswith("20")
    finally:
        stop_children([child])
