"""``pricing-sync up``: everything on one machine with one command, until a signal stops it.

A database (embedded, unless DATABASE_URL names one), the migrations, the web process and a worker
as child processes, and a first sync whose progress it shows.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from types import TracebackType
from typing import Self, TypeVar
from uuid import UUID

import psycopg

from service.calls.credentials import report_credentials_of_next_worker
from service.calls.jobs import ProviderSync, follow_job, missing_credentials
from service.migrations.migrate import migrate
from service.settings import Settings
from service.terminal.output import Terminal, without
from service.terminal.progress import Progress, show_summary, tell_missing_credentials
from service.up.admin_key import kept_admin_key
from service.up.child_group import ChildGroup
from service.up.client_login import client_password, client_url, set_client_password
from service.up.first_sync import first_groups, told_next_sync, trigger_group
from service.up.instance import Instance
from service.up.logins import has_logins, make_logins
from service.up.ready_message import program_command, show_address
from service.up.stopping import StopRequested, StopSignals
from service.up.up_database import UpDatabase

T = TypeVar("T")

WATCH_SECONDS = 0.2

# The columns of `--json` are these; anything else is on stderr then.
NOT_IN_SUMMARY = (
    "attempt",
    "models_unchanged",
    "error_kind",
    "sync_started_at",
    "differences_total",
    "differences",
)


def up(settings: Settings, *, once: bool, as_json: bool) -> int:
    """Run it; returns the exit status. However it ends, every process that it started ends too."""
    terminal = Terminal(sys.stderr if as_json else sys.stdout)
    is_started = False
    with StopSignals() as signals:
        try:
            with Up(settings, terminal, signals) as running:
                running.start(only_due=not once)
                if not once:
                    running.show_address()
                    is_started = True
                syncs = running.first_sync()
                if as_json:
                    Terminal(sys.stdout).json([without(sync, *NOT_IN_SUMMARY) for sync in syncs])
                    sys.stdout.flush()
                elif syncs:
                    show_summary(terminal, syncs, program_command())
                    running.tell_missing_credentials()
                if once:
                    return 0 if any(sync.status == "success" for sync in syncs) else 1
                terminal.say("Ctrl-C stops everything.")
                running.stay()
        except StopRequested as stop:
            return 0 if is_started else stop.exit_status
    raise AssertionError("unreachable")


class Up:
    """What runs, in the order in which it is started; it is stopped in the reverse order."""

    def __init__(self, settings: Settings, terminal: Terminal, signals: StopSignals) -> None:
        self._settings = settings
        self._say = terminal.say
        self._terminal = terminal
        self._signals = signals
        self._instance = Instance(settings.data_dir)
        self._database = UpDatabase(settings, terminal, signals)
        self._children = ChildGroup(settings, terminal, signals, self._database)
        self._groups: list[list[str]] = []
        self._first_job: UUID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._signals.ignore()
        finally:
            self._stop()

    def start(self, *, only_due: bool) -> None:
        """Return when the web process is ready for requests.

        ``only_due``: the first sync leaves out providers whose next sync is not due yet.
        """
        self._instance.take()
        self._children.require_port()
        embedded_url = self._database.start()
        if embedded_url is not None:
            self._instance.publish(embedded_url)
        key = self._settings.admin_key
        admin_key = (
            kept_admin_key(self._settings.data_dir) if key is None else key.get_secret_value()
        )
        is_made = self._database.is_embedded and self._ask(has_logins)
        if is_made:
            # Beside the migration, which takes as long as the web process to start.
            self._children.start_web(admin_key)
        applied = migrate(self._database.address).applied
        if self._database.is_embedded:
            self._ask(make_logins)
            self._let_clients_in(embedded_url)
        if applied:
            self._say(f"Migrated the database: {len(applied)} steps applied.")
        self._ask(report_credentials_of_next_worker)
        self._groups = self._ask(partial(first_groups, only_due=only_due))
        if self._groups:
            # Before there is a worker, whose schedule would enqueue the same providers.
            self._first_job = self._ask(partial(trigger_group, providers=self._groups[0]))
        if not is_made:
            self._children.start_web(admin_key)
        self._children.start_worker()
        self._children.wait_until_ready()

    def _let_clients_in(self, embedded_url: str | None) -> None:
        port = self._database.client_port
        if port is not None:
            password = client_password(self._settings.data_dir)
            self._ask(partial(set_client_password, password=password))
            self._instance.publish(embedded_url, client_url(password, port))

    def first_sync(self) -> list[ProviderSync]:
        """Follow the job that waits for the worker, and then trigger the next one."""
        if not self._groups:
            self._say(self._ask(told_next_sync))
            return []
        count = sum(map(len, self._groups))
        self._say(f"First sync of {count} provider{'' if count == 1 else 's'}:")
        ended: list[ProviderSync] = []
        groups, job_id = list(self._groups), self._first_job
        with Progress(self._terminal) as progress:
            while groups:
                group = groups.pop(0)
                if job_id is None:
                    trigger = partial(trigger_group, providers=group, after=self._first_job)
                    job_id = self._ask(trigger)
                waiting = [ProviderSync(each, "queued") for later in groups for each in later]
                syncs: list[ProviderSync] = []
                asked = time.monotonic()
                tend = self._children.tend_during_first_sync
                for _, found in follow_job(self._database.address, job_id, tend):
                    syncs = [sync for sync in found if sync.provider in group]
                    progress.update([*ended, *syncs, *waiting])
                    tend()
                    if all(sync.status == "queued" for sync in syncs):
                        self._children.require_worker(asked)
                ended += syncs
                job_id = None
        return ended

    def tell_missing_credentials(self) -> None:
        tell_missing_credentials(self._terminal, self._ask(missing_credentials))

    def show_address(self) -> None:
        show_address(self._terminal, self._settings, self._database, self._children.port)

    def stay(self) -> None:
        """Restart what ends, until a signal comes."""
        while True:
            self._children.tend()
            time.sleep(WATCH_SECONDS)

    def _ask(self, question: Callable[[psycopg.Connection], T]) -> T:
        return self._database.ask(question, self._children.tend_during_first_sync)

    def _stop(self) -> None:
        # Each step runs even when an earlier one fails; the last callback runs first.
        with ExitStack() as steps:
            steps.callback(self._instance.release)
            steps.callback(self._database.stop)
            steps.callback(self._children.stop)
            if self._children or self._database.is_running_embedded:
                # The reader of our output may be gone: that can be why this process stops.
                with suppress(OSError, SystemExit):
                    self._say("Stopping ...")
