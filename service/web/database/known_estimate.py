"""The last estimate of how long a job takes, for sync requests that follow each other closely."""

from __future__ import annotations

import time

# It comes of the last 20 completed jobs, and to read them costs a fifth of a sync request.
KEPT_SECONDS = 1.0


class KnownEstimate:
    def __init__(self) -> None:
        self._text: str | None = None
        self._read_at = 0.0

    def recent(self) -> str | None:
        """The estimate that was read within the last second; None: it is to be read."""
        is_recent = time.monotonic() - self._read_at < KEPT_SECONDS
        return self._text if is_recent else None

    def note(self, text: str) -> None:
        """The database said so just now."""
        self._text, self._read_at = text, time.monotonic()
