"""Run ``migrate`` in a process. Arguments: URL, number of parts until it is killed (0: never)."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys

from service.migrations.migrate import migrate


class Killer(logging.Handler):
    """Sends SIGKILL right after the commit of the n-th part."""

    def __init__(self, parts: int) -> None:
        super().__init__()
        self.left = parts

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith("applied "):
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    logger = logging.getLogger("service.migrations")
    logger.setLevel(logging.INFO)
    logger.addHandler(Killer(int(sys.argv[2])))
    print(json.dumps(migrate(sys.argv[1]).applied))
