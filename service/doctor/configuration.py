"""Check the environment: the database that each process connects to."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from service.database_address.address import EXAMPLE, DatabaseAddress
from service.doctor.check_result import CheckResult, fail, ok, warn
from service.settings import Settings

CONFIGURATION = "configuration"


@dataclass(frozen=True)
class Process:
    """``own``: it has a URL of its own; else it uses DATABASE_URL and takes its role there."""

    name: str
    role: str
    variable: str
    address: DatabaseAddress
    own: bool


def processes(settings: Settings) -> Iterator[Process]:
    """Worker and web process, each if there is a URL for it."""
    for name, role, own in (
        ("worker", "pricing_worker", settings.worker_database_url),
        ("web", "pricing_web", settings.web_database_url),
    ):
        variable = f"PRICING_{name.upper()}_DATABASE_URL"
        found = own or settings.database_url
        if found is not None:
            yield Process(name, role, variable, found, own=own is not None)


def check_configuration(settings: Settings) -> CheckResult:
    given = _given(settings)
    if not given:
        return fail(
            CONFIGURATION,
            "DATABASE_URL is not set",
            f"export DATABASE_URL={EXAMPLE}  # or, for an embedded database: pricing-sync up",
        )
    shown = [f"{variable} is {login_and_place(address)}" for variable, address in given.items()]
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


def login_and_place(address: DatabaseAddress) -> str:
    """user@host:port/database."""
    return f"{address.user}@{address.place()}"


def look_for(address: DatabaseAddress) -> str:
    """A command that tests whether a server listens there."""
    host = address.targets()[0].host
    named = (("-h", host.name), ("-p", str(host.port)), ("-d", address.database))
    options = "".join(f" {option} {shlex.quote(value)}" for option, value in named)
    return f"pg_isready{options}  # is it there? is the URL right? pricing-sync config"


def _given(settings: Settings) -> dict[str, DatabaseAddress]:
    addresses = {
        "DATABASE_URL": settings.database_url,
        "PRICING_WORKER_DATABASE_URL": settings.worker_database_url,
        "PRICING_WEB_DATABASE_URL": settings.web_database_url,
    }
    return {name: address for name, address in addresses.items() if address is not None}
