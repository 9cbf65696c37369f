"""The commands about bearer keys of the HTTP interface: ``keys list|create|revoke|rotate``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import Annotated

import psycopg
import typer

from service.calls.keys import create_key, read_key, read_keys, revoke_key, rotate_key
from service.cli.admin_tables import show_keys
from service.cli.arguments import caller_name, parse_duration, parse_expiry
from service.cli.options import Json
from service.cli.queries import command_connection
from service.cli.secrets import make_and_show, require_stdout
from service.cli.streams import forget
from service.errors import PricingError
from service.terminal.output import Terminal, shown_time

KeyName = Annotated[
    str,
    typer.Argument(metavar="NAME", help="Its name in jobs, history and the audit log."),
]
Expires = Annotated[
    str | None,
    typer.Option(
        "--expires",
        metavar="WHEN",
        help="90d, 12h, 2027-01-31 (00:00 UTC) or 2027-01-31T12:00Z. Default: for a new key never; "
        "for a rotated one as long again as its old secret had.",
    ),
]

KEEP_IT = "Run it where its output can be kept: KEY=$(pricing-sync keys {command} {name})"

keys = typer.Typer(
    name="keys",
    help="List, make, replace and end keys of the HTTP API.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class KeyRole(StrEnum):
    read = "read"
    operate = "operate"
    admin = "admin"


@keys.command("list")
def list_command(
    everything: Annotated[bool, typer.Option("--all", help="Show revoked keys too.")] = False,
    as_json: Json = False,
) -> None:
    """Show the keys with role, expiry and last use."""
    output = Terminal(sys.stdout)
    with command_connection() as connection:
        rows = read_keys(connection)
    if not everything:
        rows = [row for row in rows if row["state"] != "revoked"]
    if as_json:
        output.json(rows)
    elif rows:
        show_keys(output, rows)
    else:
        output.say("There is no key: `pricing-sync keys create` makes one.")


@keys.command("create")
def create_command(
    name: KeyName,
    role: Annotated[
        KeyRole,
        typer.Option(
            "--role",
            help="read; operate: also syncs, reviews, rules, overrides, rollback; admin: all.",
        ),
    ] = KeyRole.admin,
    expires: Expires = None,
    as_json: Json = False,
) -> None:
    """Create a key and print it; it cannot be shown again."""
    expires_at = None if expires is None else parse_expiry(expires)
    _show_once(
        name,
        lambda connection: create_key(
            connection, name, role.value, expires_at=expires_at, who=caller_name()
        ),
        as_json=as_json,
        unchanged="No key was made.",
        how=KEEP_IT.format(command="create", name=shlex.quote(name)) + ".",
    )


@keys.command("rotate")
def rotate_command(
    name: KeyName,
    grace: Annotated[
        str,
        typer.Option(
            "--grace", metavar="TIME", help="How long the old secret stays valid, such as 24h."
        ),
    ] = "0",
    expires: Expires = None,
    as_json: Json = False,
) -> None:
    """Give a key a new secret and print it; it cannot be shown again.

    Name and role stay. Without --grace older secrets end at once.
    """
    grace_period = parse_duration(grace)
    expires_at = None if expires is None else parse_expiry(expires)
    _show_once(
        name,
        lambda connection: rotate_key(
            connection, name, grace=grace_period, expires_at=expires_at, who=caller_name()
        ),
        as_json=as_json,
        unchanged="The key was not rotated: its secrets are valid as before.",
        how=KEEP_IT.format(command="rotate", name=shlex.quote(name))
        + f"; `pricing-sync keys revoke {shlex.quote(name)}` ends the key.",
    )


@keys.command("revoke")
def revoke_command(name: KeyName, as_json: Json = False) -> None:
    """Revoke a key at once."""
    output = Terminal(sys.stdout)
    with command_connection() as connection:
        ended = revoke_key(connection, name, caller_name())
    if as_json:
        output.json({"name": name, "ended": ended})
    else:
        output.say(f"The key {name} is refused from now on.")


def _show_once(
    name: str,
    make: Callable[[psycopg.Connection], str],
    *,
    as_json: bool,
    unchanged: str,
    how: str,
) -> None:
    """Print only the key on stdout, so that a program can keep it; the rest on stderr.

    Without --json the secret is written before anything else is read.
    """
    require_stdout(how)
    with command_connection() as connection:

        def show(output: Terminal, key: str) -> None:
            if as_json:
                output.json({**read_key(connection, key), "key": key})
            else:
                output.say(key)

        key = make_and_show(
            connection, lambda: make(connection), show, unchanged=unchanged, how=how
        )
        _describe_key(connection, name, key)


def _describe_key(connection: psycopg.Connection, name: str, key: str) -> None:
    """Describe the key on stderr; errors are ignored, because the key is valid and shown."""
    about = f"The key {name} is made."
    with suppress(PricingError):
        row = read_key(connection, key)
        expiry = "does not expire"
        if row["expires_at"] is not None:
            expiry = f"expires {shown_time(row['expires_at'])}"
        about = f"The key {name} has the role {row['role']} and {expiry}."
    try:
        Terminal(sys.stderr).say(f"{about} It is shown this once: only its digest is kept.")
    except OSError:
        forget(sys.stderr)
