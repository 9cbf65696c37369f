"""How long a provider is waited for: each wait has an end well before the sync's own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import httpx2


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds.

    ``connect``: name and connection, and again the TLS handshake. ``silence``: without a byte.
    ``headers``: from the request to the end of its answer's headers. ``one_try``: with redirects
    and the last byte of the body. ``fetch``: all tries, and the pauses between them.
    """

    connect: float = 3.0
    silence: float = 15.0
    headers: float = 15.0
    one_try: float = 30.0
    fetch: float = 120.0

    def within(self, seconds: float | None) -> Deadlines:
        """Those of a sync that may take these seconds: one fetch takes half of them at most."""
        if seconds is None:
            return self
        fetch = min(self.fetch, seconds / 2)
        return replace(self, fetch=fetch, one_try=min(self.one_try, fetch))


DEADLINES = Deadlines()


def timeouts_of(deadlines: Deadlines) -> httpx2.Timeout:
    """What the library itself waits for: one operation on the socket."""
    return httpx2.Timeout(
        connect=deadlines.connect,
        read=deadlines.silence,
        write=deadlines.silence,
        pool=deadlines.one_try,
    )
