"""Check the server, migrated or not: version, login, clock, free connections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from service.doctor.check_result import CheckResult, fail, ok, warn
from service.postgres.rows import the_row

DATABASE, CLOCK, CONNECTIONS = "database", "clock", "connections"

OLDEST_VERSION, NEWEST_VERSION = 15, 18
OWNER = "pricing_owner"
# The most connections that one worker takes.
ROOM = 12
CLOCK_TOLERANCE = timedelta(seconds=2)

# Columns are null where only a superuser may read them.
_FACTS = """
select
    current_user::text as username,
    current_database()::text as database,
    pg_catalog.pg_is_in_recovery() as is_standby,
    ledger.owner::text as ledger_owner,
    coalesce(pg_catalog.pg_has_role(ledger.owner::name, 'usage'), false) as is_owner,
    exists (
        select
        from pg_catalog.pg_roles as r
        where r.rolname in (
                'pricing_worker', 'pricing_web', 'service_role', 'authenticated', 'anon'
            )
            and pg_catalog.pg_has_role(r.oid, 'member')
    ) as has_other_role,
    current_setting('max_connections')::integer
        - current_setting('superuser_reserved_connections')::integer as most_connections,
    (
        select count(*)::integer from pg_catalog.pg_stat_activity as a where a.datid is not null
    ) as connections,
    exists (
        select from pg_catalog.pg_extension as e where e.extname = 'pg_cron'
    ) as cron_is_installed,
    exists (
        select from pg_catalog.pg_available_extensions as e where e.name = 'pg_cron'
    ) as cron_is_available,
    (
        select s.setting from pg_catalog.pg_settings as s where s.name = 'cron.database_name'
    ) as cron_database,
    (
        select s.setting like '%pg_cron%'
        from pg_catalog.pg_settings as s
        where s.name = 'shared_preload_libraries'
    ) as cron_is_loaded,
    case when pg_catalog.pg_has_role('pg_read_all_stats', 'usage') then exists (
        select from pg_catalog.pg_stat_activity as a
        where a.backend_type = 'pg_cron launcher' or a.application_name = 'pg_cron scheduler'
    ) end as cron_is_running
from (
    select pg_catalog.pg_get_userbyid(c.relowner) as owner
    from (values (to_regclass('public.pricing_schema_ledger'))) as wanted (oid)
    left join pg_catalog.pg_class as c on c.oid = wanted.oid
) as ledger
"""


@dataclass(frozen=True)
class ServerFacts:
    username: str
    database: str
    is_standby: bool
    ledger_owner: str | None
    is_owner: bool
    has_other_role: bool
    most_connections: int
    connections: int
    cron_is_installed: bool
    cron_is_available: bool
    cron_database: str | None
    cron_is_loaded: bool | None
    cron_is_running: bool | None


@dataclass(frozen=True)
class Clocks:
    """Both clocks at one moment; ``round_trip`` bounds the error."""

    database: datetime
    here: datetime
    round_trip: timedelta


def read_server(connection: psycopg.Connection) -> ServerFacts:
    with connection.cursor(row_factory=class_row(ServerFacts)) as cursor:
        return the_row(cursor.execute(_FACTS.encode()).fetchone())


def read_clocks(connection: psycopg.Connection) -> Clocks:
    before = datetime.now(UTC)
    (database,) = the_row(connection.execute("select clock_timestamp()").fetchone())
    after = datetime.now(UTC)
    return Clocks(database, before + (after - before) / 2, after - before)


def check_database(facts: ServerFacts, version: int, name: str) -> CheckResult:
    """``version`` as libpq counts it, 150008; ``name`` as the server says it, 15.8."""
    found = f"PostgreSQL {name}, {facts.database} as {facts.username}"
    major = version // 10_000
    if major < OLDEST_VERSION:
        return fail(
            DATABASE,
            f"{found}: older than {OLDEST_VERSION}",
            f"Upgrade the server to {OLDEST_VERSION} to {NEWEST_VERSION}.",
        )
    if facts.is_standby:
        return fail(
            DATABASE,
            f"{found}: a standby, which cannot be written to",
            "Point DATABASE_URL at the primary.",
        )
    if facts.ledger_owner is not None and not facts.is_owner:
        return fail(
            DATABASE,
            f"{found}, who is no member of {facts.ledger_owner}, which owns the tables",
            # A login of a process or of an API must not get the owner's rights.
            "Put the login that ran the first migrate into DATABASE_URL."
            if facts.has_other_role
            else f"{grant(facts.ledger_owner, facts.username, version)}  -- as a superuser",
        )
    if facts.ledger_owner is not None:
        belongs = f"a member of {OWNER}" if facts.ledger_owner == OWNER else "who owns the tables"
        found = f"{found}, {belongs}"
    if major > NEWEST_VERSION:
        return warn(
            DATABASE,
            f"{found}: newer than {NEWEST_VERSION}, the newest that was tested",
            "Look for a newer version of pricing-sync.",
        )
    return ok(DATABASE, found)


def check_clock(clocks: Clocks, lease: timedelta) -> CheckResult:
    """A difference within the error of the round trip does not count."""
    difference = clocks.database - clocks.here
    certain = abs(difference) - clocks.round_trip / 2
    seconds = abs(difference).total_seconds()
    if certain <= CLOCK_TOLERANCE:
        return ok(CLOCK, f"the database's and this machine's differ by {seconds:.1f} s")
    side = "ahead of" if difference > timedelta(0) else "behind"
    found = f"the database's is {seconds:.1f} s {side} this machine's"
    advice = "timedatectl set-ntp true  # as root, on the machine whose clock is wrong"
    if certain > lease:
        return fail(CLOCK, f"{found}: more than the lease of {lease.total_seconds():g} s", advice)
    return warn(CLOCK, found, advice)


def check_connections(facts: ServerFacts) -> CheckResult:
    found = f"{facts.connections} of {facts.most_connections} taken"
    if facts.most_connections - facts.connections < ROOM:
        return warn(
            CONNECTIONS,
            f"{found}: one more worker, which takes up to {ROOM}, would not find room",
            "select usename, application_name, state, count(*) from pg_stat_activity"
            " group by 1, 2, 3 order by 4 desc;",
        )
    return ok(CONNECTIONS, found)


def grant(role: str, to: str, version: int) -> str:
    """The statement that makes one role a member of another; from 16 on it has options."""
    options = " with inherit true, set true" if version >= 160_000 else ""
    return f"grant {quoted(role)} to {quoted(to)}{options};"


def quoted(name: str) -> str:
    return sql.Identifier(name).as_string()
