"""Bounds each wait for a provider, well within the sync's own timeout."""

from __future__ import annotations

from dataclasses import dataclass, replace

import httpx2


@dataclass(frozen=True, slots=True)
class Deadlines:
    """All in seconds.

    ``connect``: name look-up and connection, and again the TLS handshake. ``silence``: time without
    a byte. ``headers``: from the request to the end of the response's headers. ``one_try``: one try
    with its redirects, to the last byte of the body. ``fetch``: all tries and their pauses.
    """

    connect: float = 3.0
    silence: float = 15.0
    headers: float = 15.0
    one_try: float = 30.0
    fetch: float = 120.0

    def within(self, seconds: float | None) -> Deadlines:
        """The deadlines of a sync with this timeout: one fetch takes half of it at most."""
        if seconds is None:
            return self
        fetch = min(self.fetch, seconds / 2)
        return replace(self, fetch=fetch, one_try=min(self.one_try, fetch))


DEADLINES = Deadlines()


def timeouts_of(deadlines: Deadlines) -> httpx2.Timeout:
    """The library's timeouts, which bound single operations on the socket."""
    return httpx2.Timeout(
        connect=deadlines.connect,
        read=deadlines.silence,
        write=deadlines.silence,
        pool=deadlines.one_try,
    )
