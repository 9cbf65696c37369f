"""A subclass of procrastinate's App whose worker survives restarts of Postgres and its own.

The procrastinate command line gets the same worker.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

from procrastinate import App

from service.engine.connector import PricingConnector
from service.engine.engine_worker import PricingWorker
from service.engine.job_manager import SYNC_TASK, PricingJobManager
from service.engine.supervisor import Supervisor
from service.errors import SettingsError
from service.logs import format_as_set
from service.settings import read_settings

logger = logging.getLogger(__name__)

WorkerContext = AbstractAsyncContextManager[dict[str, Any]]


class PricingApp(App):
    """Runs its worker under a Supervisor.

    ``worker_context`` opens what the tasks of one worker share; a task finds it in
    ``context.additional_context``.
    """

    def __init__(
        self,
        *,
        connector: PricingConnector,
        worker_context: Callable[[], WorkerContext] = lambda: nullcontext({}),
        **kwargs: Any,
    ) -> None:
        super().__init__(connector=connector, **kwargs)
        self.database = connector
        self.job_manager: PricingJobManager = PricingJobManager(connector)
        self._worker_context = worker_context

    def _worker(self, **kwargs: Any) -> PricingWorker:
        return PricingWorker(app=self, **{**self.worker_defaults, **kwargs})

    async def run_worker_async(self, **kwargs: Any) -> None:
        """Run a worker until SIGTERM or SIGINT; with ``wait=False``, until the queue is empty.

        Raises WorkerGaveUp after too many failures in a row, SyncsLeft when a stop could not write
        the end of each running sync, and SettingsError where waiting does not help.
        """
        format_as_set(read_settings().log_format)
        self.perform_import_paths()  # type: ignore[no-untyped-call]
        self._require_work(kwargs)
        async with self._worker_context() as shared:
            options = {**kwargs, "additional_context": shared}
            await Supervisor(self.database, self.job_manager, self._worker, options).run()

    def _require_work(self, options: dict[str, Any]) -> None:
        # Such a worker would count as alive, and syncs would wait without an error.
        if options.get("concurrency", 1) < 1:
            raise SettingsError(
                f"A worker with a concurrency of {options['concurrency']} would take nothing.",
                hint="Give it 1 or more.",
            )
        queues = options.get("queues")
        if queues and SYNC_TASK in self.tasks and self.tasks[SYNC_TASK].queue not in queues:
            logger.warning(
                "This worker takes no provider syncs: its queues are %s.", ", ".join(queues)
            )
