"""pricing-sync: the prices of LLM providers, with their history, in your own Postgres."""

from __future__ import annotations

__version__ = "0.10.0"
