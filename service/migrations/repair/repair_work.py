"""What one repair has done, lost and refused."""

from __future__ import annotations

from uuid import UUID


class RepairWork:
    """One repair: what is made again, what is lost, what cannot be made."""

    def __init__(self, after: RepairWork | None = None) -> None:
        self.repaired: list[str] = list(after.repaired) if after else []
        self.mended: list[str] = list(after.mended) if after else []
        self.lost: list[str] = list(after.lost) if after else []
        self.refused: dict[str, str] = {}
        self.made: set[str] = set(after.made) if after else set()
        self.jobs: list[UUID] = list(after.jobs) if after else []
        self.is_whole = False
