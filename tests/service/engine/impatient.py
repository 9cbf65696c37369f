"""``python -m tests.service.engine.impatient service|procrastinate``: a worker with short waits."""

from __future__ import annotations

import sys

from service.engine import supervisor
from service.postgres import listener

supervisor.MOST_FAILURES = 3
supervisor.LONGEST_BACKOFF_SECONDS = 0.5
listener.PROBE_EVERY_SECONDS = 1
listener.PROBE_ANSWER_SECONDS = 1

if __name__ == "__main__":
    program = sys.argv[1]
    if program == "service":
        sys.argv[1:] = ["worker"]
        from service.cli.main import main
    else:
        sys.argv[1:] = ["--app=service.worker.app", "worker"]
        from procrastinate.cli import main
    main()
