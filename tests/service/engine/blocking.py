"""``python -m tests.service.engine.blocking``: a worker with a task that blocks the event loop."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from service.worker import app

# Longer than the test waits for this.
MOST_SECONDS = 60


@app.task(name="block", queue="other")
async def block() -> None:
    """Block until the file exists that ``BLOCK_UNTIL`` names."""
    print("blocks the event loop", flush=True)
    until, deadline = Path(os.environ["BLOCK_UNTIL"]), time.monotonic() + MOST_SECONDS
    while not until.exists() and time.monotonic() < deadline:
        time.sleep(0.05)


if __name__ == "__main__":
    from procrastinate.cli import main

    # The engine finds the app by its name; this module runs as __main__.
    sys.argv[1:] = ["--app=__main__.app", "worker", "--concurrency", "4"]
    main()  # type: ignore[no-untyped-call]
