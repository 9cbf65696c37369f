"""Run every benchmark of this version in turn (``make bench``); ``speed`` compares two versions."""

import sys

from tests.bench import backlog, latency, speed

if sys.argv[1:2] == ["speed"]:
    speed.main(sys.argv[2:])
else:
    latency.main()
    backlog.main()
