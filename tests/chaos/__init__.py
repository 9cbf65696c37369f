"""Chaos: web, workers and Postgres under load while they are killed, stopped and cut off.

``make chaos`` runs it for 20 minutes; ``test_chaos.py`` is the short form. What is done is drawn
from a seed (``plan.py``), what must hold afterwards is read from the tables (``invariants/``).
"""
