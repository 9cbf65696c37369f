"""Which database each process talks to, as the environment says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

from service.doctor.finding import Finding, fail, ok, warn
from service.errors import SettingsError
from service.settings import Settings
from service.web.database_url import asyncpg_url

CONFIGURATION = "configuration"

EXAMPLE = "postgresql://user:password@host:5432/database"


@dataclass(frozen=True)
class Process:
    """``own``: it has a URL of its own; else it uses DATABASE_URL and takes its role there."""

    name: str
    role: str
    variable: str
    url: str
    own: bool


def processes(settings: Settings) -> Iterator[Process]:
    """Worker and web process, each if there is a URL for it."""
    for name, role, url in (
        ("worker", "pricing_worker", settings.worker_database_url),
        ("web", "pricing_web", settings.web_database_url),
    ):
        variable = f"PRICING_{name.upper()}_DATABASE_URL"
        found = url or settings.database_url
        if found is not None:
            yield Process(name, role, variable, found.get_secret_value(), own=url is not None)


def judge_configuration(settings: Settings) -> Finding:
    given = _given(settings)
    if not given:
        return fail(
            CONFIGURATION,
            "DATABASE_URL is not set",
            f"export DATABASE_URL={EXAMPLE}  # or, for an embedded database: pricing-sync up",
        )
    shown = []
    for variable, url in given.items():
        try:
            shown.append(f"{variable} is {address(url)}")
        except SettingsError as error:
            return fail(CONFIGURATION, f"{variable}: {error.message}", f"{error.hint}")
    web = next((process for process in processes(settings) if process.name == "web"), None)
    if web is not None:
        try:
            asyncpg_url(web.url)
        except SettingsError as error:
            return fail(CONFIGURATION, error.message, f"{error.hint}")
    if "DATABASE_URL" not in given:
        return warn(
            CONFIGURATION,
            f"{', '.join(shown)}; DATABASE_URL is not set, without which little can be checked",
            f"export DATABASE_URL={EXAMPLE}  # the owner's",
        )
    sharing = [process.name for process in processes(settings) if not process.own]
    if sharing:
        shown.append(f"{' and '.join(sharing)} {'use' if len(sharing) > 1 else 'uses'} it too")
    return ok(CONFIGURATION, ", ".join(shown))


def address(url: str) -> str:
    """user@host:port/database; a SettingsError, which repeats nothing, for what is no such URL."""
    try:
        given = {key: str(value) for key, value in conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError:
        given = {"port": "none"}
    host, port = given.get("host", ""), given.get("port", "")
    database = given.get("dbname", "")
    # Where a password has @, / or : in it, a part of it is taken for one of these.
    if not re.fullmatch(r"[0-9,]*", port) or "@" in host + database:
        raise SettingsError(
            "this is no database URL",
            hint=f"Write it as {EXAMPLE}; in the password, @ is %40, / is %2F, : is %3A, % is %25.",
        )
    login = f"{given['user']}@" if "user" in given else ""
    return f"{login}{host}{':' if port else ''}{port}/{database}"


def look_for(url: str) -> str:
    """The command that tells whether a server listens there, and where to look if one does."""
    given = conninfo_to_dict(url)
    options = "".join(
        f" {option} {shlex.quote(str(given[key]))}"
        for option, key in (("-h", "host"), ("-p", "port"), ("-d", "dbname"))
        if key in given
    )
    return f"pg_isready{options}  # is it there? is the URL right? pricing-sync config"


def _given(settings: Settings) -> dict[str, str]:
    urls: dict[str, SecretStr | None] = {
        "DATABASE_URL": settings.database_url,
        "PRICING_WORKER_DATABASE_URL": settings.worker_database_url,
        "PRICING_WEB_DATABASE_URL": settings.web_database_url,
    }
    return {name: url.get_secret_value() for name, url in urls.items() if url is not None}
