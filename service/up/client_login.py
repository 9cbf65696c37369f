"""The login by which other programs, such as GUI clients, use the embedded database."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from service.embedded.embedded_postgres import DATABASE
from service.embedded.tcp_access import HOST
from service.up.kept_secret import kept_secret

FILE = "database-password"
USER = "postgres"


def client_password(data_dir: Path) -> str:
    return kept_secret(
        data_dir / FILE, "password of the database", instead="remove it: a new one is made"
    )


def client_url(password: str, port: int) -> str:
    return f"postgresql://{USER}:{quote(password, safe='')}@{HOST}:{port}/{DATABASE}"


def set_client_password(connection: psycopg.Connection, password: str) -> None:
    """Only a verifier of the password goes to the server, so that no log has it."""
    verifier = connection.pgconn.encrypt_password(
        password.encode(), USER.encode(), b"scram-sha-256"
    )
    statement = sql.SQL("alter role {} password {}")
    connection.execute(statement.format(sql.Identifier(USER), verifier.decode()))
