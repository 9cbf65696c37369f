"""Reads the hosts and ports of a database's address."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

PORT = 5432

# Where servers keep their sockets; the first with one is used when no host is named.
SOCKET_DIRECTORIES = ("/run/postgresql", "/var/run/postgresql", os.path.join(os.sep, "tmp"))

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HOST = re.compile(r"[\w.-]+|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?:%[\w.-]+)?|/[^,]*")


class InvalidField(ValueError):
    """``field`` is ``host`` or ``port``; the message repeats nothing of the value."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@dataclass(frozen=True)
class Host:
    """A name, an IP address, or the directory of a server's socket."""

    name: str
    port: int

    @property
    def is_socket(self) -> bool:
        return self.name.startswith("/")

    def __str__(self) -> str:
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"


@dataclass(frozen=True)
class Target:
    """One host to connect to; ``session_attrs`` is a libpq ``target_session_attrs`` value."""

    host: Host
    session_attrs: str


def read_hosts(fields: Mapping[str, str]) -> tuple[tuple[Host, ...], int]:
    """The hosts with their ports, and the port to use where no host is named.

    ``fields["host"]`` and ``fields["port"]`` are comma-separated lists, as libpq reads them: as
    many ports as hosts, or one for all. Raises InvalidField.
    """
    names = fields["host"].split(",") if "host" in fields else []
    if not all(map(_is_host, names)):
        raise InvalidField("host")
    ports = [PORT]
    if "port" in fields:
        texts = fields["port"].split(",")
        if not all(re.fullmatch("|[0-9]{1,5}", each, re.ASCII) for each in texts):
            raise InvalidField("port")
        ports = [int(each or PORT) for each in texts]
        if not all(0 < port < 65536 for port in ports):
            raise InvalidField("port")
    if len(ports) not in (1, max(len(names), 1)):
        raise InvalidField("port")
    each_port = ports * len(names) if len(ports) == 1 else ports
    hosts = tuple(Host(name, port) for name, port in zip(names, each_port, strict=False))
    return hosts, ports[0]


def local_host(port: int) -> Host:
    """The socket directory that has a server's socket for this port; else ``localhost``."""
    for directory in SOCKET_DIRECTORIES:
        if os.path.exists(f"{directory}/.s.PGSQL.{port}"):
            return Host(directory, port)
    return Host("localhost", port)


def _is_host(name: str) -> bool:
    if not _HOST.fullmatch(name) or CONTROL.search(name):
        return False
    try:
        # Looking up a name with an empty or too long label would raise an error of its own.
        return name.startswith("/") or bool(name.encode("idna"))
    except UnicodeError:
        return False
