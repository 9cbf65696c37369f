"""The worker: ``procrastinate --app=service.worker.app worker|defer|healthchecks|shell``."""

from __future__ import annotations

from procrastinate import JobContext

from service.engine.app import PricingApp
from service.engine.connector import PricingConnector
from service.engine.job_manager import SYNC_TASK
from service.sync.fetch_list import sync_tools
from service.sync.run import run_provider_sync

app = PricingApp(connector=PricingConnector(), worker_context=sync_tools)


@app.task(name=SYNC_TASK, queue="pricing", pass_context=True)
async def sync_provider(context: JobContext, provider: str, job_id: str | None = None) -> None:
    """Sync the prices of one provider. The database adds the job, the lock and the log row."""
    await run_provider_sync(app, context)


# With no periodic task at all, the engine's worker outlives its own heartbeat, and does not set up
# LISTEN again after a restart of Postgres. So there is one, once a year, and it does nothing.
@app.periodic(cron="0 0 1 1 *")
@app.task(name="pricing_keep_alive", queue="pricing")
async def keep_alive(timestamp: int) -> None:
    """Do nothing."""
