"""Run every benchmark of this version in turn (``make bench``); ``pages`` measures HTTP on a large
database, ``speed`` compares two versions."""

import sys

from tests.bench import backlog, latency, pages, speed

if sys.argv[1:2] == ["speed"]:
    speed.main(sys.argv[2:])
elif sys.argv[1:2] == ["pages"]:
    pages.main(sys.argv[2:])
else:
    latency.main()
    backlog.main()
