"""Chaos: web, workers and Postgres under load while they are killed, stopped and cut off.

``make chaos`` runs it for 20 minutes; ``test_chaos.py`` is the short form. A seed determines the
faults (``plan.py``); the tables show whether the invariants hold (``invariants/``).
"""
