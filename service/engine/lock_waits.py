"""Say which waiting syncs cannot start because a session holds their rows, and who it is."""

from __future__ import annotations

from service.engine.job_manager import PricingJobManager
from service.postgres.retry import ThrottledWarning

MOST_NAMES = 10


class LockWaits:
    """Asked for every few seconds; the database is asked only while the worker finds nothing to do.

    Other workers hold rows for a moment: only what one transaction holds at two looks is told of.
    """

    def __init__(self, job_manager: PricingJobManager) -> None:
        self._job_manager = job_manager
        self._warning = ThrottledWarning()
        self._seen: set[str] = set()

    async def look(self) -> None:
        if not self._job_manager.fetched_nothing:
            self._seen.clear()
            return
        rows = await self._job_manager.connector.execute_query_all_async(
            "select providers, transaction_id, holder from public.pricing_locked_syncs()"
        )
        lasting = [row for row in rows if row["transaction_id"] in self._seen]
        self._seen = {row["transaction_id"] for row in rows}
        if lasting:
            self._warning.warn(
                "syncs wait and cannot start: %s",
                "; ".join(f"{_names(row['providers'])}: {row['holder']}" for row in lasting),
            )


def _names(providers: list[str]) -> str:
    more = len(providers) - MOST_NAMES
    return ", ".join(providers[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
