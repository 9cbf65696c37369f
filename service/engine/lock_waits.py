"""Warns of queued syncs that cannot start because a session locks their rows, and names it."""

from __future__ import annotations

from service.engine.job_manager import PricingJobManager
from service.postgres.retry import ThrottledWarning

MOST_NAMES = 10
# Without news no row has come that could be locked. A notification may be lost, so one check in six
# is made all the same.
MOST_SKIPPED_CHECKS = 5


class LockWaits:
    """Checked every few seconds; queries the database only while the worker has nothing to do, and
    seldom when nothing has come since the last query.

    Other workers lock rows for a moment, so a lock counts only when the same transaction has it
    at two checks in a row.
    """

    def __init__(self, job_manager: PricingJobManager) -> None:
        self._job_manager = job_manager
        self._warning = ThrottledWarning()
        self._seen: set[str] = set()
        self._news: int | None = None
        self._skipped = 0

    async def check(self) -> None:
        if not self._job_manager.fetched_nothing:
            self._seen.clear()
            return
        news = self._job_manager.news
        may_skip = news is not None and news == self._news and not self._seen
        if may_skip and self._skipped < MOST_SKIPPED_CHECKS:
            self._skipped += 1
            return
        self._news, self._skipped = news, 0
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
