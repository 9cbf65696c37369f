"""Read whether each provider's prices were confirmed in time, for callers without a key."""

from __future__ import annotations

from service.web.database.shared_answer import SharedAnswer
from service.web.database.web_database import WebDatabase
from service.web.responses.provider_responses import Freshness, FreshnessAnswer

ANSWER_SECONDS = 5.0
# Callers without a key may ask at any rate, and the query reads every model.
KEPT_SECONDS = 5.0

FRESHNESS = """
select provider, state, is_fresh, last_success_at, age_seconds, interval_seconds, due_at,
       models_priced, reason
from public.pricing_freshness
order by provider
"""


class FreshnessReport:
    def __init__(self, database: WebDatabase) -> None:
        self._database = database
        self._shared = SharedAnswer(self._ask, kept_seconds=KEPT_SECONDS)

    async def answer(self) -> FreshnessAnswer | None:
        """None if the database does not answer in time; HttpError if it is away."""
        return await self._shared.get(ANSWER_SECONDS)

    async def stop(self) -> None:
        await self._shared.stop()

    async def _ask(self) -> FreshnessAnswer:
        rows = [dict(row) for row in await self._database.rows(FRESHNESS)]
        providers = {row.pop("provider"): Freshness.model_validate(row) for row in rows}
        stale = [slug for slug, each in providers.items() if each.is_fresh is False]
        return FreshnessAnswer(status="stale" if stale else "ok", stale=stale, providers=providers)
