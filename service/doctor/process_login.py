"""Check the URL of a process: its login, its role, and whether its sessions last."""

from __future__ import annotations

import shlex
import time
import uuid
from dataclasses import dataclass

import psycopg
from psycopg import sql

from service.database_address.address import DatabaseAddress
from service.doctor.check_result import CheckResult, fail, ok, warn
from service.doctor.configuration import Process
from service.doctor.server import grant, quoted
from service.postgres.connect import connect
from service.postgres.pinned_connection import PinnedConnection
from service.postgres.pinned_settings import FIND_WRONG, wrong_settings
from service.postgres.rows import the_row
from service.postgres.transaction_pooler import PROBE_SECONDS

LISTEN, POOLER = "LISTEN", "pooler"
SEARCH_PATH = "procrastinate, pg_temp"

_ROLES = """
select
    wanted.name,
    r.oid is not null as is_there,
    coalesce(pg_catalog.pg_has_role(r.oid, 'member'), false) as may_take,
    coalesce(pg_catalog.pg_has_role(r.oid, 'usage'), false) as has
from unnest(%s::text[]) as wanted (name)
left join pg_catalog.pg_roles as r on r.rolname = wanted.name
"""


# What the login can do beside its role, as the result words it.
_MORE = """
select more.what
from pg_catalog.pg_roles as login
cross join lateral (
    values
        ('is a superuser', login.rolsuper),
        ('passes row level security by', login.rolbypassrls and not login.rolsuper),
        ('makes roles', login.rolcreaterole and not login.rolsuper)
    union all
    select 'is a member of ' || other.rolname, not login.rolsuper
    from pg_catalog.pg_roles as other
    where other.rolname in (
            'pricing_owner', 'pricing_worker', 'pricing_web',
            'service_role', 'authenticated', 'anon'
        )
        and other.rolname <> login.rolname
        and pg_catalog.pg_has_role(login.oid, other.oid, 'member')
) as more (what, applies)
where login.rolname = session_user and more.applies
"""


@dataclass(frozen=True)
class Role:
    """``may_take``: by ``set role``. ``has``: its rights without that."""

    is_there: bool
    may_take: bool
    has: bool


@dataclass(frozen=True)
class Session:
    """``is_pooled``: a pooler answers for the server. ``heard_ms``: null if nothing was heard.

    ``more``: what the login can do, such as "is a superuser" or "is a member of pricing_web".
    ``wrong``: settings of the login that processes need otherwise, and cannot set themselves.
    """

    username: str
    version: int
    roles: dict[str, Role]
    finds_engine: bool
    is_pooled: bool
    heard_ms: float | None
    more: tuple[str, ...] = ()
    wrong: tuple[tuple[str, str, str], ...] = ()

    def beside(self, role: str) -> str:
        """What the login can do that a member of this role alone cannot; empty is nothing."""
        return ", ".join(what for what in self.more if what != f"is a member of {role}")

    @property
    def lasts(self) -> bool:
        return self.heard_ms is not None


def open_session(address: DatabaseAddress, roles: list[str], connect_seconds: int) -> Session:
    """Connect as the process would, read its rights, and listen for a notification of our own."""
    with _connect(address, connect_seconds) as connection:
        with connection.transaction():
            # The login's own search_path, which commands do not use.
            connection.execute("set local search_path to default")
            username, pid, finds_engine = the_row(
                connection.execute(
                    "select current_user::text, pg_backend_pid(),"
                    " to_regclass('procrastinate_jobs') is not null"
                ).fetchone()
            )
        found = connection.execute(_ROLES.encode(), [roles]).fetchall()
        return Session(
            username=username,
            version=connection.info.server_version,
            roles={name: Role(*rights) for name, *rights in found},
            finds_engine=finds_engine,
            # A pooler reports a process id of its own when a client connects.
            is_pooled=pid != connection.info.backend_pid,
            heard_ms=_heard(connection, address, connect_seconds),
            more=tuple(what for (what,) in connection.execute(_MORE.encode()).fetchall()),
            wrong=_wrong_settings(connection),
        )


def check_rights(process: Process, session: Session) -> CheckResult:
    check = f"{process.name} rights"
    role = session.roles[process.role]
    user = session.username
    granting = f"{grant(process.role, user, session.version)}  -- as a superuser"
    if not role.is_there:
        return warn(
            check,
            f"there is no role {process.role}: it has all rights of {user}",
            f"create role {process.role} nologin; {granting}; then: pricing-sync migrate",
        )
    if not session.lasts:
        return _check_pooled_rights(check, process, session)
    if process.own:
        if role.has:
            return _check_login(check, process, session)
        return fail(check, f"{user} is no member of {process.role}", _membership(process, session))
    if role.has and not session.beside(process.role):
        return ok(check, f"{user}, a member of {process.role}")
    if role.may_take:
        return warn(
            check,
            f"{user}, who takes the role {process.role}: `reset role` would undo that",
            _login_of_its_own(process),
        )
    return warn(check, f"{user} may not take the role {process.role}, and keeps its own", granting)


def check_listen(process: Process, session: Session) -> CheckResult:
    if session.heard_ms is not None:
        return ok(LISTEN, f"a notification came through the worker's URL in {_ms(session)}")
    return warn(
        LISTEN,
        f"silent for {PROBE_SECONDS:g} s through the worker's URL: it asks for work every 5 s",
        f"Put a URL of the server itself, or of a session-mode pooler, into"
        f" {process.variable if process.own else 'DATABASE_URL'}"
        " (Supabase: port 5432 instead of 6543).",
    )


def check_pooler(session: Session) -> CheckResult:
    if not session.lasts:
        return ok(
            POOLER,
            "transaction mode: each transaction may get another connection to the server, so there"
            " is no LISTEN and no set role",
        )
    if session.is_pooled:
        return ok(POOLER, "session mode: as good as the server itself")
    return ok(POOLER, "none in between")


def _check_pooled_rights(check: str, process: Process, session: Session) -> CheckResult:
    """The login's own settings must be right: one set here would leak to another client."""
    needs_path = process.name == "worker"
    if not process.own:
        return fail(
            check,
            f"behind a transaction-mode pooler the {process.name} needs a login role of its own",
            _login_of_its_own(process),
        )
    user = session.username
    if not session.roles[process.role].has:
        return fail(
            check,
            f"{user} is no member of {process.role}",
            _membership(process, session),
        )
    if needs_path and not session.finds_engine:
        return fail(
            check,
            f"{user} does not find the engine: behind a transaction-mode pooler its own"
            " search_path must name it",
            f"alter role {quoted(user)} set search_path = {SEARCH_PATH};",
        )
    wrong = wrong_settings(session.wrong, process.name)
    if wrong is not None:
        return fail(check, wrong.message, wrong.hint or "")
    return _check_login(check, process, session)


def _check_login(check: str, process: Process, session: Session) -> CheckResult:
    """Warn of rights that the process does not need."""
    user, more = session.username, session.beside(process.role)
    if not more:
        return ok(check, f"{user}, a member of {process.role}")
    return warn(
        check,
        f"{user}, a member of {process.role}, also {more}: more than the {process.name} needs",
        _login_of_its_own(process),
    )


def _membership(process: Process, session: Session) -> str:
    """Grant the role, unless the login has other rights: then a new login keeps them apart."""
    if session.beside(process.role):
        return _login_of_its_own(process)
    return f"{grant(process.role, session.username, session.version)}  -- as a superuser"


def _login_of_its_own(process: Process) -> str:
    """The statements that make one, and the variable that names it."""
    login = f"{process.role}_login"
    settings = ""
    if process.name == "worker":
        settings = f" alter role {login} set search_path = {SEARCH_PATH};"
    return (
        f"create role {login} login password '...' in role {process.role};{settings}"
        f" then: export {process.variable}={shlex.quote(process.address.example(login))}"
    )


def _connect(address: DatabaseAddress, seconds: int) -> PinnedConnection:
    return connect(address, autocommit=True, connect_timeout=seconds)


def _wrong_settings(connection: PinnedConnection) -> tuple[tuple[str, str, str], ...]:
    """Read on the bare connection: behind a pooler each command sets ours for its transaction."""
    if connection.keeps_session:
        return ()
    return tuple(psycopg.Cursor(connection).execute(FIND_WRONG.encode()).fetchall())


def _heard(
    connection: psycopg.Connection, address: DatabaseAddress, connect_seconds: int
) -> float | None:
    """Milliseconds from NOTIFY on another connection to here; the same probe as the worker's."""
    channel = f"pricing_probe_{uuid.uuid4().hex}"
    connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
    with _connect(address, connect_seconds) as other:
        sent = time.monotonic()
        other.execute("select pg_notify(%s, '')", [channel])
    for _ in connection.notifies(timeout=PROBE_SECONDS, stop_after=1):
        return (time.monotonic() - sent) * 1000
    # Behind a transaction-mode pooler another client has the listening connection now.
    connection.execute(sql.SQL("unlisten {}").format(sql.Identifier(channel)))
    return None


def _ms(session: Session) -> str:
    return f"{session.heard_ms:.0f} ms"
