"""``pricing-sync up``: everything on one machine with one command, until it is told to stop.

A database (embedded, unless DATABASE_URL names one), the migrations, the web process and a worker
as child processes, and a first sync whose progress it shows.
"""

from __future__ import annotations

import http.client
import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from uuid import UUID

import psycopg

from service.calls.credentials import report_credentials_of_worker_to_come
from service.calls.jobs import (
    PATIENCE_SECONDS,
    ProviderSync,
    follow_job,
    missing_credentials,
    workers_alive,
)
from service.database_address.address import DatabaseAddress
from service.embedded.embedded_postgres import EmbeddedPostgres
from service.environment.secret_files import naming_variable
from service.errors import DatabaseUnavailable, UpFailed
from service.migrations.migrate import migrate
from service.postgres.connect import connect
from service.settings import Settings
from service.terminal.output import Terminal, without
from service.terminal.progress import Progress, show_summary, tell_of_unasked
from service.up.admin_key import FILE as KEY_FILE
from service.up.admin_key import kept_admin_key
from service.up.children import Child, stop_children
from service.up.first_sync import first_groups, trigger_group
from service.up.instance import Instance
from service.up.logins import login_address, make_logins
from service.up.ports import free_port, reachable_host, web_address
from service.up.stopping import StopRequested, StopSignals

Answer = TypeVar("Answer")

PROGRAM = "pricing-sync"

READY_SECONDS = 30.0
WATCH_SECONDS = 0.2
PROBE_SECONDS = 2.0
# An embedded server that recovers from a crash needs a moment.
PROBES = 2
# A child that dies this often in a row, before the first sync has ended, will not get well.
FAILURES = 4

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
    """Run it; returns the exit status. However it ends, nothing that it started goes on."""
    terminal = Terminal(sys.stderr if as_json else sys.stdout)
    is_settled = False
    with StopSignals() as signals:
        try:
            with Up(settings, terminal, signals) as running:
                running.start()
                syncs = running.first_sync()
                if as_json:
                    Terminal(sys.stdout).json([without(sync, *NOT_IN_SUMMARY) for sync in syncs])
                    sys.stdout.flush()
                else:
                    show_summary(terminal, syncs, _our_command())
                    running.tell_of_unasked()
                if once:
                    return 0 if any(sync.status == "success" for sync in syncs) else 1
                running.show_address()
                is_settled = True
                running.stay()
        except StopRequested as stop:
            return 0 if is_settled else stop.exit_status
    raise AssertionError("unreachable")


class Up:
    """What runs, in the order in which it is started; the end is the other way round."""

    def __init__(self, settings: Settings, terminal: Terminal, signals: StopSignals) -> None:
        self._settings = settings
        self._say = terminal.say
        self._terminal = terminal
        self._signals = signals
        self._instance = Instance(settings.data_dir)
        self._embedded: EmbeddedPostgres | None = None
        self._known: DatabaseAddress | None = None
        self._admin_key = ""
        self._port = settings.port
        self._children: list[Child] = []
        self._groups: list[list[str]] = []
        self._first_job: UUID | None = None
        self._probed_at = 0.0
        self._failed_probes = 0

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

    def start(self) -> None:
        """Return when the web process is ready for requests."""
        self._instance.take()
        self._start_database()
        applied = migrate(self._address).applied
        if self._embedded is not None:
            self._ask(make_logins)
        if applied:
            self._say(f"Migrated the database: {len(applied)} steps applied.")
        key = self._settings.admin_key
        self._admin_key = (
            kept_admin_key(self._settings.data_dir) if key is None else key.get_secret_value()
        )
        self._ask(report_credentials_of_worker_to_come)
        self._groups = self._ask(first_groups)
        if self._groups:
            # Before there is a worker, whose schedule would enqueue the same providers.
            self._first_job = self._ask(partial(trigger_group, providers=self._groups[0]))
        self._start_children()
        self._wait_until_ready()

    def first_sync(self) -> list[ProviderSync]:
        """Follow the job that waits for the worker, and then trigger the next one."""
        self._say("First sync of all providers:")
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
                for _, found in follow_job(self._address, job_id, self._tend_at_first):
                    syncs = [sync for sync in found if sync.provider in group]
                    progress.update([*ended, *syncs, *waiting])
                    self._tend_at_first()
                    if all(sync.status == "queued" for sync in syncs):
                        self._require_worker(asked)
                ended += syncs
                job_id = None
        return ended

    def tell_of_unasked(self) -> None:
        tell_of_unasked(self._terminal, self._ask(missing_credentials))

    def show_address(self) -> None:
        key_file = shlex.quote(str(self._settings.data_dir / KEY_FILE))
        is_kept = self._settings.admin_key is None
        key = f"$(cat {key_file})" if is_kept else _given("PRICING_ADMIN_KEY")
        database = self._address.url() if self._embedded else _given("DATABASE_URL")
        address = web_address(self._settings.host, self._port)
        self._say()
        self._say(f"Ready at    {address}", style="bold")
        named = naming_variable("PRICING_ADMIN_KEY", os.environ)
        self._say(f"Admin key   {key_file if is_kept else named}")
        self._say(f"Trigger     curl -X POST {address}/admin/pricing/scheduler/trigger \\")
        self._say(f'                 -H "Authorization: Bearer {key}"')
        self._say(f"Prices      {_our_command()} models")
        self._say(f'SQL         psql "{database}"')
        self._say(f"Logs        {shlex.quote(str(self._settings.data_dir / 'logs'))}")
        self._say("Ctrl-C stops everything.")

    def stay(self) -> None:
        """Watch over it until a signal comes."""
        while True:
            self._tend()
            time.sleep(WATCH_SECONDS)

    @property
    def _address(self) -> DatabaseAddress:
        if self._known is None:
            raise RuntimeError("the database is not started yet")
        return self._known

    def _start_database(self) -> None:
        if self._settings.database_url is not None:
            self._known = self._settings.database_url
            return
        data_dir = self._settings.data_dir
        self._say(f"Starting the embedded Postgres in {data_dir} ...")
        self._embedded = EmbeddedPostgres(data_dir)
        with self._signals.held():
            url = self._embedded.start()
        self._known = DatabaseAddress.from_text("DATABASE_URL", url)
        self._instance.publish(url)

    def _start_children(self) -> None:
        logs = self._settings.data_dir / "logs"
        self._children = [
            Child("serve", _log(logs, "web"), self._web_environment),
            Child("worker", _log(logs, "worker"), self._environment),
        ]
        for child in self._children:
            with self._signals.held():
                child.start()

    def _environment(self) -> Mapping[str, str]:
        """What the children get to know; by environment, where other users cannot read it."""
        environment = {"DATABASE_URL": self._address.url(), "PRICING_ADMIN_KEY": self._admin_key}
        if self._embedded is not None:
            environment |= {
                "PRICING_WEB_DATABASE_URL": login_address(self._address, "pricing_web").url(),
                "PRICING_WORKER_DATABASE_URL": login_address(self._address, "pricing_worker").url(),
            }
        return environment

    def _web_environment(self) -> Mapping[str, str]:
        """Asked at every start, because somebody else may have taken the port in between."""
        port = free_port(self._settings.host, self._port)
        if port != self._port:
            self._say(f"Port {self._port} is taken: the web process listens on {port}.")
            self._port = port
        return {**self._environment(), "PRICING_PORT": str(port)}

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        web = self._children[0]
        while not self._is_ready():
            self._tend_at_first()
            if time.monotonic() > deadline:
                self._fail(web, f"The web process is not ready after {READY_SECONDS:g} s.")
            time.sleep(0.05)

    def _require_worker(self, asked: float) -> None:
        """Behind somebody else's lock a sync may wait for long; for a worker it must not."""
        if time.monotonic() - asked > READY_SECONDS and not self._ask(workers_alive):
            self._fail(
                self._children[1], f"No worker took the first sync within {READY_SECONDS:g} s."
            )

    def _is_ready(self) -> bool:
        web = self._children[0].process
        if web is None or web.poll() is not None:
            return False
        connection = http.client.HTTPConnection(
            reachable_host(self._settings.host), self._port, timeout=2
        )
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _ask(self, question: Callable[[psycopg.Connection], Answer]) -> Answer:
        """Ask the database; again while our own one is being started again."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with connect(self._address, autocommit=True) as connection:
                    return question(connection)
            except DatabaseUnavailable:
                if self._embedded is None or time.monotonic() > deadline:
                    raise
            self._tend_at_first()
            time.sleep(WATCH_SECONDS)

    def _tend_at_first(self) -> None:
        """Until the first sync has ended, somebody waits for an answer: no endless tries."""
        self._tend(patience=FAILURES)

    def _tend(self, patience: int | None = None) -> None:
        """Start again what has died. ``patience``: how often in a row before giving up."""
        self._probe_database()
        for child in self._children:
            with self._signals.held():
                news = child.check()
            if news is None:
                continue
            if patience is not None and child.failures >= patience:
                self._fail(child, f"The {child.name} ends again and again.")
            self._say(news, style="yellow")

    def _probe_database(self) -> None:
        """The embedded server is ours to start again; nobody else would."""
        if self._embedded is None or time.monotonic() - self._probed_at < PROBE_SECONDS:
            return
        self._probed_at = time.monotonic()
        try:
            connect(self._address).close()
            self._failed_probes = 0
        except DatabaseUnavailable:
            self._failed_probes += 1
        if self._failed_probes >= PROBES:
            self._say("The embedded Postgres does not answer; it is started again.", style="yellow")
            with self._signals.held():
                self._embedded.stop()
                self._embedded.start()
            self._failed_probes = 0

    def _fail(self, child: Child, message: str) -> None:
        for line in child.last_lines():
            self._say(f"  {line}")
        raise UpFailed(message, hint=f"Its log is {child.log}; the lines above are its last.")

    def _stop(self) -> None:
        # Whatever fails, the next one is stopped all the same; the last callback comes first.
        with ExitStack() as steps:
            steps.callback(self._instance.release)
            if self._embedded is not None:
                steps.callback(self._embedded.stop)
            steps.callback(stop_children, self._children)
            if self._children or (self._embedded is not None and self._embedded.url):
                # Whoever read our output may be gone: that can be why we stop.
                with suppress(OSError, SystemExit):
                    self._say("Stopping ...")


def _log(directory: Path, name: str) -> Path:
    return directory / f"{name}.log"


def _given(variable: str) -> str:
    """What a shell with our environment puts between double quotes for a secret."""
    named = naming_variable(variable, os.environ)
    return f"${variable}" if named == variable else f"$(cat ${named})"


def _our_command() -> str:
    """How a person calls us from here: in a virtual environment that may not be active."""
    if shutil.which(PROGRAM):
        return PROGRAM
    beside = Path(sys.executable).with_name(PROGRAM)
    if not beside.exists():
        return "python -m service"
    here = Path.cwd()
    return shlex.quote(str(beside.relative_to(here) if beside.is_relative_to(here) else beside))
