"""Declares the worker's app and its tasks, for procrastinate's command line.

``procrastinate --app=service.worker.app worker|defer|healthchecks|shell``.
"""

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


# Without any periodic task the engine's worker goes on when its heartbeat fails, and does not
# LISTEN again after a restart of Postgres. So there is one, once a year, which does nothing.
@app.periodic(cron="0 0 1 1 *")
@app.task(name="pricing_keep_alive", queue="pricing")
async def keep_alive(timestamp: int) -> None:
    """Do nothing."""
