from __future__ import annotations

import asyncio
import logging

import pytest

from service.web.http_server.repeated_lines import KINDS, RepeatedLines


def test_repeated_lines_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> None:
        lines = RepeatedLines(logging.getLogger("test"), every=0.05)
        for n in range(1000):
            lines.warn("one", f"from one, {n}")
        for n in range(1000):
            lines.warn(f"kind {n}", f"from {n}")
        async with asyncio.timeout(30):
            while lines._left_out:
                await asyncio.sleep(0.01)
        # The series has ended, so the next line is logged at once again.
        lines.warn("one", "from one, again")

    asyncio.run(go())
    said = [record.getMessage() for record in caplog.records]
    assert said[0] == "from one, 0" and said[-1] == "from one, again"
    assert "from one, 999 (999 like it in 0.05 s, the last one shown)" in said
    # One line for each kind, one for all others, two counts, and the last line.
    assert len(said) == KINDS + 1 + 2 + 1
