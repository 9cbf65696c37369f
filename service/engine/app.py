"""procrastinate's App, extended: its worker lives on through restarts of Postgres and its own.

Also when the procrastinate command line starts it. Nothing is patched: it is a subclass.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

from procrastinate import App

from service.engine.connector import PricingConnector
from service.engine.job_manager import SYNC_TASK, PricingJobManager
from service.engine.supervisor import Supervisor
from service.errors import SettingsError
from service.logs import escape_other_formats

logger = logging.getLogger(__name__)

WorkerContext = AbstractAsyncContextManager[dict[str, Any]]


class PricingApp(App):
    """A procrastinate App whose worker lives on: through restarts of Postgres and its own.

    ``worker_context`` opens what the tasks of one worker share; they find it in their context.
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

    async def run_worker_async(self, **kwargs: Any) -> None:
        """Run a worker until SIGTERM or SIGINT; with ``wait=False``, until nothing waits.

        Raises WorkerGaveUp when it ended again and again, SyncsLeft when it was stopped and could
        not write the end of what it ran, and SettingsError where waiting does not help.
        """
        escape_other_formats()
        self.perform_import_paths()  # type: ignore[no-untyped-call]
        self._require_work(kwargs)
        async with self._worker_context() as shared:
            options = {**kwargs, "additional_context": shared}
            await Supervisor(self.database, self.job_manager, self._worker, options).run()

    def _require_work(self, options: dict[str, Any]) -> None:
        # Whoever takes no syncs counts as alive all the same, and they would wait without a word.
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
