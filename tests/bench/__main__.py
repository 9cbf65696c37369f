"""``make bench``: every benchmark of this version, one after the other; ``speed`` compares two."""

import sys

from tests.bench import backlog, latency, speed

if sys.argv[1:2] == ["speed"]:
    speed.main(sys.argv[2:])
else:
    latency.main()
    backlog.main()
