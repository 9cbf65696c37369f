"""All checks, in order, within a few seconds, whatever the database does."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from datetime import timedelta

import psycopg

from service.database_address.address import DatabaseAddress
from service.doctor.background_query import Deadline, Inquiry
from service.doctor.check_result import Finding, fail, failed, not_checked
from service.doctor.configuration import (
    CONFIGURATION,
    Process,
    judge_configuration,
    look_for,
    processes,
)
from service.doctor.facts import Facts, read_facts
from service.doctor.prices import PRICES, judge_prices, read_unrecorded_prices
from service.doctor.process_login import (
    LISTEN,
    POOLER,
    Session,
    judge_listen,
    judge_pooler,
    judge_rights,
    open_session,
)
from service.doctor.provider_addresses import ADDRESSES, judge_addresses
from service.doctor.providers import PROVIDERS, judge_providers
from service.doctor.queue import (
    STUCK,
    WAITING,
    WORKERS,
    judge_stuck,
    judge_waiting,
    judge_workers,
)
from service.doctor.schedule import CRON, SCHEDULE, judge_cron, judge_schedule, ticking
from service.doctor.schema_differences import STATE, judge_state
from service.doctor.schema_version import (
    ENGINE,
    MIGRATIONS,
    judge_engine,
    judge_migrations,
    was_migrated,
)
from service.doctor.server import (
    CLOCK,
    CONNECTIONS,
    DATABASE,
    judge_clock,
    judge_connections,
    judge_database,
    read_clocks,
    read_server,
)
from service.doctor.transactions import TRANSACTIONS, judge_transactions
from service.errors import PricingError, SettingsError
from service.migrations.runner import part_statuses
from service.migrations.schema import read_schema
from service.migrations.schema_state import Difference, read_differences
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
    PRICES,
    CLOCK,
    CONNECTIONS,
)

DEADLINE_SECONDS = 8.0
CONNECT_SECONDS = 3
# The server gives up before we do, so that it can say why, and nothing is left running there.
STATEMENT_MILLISECONDS = 4000

Sessions = dict[DatabaseAddress, Inquiry[Session]]


def examine(read: Callable[[], Settings]) -> list[Finding]:
    """One finding a check; what nothing was found out about says so. Changes nothing.

    ``read`` gives the settings, or raises the SettingsError that is the first finding.
    """
    found = {finding.check: finding for finding in _examine(read, Deadline(DEADLINE_SECONDS))}
    return [found.get(check) or not_checked(check) for check in CHECKS]


def _examine(read: Callable[[], Settings], deadline: Deadline) -> Iterator[Finding]:
    """Each check's finding; a later one of the same check is the better one."""
    try:
        settings = read()
    except SettingsError as error:
        yield failed(CONFIGURATION, error)
        return
    configuration = judge_configuration(settings)
    yield configuration
    if configuration.state == "fail":
        return
    there = list(processes(settings))
    roles = [process.role for process in there]
    sessions = {process.address: _session(process.address, roles) for process in there}
    if settings.database_url is None:
        yield from _judge_sessions(there, sessions, deadline)
        return
    address = settings.database_url
    try:
        connection = Inquiry(lambda: _open(address)).answer(deadline)
    except SettingsError as error:
        yield failed(DATABASE, error)
        return
    except PricingError as error:
        yield Finding(DATABASE, "fail", error.message, look_for(address))
        return
    state = Inquiry(lambda: _differences(address))
    migrated = yield from _judge_database(connection, state, settings, deadline)
    yield from _judge_sessions(there, sessions, deadline, is_migrated=migrated)


def _judge_database(
    connection: psycopg.Connection,
    state: Inquiry[list[Difference]],
    settings: Settings,
    deadline: Deadline,
) -> Generator[Finding, None, bool]:
    """Gives back whether it is migrated: before that, our roles are no concern."""
    version = connection.info.server_version
    name = (connection.info.parameter_status("server_version") or "").split(" ")[0]
    check = DATABASE
    facts = Facts()
    try:
        server = Inquiry(lambda: read_server(connection)).answer(deadline)
        yield (database := judge_database(server, version, name))
        yield judge_connections(server)
        check = CLOCK
        clocks = Inquiry(lambda: read_clocks(connection)).answer(deadline)
        yield judge_clock(clocks, timedelta(seconds=facts.lease_seconds))
        if database.state == "fail":
            return True
        check = MIGRATIONS
        parts = Inquiry(lambda: part_statuses(connection)).answer(deadline)
        yield (migrations := judge_migrations(parts))
        if not was_migrated(parts):
            return False
        yield (engine := judge_engine(parts))
        if "fail" in (migrations.state, engine.state):
            return True
        yield _judge_state(state, deadline)
        check = DATABASE
        facts = Inquiry(lambda: read_facts(connection)).answer(deadline)
        unrecorded = None
        # Of very many models this takes seconds; all else is known by then.
        with suppress(PricingError):
            unrecorded = Inquiry(lambda: read_unrecorded_prices(connection)).answer(deadline)
    except PricingError as error:
        yield failed(check, error)
        return True
    finally:
        with suppress(PricingError):
            Inquiry(lambda: _close(connection)).answer(deadline)
    yield judge_clock(clocks, timedelta(seconds=facts.lease_seconds))
    yield judge_cron(server, facts)
    yield judge_schedule(facts)
    yield judge_workers(facts)
    yield judge_waiting(facts)
    yield judge_stuck(facts, somebody_sweeps=bool(facts.workers_alive or ticking(facts)))
    yield judge_transactions(facts)
    yield judge_providers(facts)
    yield judge_addresses(facts, settings)
    if unrecorded is not None:
        yield judge_prices(unrecorded)
    return True


def _judge_state(state: Inquiry[list[Difference]], deadline: Deadline) -> Finding:
    try:
        return judge_state(state.answer(deadline))
    except PricingError as error:
        return failed(STATE, error)


def _judge_sessions(
    there: list[Process], sessions: Sessions, deadline: Deadline, *, is_migrated: bool = True
) -> Iterator[Finding]:
    for process in there:
        try:
            session = sessions[process.address].answer(deadline)
        except PricingError as error:
            variable = process.variable if process.own else "DATABASE_URL"
            yield fail(
                f"{process.name} rights", f"{variable}: {error.message}", look_for(process.address)
            )
            continue
        if is_migrated:
            yield judge_rights(process, session)
        if process.name == "worker":
            yield judge_listen(process, session)
            yield judge_pooler(session)


def _open(address: DatabaseAddress) -> psycopg.Connection:
    """One transaction for all that is asked, which may not write."""
    connection = connect(address, connect_timeout=CONNECT_SECONDS)
    connection.read_only = True
    # Of this transaction only: behind a pooler, the next one is somebody else's.
    connection.execute(
        "select set_config('statement_timeout', %s, true)", [str(STATEMENT_MILLISECONDS)]
    )
    return connection


def _differences(address: DatabaseAddress) -> list[Difference]:
    """On a connection of its own: it makes objects, which are rolled back."""
    with connect(address, autocommit=True, connect_timeout=CONNECT_SECONDS) as connection:
        seconds = STATEMENT_MILLISECONDS // 1000
        return read_differences(connection, read_schema(), statement_seconds=seconds)


def _close(connection: psycopg.Connection) -> None:
    if connection.info.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
        # A statement is under way that nobody answers: it is ours no longer.
        return
    # A pooler throws away the server's connection of a transaction that was left open.
    connection.rollback()
    connection.close()


def _session(address: DatabaseAddress, roles: list[str]) -> Inquiry[Session]:
    return Inquiry(lambda: open_session(address, roles, CONNECT_SECONDS))
