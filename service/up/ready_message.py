"""What ``up`` prints once it is ready: the address, and the commands to begin with."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from service.environment.secret_files import naming_variable
from service.settings import Settings
from service.terminal.output import Terminal
from service.up.admin_key import FILE as KEY_FILE
from service.up.ports import web_address
from service.up.up_database import UpDatabase

PROGRAM = "pricing-sync"


def show_address(terminal: Terminal, settings: Settings, database: UpDatabase, port: int) -> None:
    say = terminal.say
    key_file = shlex.quote(str(settings.data_dir / KEY_FILE))
    is_kept = settings.admin_key is None
    key = f"$(cat {key_file})" if is_kept else _shell_reference("PRICING_ADMIN_KEY")
    address = web_address(settings.host, port)
    say()
    say(f"Ready at    {address}", style="bold")
    named = naming_variable("PRICING_ADMIN_KEY", os.environ)
    say(f"Admin key   {key_file if is_kept else named}")
    say(f"Trigger     curl -X POST {address}/admin/pricing/scheduler/trigger \\")
    say(f'                 -H "Authorization: Bearer {key}"')
    say(f"Prices      {program_command()} models")
    say(f'SQL         psql "{_database_url(database)}"')
    if database.client_port is not None:
        say(f"GUI         {program_command()} database-url   (the URL has the password)")
    say(f"Logs        {shlex.quote(str(settings.data_dir / 'logs'))}")
    say()


def _database_url(database: UpDatabase) -> str:
    """What a shell replaces by a URL that psql takes."""
    if database.client_port is not None:
        return f"$({program_command()} database-url)"
    return database.address.url() if database.is_embedded else _shell_reference("DATABASE_URL")


def program_command() -> str:
    """What a person types to run this program: its virtual environment may not be active."""
    if shutil.which(PROGRAM):
        return PROGRAM
    beside = Path(sys.executable).with_name(PROGRAM)
    if not beside.exists():
        return "python -m service"
    here = Path.cwd()
    return shlex.quote(str(beside.relative_to(here) if beside.is_relative_to(here) else beside))


def _shell_reference(variable: str) -> str:
    """What a shell with our environment puts between double quotes for a secret."""
    named = naming_variable(variable, os.environ)
    return f"${variable}" if named == variable else f"$(cat ${named})"
