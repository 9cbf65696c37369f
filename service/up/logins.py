"""Logins of worker and web process in the embedded database."""

from __future__ import annotations

import psycopg

from service.database_address.address import DatabaseAddress

LOGINS = {"pricing_web": "pricing_web_login", "pricing_worker": "pricing_worker_login"}


def login_address(address: DatabaseAddress, role: str) -> DatabaseAddress:
    """The embedded database's address for the login that is a member of ``role``."""
    return address.of_login(LOGINS[role])


def make_logins(connection: psycopg.Connection) -> None:
    """Make the missing logins; the database must be migrated."""
    for role, login in LOGINS.items():
        if not _exists(connection, login):
            connection.execute(f"create role {login} login in role {role}".encode())


def has_logins(connection: psycopg.Connection) -> bool:
    """Whether an earlier start has made them."""
    return all(_exists(connection, login) for login in LOGINS.values())


def _exists(connection: psycopg.Connection, login: str) -> bool:
    known = "select 1 from pg_catalog.pg_roles where rolname = %s"
    return connection.execute(known, [login]).fetchone() is not None
