"""Parses a database's address, once for every command and process.

``DatabaseAddress.from_text`` parses a URL or libpq's ``key=value`` form and fills in what is left
out. psycopg and asyncpg get each part by name (``driver_arguments``) and never the text. No error
repeats any part of a text that is not understood.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self
from urllib.parse import quote

from pydantic import SecretStr

from service.database_address.address_text import NotUnderstood, read_address_text
from service.database_address.allowed_parameters import (
    ASKS_NOTHING,
    FOREIGN,
    REFUSED,
    SHOWN,
    SUPPORTED,
    RefusedParameter,
    judge_parameter,
    with_tls_files,
)
from service.database_address.hosts import (
    CONTROL,
    Host,
    InvalidField,
    Target,
    local_host,
    read_hosts,
)
from service.database_address.libpq_environment import (
    FIELD_VARIABLES,
    UNSUPPORTED_HOST_VARIABLES,
    take_libpq_variables,
)
from service.database_address.password_file import default_password_file, password_from_file
from service.errors import SettingsError

EXAMPLE = "postgresql://user:password@host:5432/database"
HIDDEN = "********"

_FIELDS = ("host", "port", "user", "password", "dbname")


@dataclass(frozen=True)
class DatabaseAddress:
    """Host, login, database and parameters. Without ``hosts`` a local socket is looked for.

    ``variable`` names the setting that it comes from.
    """

    variable: str = field(compare=False)
    hosts: tuple[Host, ...]
    port: int
    user: str
    password: SecretStr | None
    database: str
    parameters: tuple[tuple[str, str], ...] = ()

    @classmethod
    def from_text(cls, variable: str, text: str, environ: Mapping[str, str] | None = None) -> Self:
        """Parse a text; raises SettingsError, which names the variable and repeats no value.

        ``environ`` has libpq's variables. The default is the process's own, which are removed from
        its environment, so that no library adds anything.
        """
        environ = take_libpq_variables() if environ is None else environ
        try:
            fields = read_address_text(text)
            if not fields.keys() <= {*_FIELDS, *SUPPORTED, *ASKS_NOTHING, *REFUSED, *FOREIGN}:
                raise NotUnderstood
        except NotUnderstood:
            raise _not_understood(variable) from None
        origin = dict.fromkeys(fields, variable)
        for part, name in FIELD_VARIABLES.items():
            if part not in fields and environ.get(name):
                fields[part], origin[part] = environ[name], name
        for part, value in fields.items():
            if not _is_text(value):
                raise _not_understood(origin[part])
        _require_known_host(variable, fields, environ)
        try:
            hosts, port = read_hosts(fields)
        except InvalidField as invalid:
            raise _not_understood(origin[invalid.field]) from None
        user = fields.get("user") or _account(variable)
        database = fields.get("dbname") or user
        for part, value in (("user", user), ("dbname", database)):
            if CONTROL.search(value):
                raise _not_understood(origin.get(part, variable))
        password = fields.get("password")
        return cls(
            variable,
            hosts,
            port,
            user,
            None if password is None else SecretStr(password),
            database,
            _read_parameters(fields, origin, variable),
        )

    def targets(self) -> list[Target]:
        """The hosts to try, in this order; the first one that fits is used."""
        wanted = self.parameter("target_session_attrs") or "any"
        passes = ("standby", "any") if wanted == "prefer-standby" else (wanted,)
        hosts = self.hosts or (local_host(self.port),)
        return [Target(host, attrs) for attrs in passes for host in hosts]

    def parameter(self, name: str) -> str | None:
        return dict(self.parameters).get(name)

    def password_for(self, host: Host) -> str | None:
        """The password for one of the hosts: the address's, else the password file's."""
        if self.password is not None:
            return self.password.get_secret_value()
        named = self.parameter("passfile")
        path = default_password_file() if named is None else Path(named)
        if path is None:
            return None
        return password_from_file(
            path, host=host.name, port=host.port, database=self.database, user=self.user
        )

    def url(self) -> str:
        """The address as a URL with the password, for a child process."""
        password = None if self.password is None else self.password.get_secret_value()
        return self._url(password, dict(self.parameters))

    def shown(self) -> str:
        """The URL for display: the password and parameters that may be secret are hidden."""
        parameters = {
            name: value if name in SHOWN and not CONTROL.search(value) else HIDDEN
            for name, value in self.parameters
        }
        return self._url(None if self.password is None else HIDDEN, parameters)

    def example(self, user: str) -> str:
        """An example URL for another login: ``...`` as password, without hidden parameters."""
        parameters = {
            name: value
            for name, value in self.parameters
            if name in SHOWN and not CONTROL.search(value)
        }
        return replace(self, user=user)._url("...", parameters)

    def place(self) -> str:
        """``host:port/database``, for a sentence."""
        return f"{','.join(map(str, self.hosts)) or f'localhost:{self.port}'}/{self.database}"

    def of_login(self, user: str) -> Self:
        """The same database for a login that needs no password."""
        return replace(self, user=user, password=None)

    def _url(self, password: str | None, parameters: Mapping[str, str]) -> str:
        login = _quoted(self.user)
        if password is not None:
            login += f":{_quoted(password)}"
        query = dict(parameters)
        if all(not host.is_socket for host in self.hosts) and self.hosts:
            place = ",".join(map(_in_url, self.hosts))
        else:
            place = ""
            ports = [str(host.port) for host in self.hosts] or [str(self.port)]
            names = [host.name for host in self.hosts]
            query = {"host": ",".join(names), "port": ",".join(ports), **query}
        pairs = [f"{name}={_quoted(value, safe='/*,:')}" for name, value in query.items() if value]
        return f"postgresql://{login}@{place}/{_quoted(self.database)}" + (
            f"?{'&'.join(pairs)}" if pairs else ""
        )


def _not_understood(variable: str) -> SettingsError:
    if variable in FIELD_VARIABLES.values():
        return SettingsError(
            f"{variable} is not understood; its value is not shown.",
            hint="Write it as libpq's documentation says, or unset it.",
        )
    return SettingsError(
        f"{variable} is no database URL that can be understood; its value is not shown.",
        hint=f"Write it as {EXAMPLE}, without quotes around it, and special characters in a part"
        " percent-encoded: @ is %40, / is %2F, : is %3A, ? is %3F, # is %23, % is %25, [ is %5B,"
        " ] is %5D, \\ is %5C, = is %3D, a blank is %20.",
    )


def _is_text(value: str) -> bool:
    """Whether a value is UTF-8 without NUL, which would end a C string."""
    try:
        return b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False


def _require_known_host(
    variable: str, fields: Mapping[str, str], environ: Mapping[str, str]
) -> None:
    for parameter, name in UNSUPPORTED_HOST_VARIABLES.items():
        if "host" not in fields and environ.get(name):
            raise SettingsError(
                f"{variable} names no host, and {name} is not used.",
                hint=f"Name the host in {variable}, or in PGHOST. {parameter} is not supported.",
            )


def _read_parameters(
    fields: Mapping[str, str], origin: Mapping[str, str], variable: str
) -> tuple[tuple[str, str], ...]:
    names = sorted(fields.keys() - set(_FIELDS))
    try:
        counting = with_tls_files(
            {name: fields[name] for name in names if judge_parameter(name, fields[name])}
        )
    except RefusedParameter as refused:
        raise SettingsError(
            f"{origin.get(refused.name, variable)}: {refused}.",
            hint=refused.why
            or f"Leave it out. What works everywhere: {', '.join(sorted(SUPPORTED))}.",
        ) from None
    return tuple(sorted(counting.items()))


def _account(variable: str) -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise SettingsError(
            f"{variable} names no user, and this account has no name.", hint=f"As in {EXAMPLE}."
        ) from None


def _in_url(host: Host) -> str:
    name = quote(host.name, safe=":") if ":" in host.name else _quoted(host.name)
    return str(Host(name, host.port))


def _quoted(text: str, safe: str = "*") -> str:
    return quote(text, safe=safe)
