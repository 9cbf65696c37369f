"""State of one request that the server's protocol and the ASGI application share."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.types import Scope

_STATE = "pricing.request_state"


@dataclass(slots=True)
class RequestState:
    """``is_abandoned``: the client is gone; what the application still sends is dropped.
    ``sent_status``: the status that the server sent in the application's place.
    ``has_key``: the request showed a valid key.
    ``job_id``: the job that it made or asked for, once the database has said that there is one.
    """

    is_abandoned: bool = False
    sent_status: int | None = None
    has_key: bool = False
    job_id: str | None = None
    task: asyncio.Task[None] | None = None

    def cancel_unauthenticated(self) -> None:
        """Cancel the application's task, unless the request showed a key: that one may write."""
        if self.task is not None and not self.has_key:
            self.task.cancel()


def request_state_of(scope: Scope) -> RequestState:
    state: RequestState = scope.setdefault(_STATE, RequestState())
    return state
