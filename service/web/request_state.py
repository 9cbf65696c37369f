"""What the server knows of a request while the application answers it, and the other way round."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.types import Scope

_FATE = "pricing.fate"


@dataclass(slots=True)
class Fate:
    """``is_over``: what the application says from now on reaches nobody. ``told``: the status that
    the server has sent in its place. ``has_key``: a right key was shown.
    """

    is_over: bool = False
    told: int | None = None
    has_key: bool = False
    task: asyncio.Task[None] | None = None

    def give_up(self) -> None:
        """End the work on the answer too: nothing that was asked without a key needs its end."""
        if self.task is not None and not self.has_key:
            self.task.cancel()


def fate_of(scope: Scope) -> Fate:
    fate: Fate = scope.setdefault(_FATE, Fate())
    return fate
