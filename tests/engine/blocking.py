"""``python -m tests.engine.blocking``: a worker with a task that blocks the event loop."""

from __future__ import annotations

import sys
import time

from service.worker import app

# Much longer than the lease.
BLOCK_SECONDS = 8


@app.task(name="block", queue="other")
async def block() -> None:
    print("blocks the event loop", flush=True)
    time.sleep(BLOCK_SECONDS)


if __name__ == "__main__":
    from procrastinate.cli import main

    # Found again by its name: this module runs as __main__.
    sys.argv[1:] = ["--app=__main__.app", "worker", "--concurrency", "4"]
    main()  # type: ignore[no-untyped-call]
