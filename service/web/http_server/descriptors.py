"""Limit connections by file descriptors, and raise the limit of open files."""

from __future__ import annotations

import logging
import resource

from service.errors import SettingsError

logger = logging.getLogger(__name__)

# For files, libraries, and connections that are closing.
RESERVED = 64
LEAST = 16


def connection_limit(wanted: int, *, of_database: int) -> int:
    """``wanted``, or fewer if the limit of open files, raised as far as possible, allows fewer.

    ``of_database``: connections to Postgres, doubled because a new pool may overlap the old one.
    SettingsError below LEAST connections.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    reserved = RESERVED + 2 * of_database
    needed = wanted + reserved
    if soft != resource.RLIM_INFINITY and soft < needed:
        raised = needed if hard == resource.RLIM_INFINITY else min(hard, needed)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
            soft = raised
        except (OSError, ValueError):
            # Some systems have another, lower limit.
            pass
    room = wanted if soft == resource.RLIM_INFINITY else soft - reserved
    if room < LEAST:
        raise SettingsError(
            f"The process may open {soft} files, and needs {reserved + LEAST}.",
            hint="Raise the limit: ulimit -n, LimitNOFILE= of systemd, ulimits of compose.",
        )
    if room < wanted:
        logger.warning(
            "PRICING_MAX_CONNECTIONS is %d, but the process may open %d files: %d connections",
            wanted,
            soft,
            room,
        )
    return min(wanted, room)
