"""``make bench``: every benchmark, one after the other."""

from tests.bench import backlog, latency

latency.main()
backlog.main()
