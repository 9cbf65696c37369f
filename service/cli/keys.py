"""The commands about bearer keys of the HTTP interface: ``keys list|create|revoke|rotate``."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from service.cli.given import caller, given_duration, given_expiry
from service.cli.options import Json
from service.cli.queries import Row, command_connection
from service.cli.tables import show_keys
from service.key_calls import create_key, read_keys, revoke_key, rotate_key
from service.terminal import Terminal, shown_time

KeyName = Annotated[
    str, typer.Argument(metavar="NAME", help="Whose it is: jobs, history and the audit log say so.")
]
Expires = Annotated[
    str | None,
    typer.Option("--expires", metavar="WHEN", help="90d, 12h, 2027-01-31 or 2027-01-31T12:00Z."),
]

keys = typer.Typer(
    name="keys",
    help="Show, make, end and replace the bearer keys of the HTTP interface.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class KeyRole(StrEnum):
    read = "read"
    operate = "operate"
    admin = "admin"


@keys.command("list")
def list_command(
    everything: Annotated[bool, typer.Option("--all", help="Those that are revoked, too.")] = False,
    as_json: Json = False,
) -> None:
    """Show the keys: role, expiry and last use."""
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
    """Make a key and print it: it is shown this once."""
    expires_at = None if expires is None else given_expiry(expires)
    with command_connection() as connection:
        row = create_key(connection, name, role.value, expires_at=expires_at, who=caller())
    _show_once(row, as_json)


@keys.command("rotate")
def rotate_command(
    name: KeyName,
    grace: Annotated[
        str,
        typer.Option(
            "--grace", metavar="TIME", help="How long the old secret stays valid: 24h; default: 0."
        ),
    ] = "0",
    expires: Expires = None,
    as_json: Json = False,
) -> None:
    """Give a key a new secret and print it: it is shown this once.

    Name and role stay. Without --grace every older secret ends at once.
    """
    given_grace = given_duration(grace)
    expires_at = None if expires is None else given_expiry(expires)
    with command_connection() as connection:
        row = rotate_key(connection, name, grace=given_grace, expires_at=expires_at, who=caller())
    _show_once(row, as_json)


@keys.command("revoke")
def revoke_command(name: KeyName, as_json: Json = False) -> None:
    """End a key at once."""
    output = Terminal(sys.stdout)
    with command_connection() as connection:
        ended = revoke_key(connection, name, caller())
    if as_json:
        output.json({"name": name, "ended": ended})
    else:
        output.say(f"The key {name} is refused from now on.")


def _show_once(row: Row, as_json: bool) -> None:
    """The key alone on stdout, so that a program can keep it; what a person should know beside."""
    if as_json:
        Terminal(sys.stdout).json(row)
    else:
        Terminal(sys.stdout).say(row["key"])
    expiry = "does not expire"
    if row["expires_at"] is not None:
        expiry = f"expires {shown_time(row['expires_at'])}"
    Terminal(sys.stderr).say(
        f"The key {row['name']} has the role {row['role']} and {expiry}."
        " It is shown this once: only its digest is kept."
    )
