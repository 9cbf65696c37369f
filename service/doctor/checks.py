"""All checks, in order, within a few seconds, whatever the database does."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from datetime import timedelta

import psycopg

from service.database_address.address import DatabaseAddress
from service.doctor.api_readers import READERS, check_readers
from service.doctor.background_query import BackgroundQuery, Deadline
from service.doctor.check_result import CheckResult, fail, failed, not_checked
from service.doctor.configuration import (
    CONFIGURATION,
    Process,
    check_configuration,
    look_for,
    processes,
)
from service.doctor.counted_models import COUNTS, check_counts, read_miscounts
from service.doctor.facts import Facts, read_facts
from service.doctor.held_changes import HELD, check_held
from service.doctor.login_session import Session, open_session
from service.doctor.prices import PRICES, check_prices, read_unrecorded_prices
from service.doctor.process_login import LISTEN, POOLER, check_listen, check_pooler, check_rights
from service.doctor.provider_addresses import ADDRESSES, check_addresses
from service.doctor.providers import PROVIDERS, check_providers
from service.doctor.queue import (
    STUCK,
    WAITING,
    WORKERS,
    check_stuck,
    check_waiting,
    check_workers,
)
from service.doctor.schedule import CRON, SCHEDULE, check_cron, check_schedule, ticking
from service.doctor.schema_differences import STATE, check_state
from service.doctor.schema_version import (
    ENGINE,
    MIGRATIONS,
    check_engine,
    check_migrations,
    was_migrated,
)
from service.doctor.server import (
    CLOCK,
    CONNECTIONS,
    DATABASE,
    check_clock,
    check_connections,
    check_database,
    read_clocks,
    read_server,
)
from service.doctor.stale_prices import STALE, check_stale
from service.doctor.transactions import TRANSACTIONS, check_transactions
from service.doctor.unread import UNREAD, check_unread
from service.errors import PricingError, SettingsError
from service.migrations.comparison.compare import read_differences
from service.migrations.comparison.difference import Difference
from service.migrations.schema_files import read_schema
from service.migrations.status import step_statuses
from service.postgres.connect import connect
from service.settings import Settings

CHECKS = (
    CONFIGURATION,
    DATABASE,
    MIGRATIONS,
    ENGINE,
    STATE,
    "worker rights",
    "web rights",
    READERS,
    CRON,
    SCHEDULE,
    LISTEN,
    POOLER,
    WORKERS,
    WAITING,
    STUCK,
    TRANSACTIONS,
    PROVIDERS,
    ADDRESSES,
    HELD,
    STALE,
    PRICES,
    COUNTS,
    UNREAD,
    CLOCK,
    CONNECTIONS,
)

DEADLINE_SECONDS = 8.0
CONNECT_SECONDS = 3
# The server ends a statement before the doctor gives up, so that it reports why.
STATEMENT_MILLISECONDS = 4000

Sessions = dict[DatabaseAddress, BackgroundQuery[Session]]


def run_checks(read: Callable[[], Settings]) -> list[CheckResult]:
    """One result for each check; "skipped" where it could not run. Changes nothing.

    ``read`` gives the settings, or raises the SettingsError that is the first result.
    """
    found = {result.check: result for result in _check_all(read, Deadline(DEADLINE_SECONDS))}
    return [found.get(check) or not_checked(check) for check in CHECKS]


def _check_all(read: Callable[[], Settings], deadline: Deadline) -> Iterator[CheckResult]:
    """The results; a later result of the same check replaces the earlier one."""
    try:
        settings = read()
    except SettingsError as error:
        yield failed(CONFIGURATION, error)
        return
    configuration = check_configuration(settings)
    yield configuration
    if configuration.state == "fail":
        return
    there = list(processes(settings))
    roles = [process.role for process in there]
    sessions = {process.address: _session(process.address, roles) for process in there}
    if settings.database_url is None:
        yield from _check_sessions(there, sessions, deadline)
        return
    address = settings.database_url
    try:
        connection = BackgroundQuery(lambda: _open(address)).result(deadline)
    except SettingsError as error:
        yield failed(DATABASE, error)
        return
    except PricingError as error:
        yield CheckResult(DATABASE, "fail", error.message, look_for(address))
        return
    state = BackgroundQuery(lambda: _differences(address))
    migrated = yield from _check_database(connection, state, settings, deadline)
    yield from _check_sessions(there, sessions, deadline, is_migrated=migrated)


def _check_database(
    connection: psycopg.Connection,
    state: BackgroundQuery[list[Difference]],
    settings: Settings,
    deadline: Deadline,
) -> Generator[CheckResult, None, bool]:
    """Returns whether the database is migrated: before that, roles are not checked."""
    version = connection.info.server_version
    name = (connection.info.parameter_status("server_version") or "").split(" ")[0]
    check = DATABASE
    facts = Facts()
    try:
        server = BackgroundQuery(lambda: read_server(connection)).result(deadline)
        yield (database := check_database(server, version, name))
        yield check_connections(server)
        check = CLOCK
        clocks = BackgroundQuery(lambda: read_clocks(connection)).result(deadline)
        yield check_clock(clocks, timedelta(seconds=facts.lease_seconds))
        if database.state == "fail":
            return True
        check = MIGRATIONS
        steps = BackgroundQuery(lambda: step_statuses(connection)).result(deadline)
        yield (migrations := check_migrations(steps))
        if not was_migrated(steps):
            return False
        yield (engine := check_engine(steps))
        if "fail" in (migrations.state, engine.state):
            return True
        yield _check_state(state, deadline)
        check = DATABASE
        facts = BackgroundQuery(lambda: read_facts(connection)).result(deadline)
        unrecorded, miscounts = None, None
        # With very many models these take seconds; they run last.
        with suppress(PricingError):
            unrecorded = BackgroundQuery(lambda: read_unrecorded_prices(connection)).result(
                deadline
            )
            miscounts = BackgroundQuery(lambda: read_miscounts(connection)).result(deadline)
    except PricingError as error:
        yield failed(check, error)
        return True
    finally:
        with suppress(PricingError):
            BackgroundQuery(lambda: _close(connection)).result(deadline)
    yield check_clock(clocks, timedelta(seconds=facts.lease_seconds))
    yield check_readers(facts)
    yield check_cron(server, facts)
    yield check_schedule(facts)
    yield check_workers(facts)
    yield check_waiting(facts)
    yield check_stuck(facts, sweeper_alive=bool(facts.workers_alive or ticking(facts)))
    yield check_transactions(facts)
    yield check_providers(facts)
    yield check_addresses(facts, settings)
    yield check_held(facts)
    yield check_stale(facts)
    yield check_unread(facts)
    if unrecorded is not None:
        yield check_prices(unrecorded)
    if miscounts is not None:
        yield check_counts(miscounts)
    return True


def _check_state(state: BackgroundQuery[list[Difference]], deadline: Deadline) -> CheckResult:
    try:
        return check_state(state.result(deadline))
    except PricingError as error:
        return failed(STATE, error)


def _check_sessions(
    there: list[Process], sessions: Sessions, deadline: Deadline, *, is_migrated: bool = True
) -> Iterator[CheckResult]:
    for process in there:
        try:
            session = sessions[process.address].result(deadline)
        except PricingError as error:
            variable = process.variable if process.own else "DATABASE_URL"
            yield fail(
                f"{process.name} rights", f"{variable}: {error.message}", look_for(process.address)
            )
            continue
        if is_migrated:
            yield check_rights(process, session)
        if process.name == "worker":
            yield check_listen(process, session)
            yield check_pooler(session)


def _open(address: DatabaseAddress) -> psycopg.Connection:
    """A connection with one read-only transaction for all queries."""
    connection = connect(address, connect_timeout=CONNECT_SECONDS)
    connection.read_only = True
    # For this transaction only: behind a pooler, another client uses the connection next.
    connection.execute(
        "select set_config('statement_timeout', %s, true)", [str(STATEMENT_MILLISECONDS)]
    )
    return connection


def _differences(address: DatabaseAddress) -> list[Difference]:
    """On a separate connection, because it makes objects, which are rolled back."""
    with connect(address, autocommit=True, connect_timeout=CONNECT_SECONDS) as connection:
        seconds = STATEMENT_MILLISECONDS // 1000
        return read_differences(connection, read_schema(), statement_seconds=seconds)


def _close(connection: psycopg.Connection) -> None:
    if connection.info.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
        # A statement still waits in another thread: closing would block too.
        return
    # A pooler drops the server's connection if a transaction is still open.
    connection.rollback()
    connection.close()


def _session(address: DatabaseAddress, roles: list[str]) -> BackgroundQuery[Session]:
    return BackgroundQuery(lambda: open_session(address, roles, CONNECT_SECONDS))
