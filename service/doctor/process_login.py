"""Check the URL of a process: its login, its role, and whether its sessions last."""

from __future__ import annotations

import shlex

from service.doctor.check_result import CheckResult, fail, ok, warn
from service.doctor.configuration import Process
from service.doctor.login_session import Session
from service.doctor.server import grant, quoted
from service.postgres.pinned_settings import wrong_settings
from service.postgres.transaction_pooler import PROBE_SECONDS

LISTEN, POOLER = "LISTEN", "pooler"
SEARCH_PATH = "procrastinate, pg_temp"


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


def _ms(session: Session) -> str:
    return f"{session.heard_ms:.0f} ms"
