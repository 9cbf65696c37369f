"""Other queues in Postgres: the engine as it comes, and those that are installed.

Each runs its worker in a process of its own (``python -m service.bench.peers.queue_worker``), and
its task writes when its handler was entered.
"""

from __future__ import annotations

from importlib.util import find_spec

STOCK, PGQUEUER, OBAN = "procrastinate as it comes", "pgqueuer", "oban"
MODULES = {STOCK: "procrastinate", PGQUEUER: "pgqueuer", OBAN: "oban"}


def installed_peers() -> list[str]:
    return [name for name, module in MODULES.items() if find_spec(module) is not None]


def missing_note() -> str:
    """What the report says of peers that are not installed; empty if all are."""
    missing = [name for name in MODULES if name not in installed_peers()]
    return f"not installed, so not beside it: {', '.join(missing)}" if missing else ""
