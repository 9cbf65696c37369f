"""Run the long form (``make chaos``); ``--seed`` and ``--seconds`` choose another run."""

from __future__ import annotations

import argparse
import signal
import sys
import time

from tests.chaos.plan import ROUNDS
from tests.chaos.run import LONG_SECONDS, run

parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--seconds", type=float, default=LONG_SECONDS)
parser.add_argument("--faults", choices=ROUNDS, default="all")
arguments = parser.parse_args()

# SIGTERM ends the run in order, with every process that it started.
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
started = time.monotonic()
report = run(arguments.seed, arguments.seconds, arguments.faults)
print(report)
print(f"took {time.monotonic() - started:.0f} s in all")
sys.exit(0 if report.is_clean else 1)
