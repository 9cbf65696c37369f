"""Where a database is and who logs in there: one reading of it, for every command and process.

``DatabaseAddress.from_text`` reads a URL or libpq's ``key=value`` form and fills in what is left
out; psycopg and asyncpg are then told every part by name (``driver_arguments``), and never see the
text. Nothing of a text that is not understood is ever shown.
"""

from __future__ import annotations

import os
import pwd
import re
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
from service.database_address.libpq_environment import take_libpq_variables
from service.database_address.password_file import default_password_file, password_from_file
from service.errors import SettingsError

EXAMPLE = "postgresql://user:password@host:5432/database"
PORT = 5432
HIDDEN = "********"

# Where servers keep their sockets; the first with one is used when no host is named.
SOCKET_DIRECTORIES = ("/run/postgresql", "/var/run/postgresql", os.path.join(os.sep, "tmp"))

# What the text leaves out is taken from these, and from no other of libpq's variables.
FIELD_VARIABLES: Mapping[str, str] = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "passfile": "PGPASSFILE",
    "sslmode": "PGSSLMODE",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcrl": "PGSSLCRL",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
    # Refused, as they are in the text: what asks for safety is not passed over.
    "channel_binding": "PGCHANNELBINDING",
    "gssencmode": "PGGSSENCMODE",
    "require_auth": "PGREQUIREAUTH",
    "requirepeer": "PGREQUIREPEER",
    "sslcertmode": "PGSSLCERTMODE",
    "sslcrldir": "PGSSLCRLDIR",
}
# They name a host, and not in a way that both drivers know.
_OTHER_HOSTS = {"hostaddr": "PGHOSTADDR", "service": "PGSERVICE"}

_FIELDS = ("host", "port", "user", "password", "dbname")
_HOST = re.compile(r"[\w.-]+|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?:%[\w.-]+)?|/[^,]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True)
class Host:
    """A name, an address, or a directory with a server's socket in it."""

    name: str
    port: int

    @property
    def is_socket(self) -> bool:
        return self.name.startswith("/")

    def __str__(self) -> str:
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"


@dataclass(frozen=True)
class Attempt:
    """One try to connect. ``session_attrs`` is what the server must be, as libpq names it."""

    host: Host
    session_attrs: str


@dataclass(frozen=True)
class DatabaseAddress:
    """``variable`` is where it comes from. Without ``hosts``, a socket is looked for."""

    variable: str = field(compare=False)
    hosts: tuple[Host, ...]
    port: int
    user: str
    password: SecretStr | None
    database: str
    parameters: tuple[tuple[str, str], ...] = ()

    @classmethod
    def from_text(cls, variable: str, text: str, environ: Mapping[str, str] | None = None) -> Self:
        """Read it; raises SettingsError, which names the variable and repeats nothing.

        ``environ`` has libpq's variables; the process's own are taken out of its environment, so
        that no library adds what is not said here.
        """
        environ = take_libpq_variables() if environ is None else environ
        try:
            given = read_address_text(text)
            if not given.keys() <= {*_FIELDS, *SUPPORTED, *ASKS_NOTHING, *REFUSED, *FOREIGN}:
                raise NotUnderstood
        except NotUnderstood:
            raise _not_understood(variable) from None
        origin = dict.fromkeys(given, variable)
        for part, name in FIELD_VARIABLES.items():
            if part not in given and environ.get(name):
                given[part], origin[part] = environ[name], name
        for part, value in given.items():
            if not _is_text(value):
                raise _not_understood(origin[part])
        _require_known_host(variable, given, environ)
        hosts, port = _read_places(given, origin)
        user = given.get("user") or _account(variable)
        database = given.get("dbname") or user
        for part, value in (("user", user), ("dbname", database)):
            if _CONTROL.search(value):
                raise _not_understood(origin.get(part, variable))
        password = given.get("password")
        return cls(
            variable,
            hosts,
            port,
            user,
            None if password is None else SecretStr(password),
            database,
            _read_parameters(given, origin, variable),
        )

    def attempts(self) -> list[Attempt]:
        """Whom to ask, in this order; the first that is as wanted is taken."""
        wanted = self.parameter("target_session_attrs") or "any"
        passes = ("standby", "any") if wanted == "prefer-standby" else (wanted,)
        hosts = self.hosts or (self._host_here(),)
        return [Attempt(host, attrs) for attrs in passes for host in hosts]

    def parameter(self, name: str) -> str | None:
        return dict(self.parameters).get(name)

    def password_for(self, host: Host) -> str | None:
        """The password for one of the hosts: the address's, or the password file's."""
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
        """The whole of it as a URL, with the password, for a process that we start."""
        password = None if self.password is None else self.password.get_secret_value()
        return self._url(password, dict(self.parameters))

    def shown(self) -> str:
        """The same for display: no password, and nothing that might be another secret."""
        parameters = {
            name: value if name in SHOWN and not _CONTROL.search(value) else HIDDEN
            for name, value in self.parameters
        }
        return self._url(None if self.password is None else HIDDEN, parameters)

    def example(self, user: str) -> str:
        """What a login there would write, with ``...`` for its password and nothing hidden."""
        parameters = {
            name: value
            for name, value in self.parameters
            if name in SHOWN and not _CONTROL.search(value)
        }
        return replace(self, user=user)._url("...", parameters)

    def place(self) -> str:
        """Where it is, for a sentence: host:port/database."""
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

    def _host_here(self) -> Host:
        for directory in SOCKET_DIRECTORIES:
            if os.path.exists(f"{directory}/.s.PGSQL.{self.port}"):
                return Host(directory, self.port)
        return Host("localhost", self.port)


def _not_understood(variable: str) -> SettingsError:
    if variable in FIELD_VARIABLES.values():
        return SettingsError(
            f"{variable} is not understood; nothing of it is shown.",
            hint="Write it as libpq has it, or unset it.",
        )
    return SettingsError(
        f"{variable} is no database URL that can be understood; nothing of it is shown.",
        hint=f"Write it as {EXAMPLE}, without quotes around it, and what is odd in a part"
        " percent-encoded: @ is %40, / is %2F, : is %3A, ? is %3F, # is %23, % is %25, [ is %5B,"
        " ] is %5D, \\ is %5C, = is %3D, a blank is %20.",
    )


def _is_text(value: str) -> bool:
    """False for bytes of the environment that are no UTF-8, and for what ends a C string."""
    try:
        return b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False


def _require_known_host(
    variable: str, given: Mapping[str, str], environ: Mapping[str, str]
) -> None:
    for parameter, name in _OTHER_HOSTS.items():
        if "host" not in given and environ.get(name):
            raise SettingsError(
                f"{variable} names no host, and {name} is not used.",
                hint=f"Name the host in {variable}, or in PGHOST. {parameter} is not supported.",
            )


def _read_places(
    given: Mapping[str, str], origin: Mapping[str, str]
) -> tuple[tuple[Host, ...], int]:
    """The hosts, each with its port, and the port where none is named."""
    names = given["host"].split(",") if "host" in given else []
    if not all(map(_is_host, names)):
        raise _not_understood(origin["host"])
    ports = [PORT]
    if "port" in given:
        texts = given["port"].split(",")
        if not all(re.fullmatch("|[0-9]{1,5}", each, re.ASCII) for each in texts):
            raise _not_understood(origin["port"])
        ports = [int(each or PORT) for each in texts]
        if not all(0 < port < 65536 for port in ports):
            raise _not_understood(origin["port"])
    if len(ports) not in (1, max(len(names), 1)):
        raise _not_understood(origin["port"])
    each_port = ports * len(names) if len(ports) == 1 else ports
    hosts = tuple(Host(name, port) for name, port in zip(names, each_port, strict=False))
    return hosts, ports[0]


def _is_host(name: str) -> bool:
    if not _HOST.fullmatch(name) or _CONTROL.search(name):
        return False
    try:
        # A label that is empty or too long: looking it up would fail in a way of its own.
        return name.startswith("/") or bool(name.encode("idna"))
    except UnicodeError:
        return False


def _read_parameters(
    given: Mapping[str, str], origin: Mapping[str, str], variable: str
) -> tuple[tuple[str, str], ...]:
    names = sorted(given.keys() - set(_FIELDS))
    try:
        counting = with_tls_files(
            {name: given[name] for name in names if judge_parameter(name, given[name])}
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
