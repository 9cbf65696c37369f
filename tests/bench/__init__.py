"""Benchmarks: run by ``make bench``, never by the tests. Each prints figures of one run."""
