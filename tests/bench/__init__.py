"""Benchmarks, run by ``make bench`` and never by the tests. Each prints the figures of one run."""
