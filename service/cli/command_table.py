"""All commands, in the groups and the order of the help, and where each is.

A command's module is imported when the command is asked for: `--version` needs neither the driver
of the database nor the doctor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer

LOOK, REVIEW, CORRECT = "Look at prices", "Review changes", "Correct prices"
SYNC, RUN = "Sync", "Install and run"

# Name: group, module of this package, function, or a Typer with commands of its own.
COMMANDS: Mapping[str, tuple[str, str, str]] = {
    "models": (LOOK, "prices", "models"),
    "history": (LOOK, "prices", "history"),
    "changes": (LOOK, "prices", "changes"),
    "price-at": (LOOK, "prices", "price_at"),
    "cost": (LOOK, "cost", "cost"),
    "drift": (LOOK, "drift", "drift"),
    "unpriced": (LOOK, "drift", "unpriced"),
    "held": (REVIEW, "held", "held"),
    "approve": (REVIEW, "held", "approve"),
    "reject": (REVIEW, "held", "reject"),
    "reopen": (REVIEW, "held", "reopen"),
    "accept": (REVIEW, "rules", "accept"),
    "rules": (REVIEW, "rules", "rules"),
    "end-rule": (REVIEW, "rules", "end_rule_command"),
    "accept-shorter-list": (REVIEW, "rules", "accept_shorter_list_command"),
    "rollback": (CORRECT, "rollback", "rollback"),
    "override": (CORRECT, "overrides", "override"),
    "sync": (SYNC, "syncs", "sync"),
    "status": (SYNC, "job_status", "status"),
    "watch": (SYNC, "watch", "watch"),
    "cancel": (SYNC, "syncs", "cancel"),
    "retry": (SYNC, "syncs", "retry"),
    "cleanup": (SYNC, "syncs", "cleanup"),
    "providers": (SYNC, "providers", "providers"),
    "up": (RUN, "processes", "up"),
    "migrate": (RUN, "migration", "migrate"),
    "serve": (RUN, "processes", "serve"),
    "worker": (RUN, "processes", "worker"),
    "doctor": (RUN, "doctor", "doctor"),
    "config": (RUN, "processes", "config"),
    "database-url": (RUN, "processes", "database_url_command"),
    "uninstall": (RUN, "uninstall", "uninstall"),
    "bench": (RUN, "bench", "bench"),
    "keys": (RUN, "keys", "keys"),
}


class LazyCommands(Mapping[str, Any]):
    """Typer's commands by name; one is imported when it is read."""

    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)

    def __contains__(self, name: object) -> bool:
        return name in COMMANDS

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = _load(name, *COMMANDS[name])
        return self._loaded[name]


def _load(name: str, group: str, module: str, attribute: str) -> Any:
    found = getattr(import_module(f"service.cli.{module}"), attribute)
    # A callback, so that one command is a group too.
    app = typer.Typer(callback=lambda: None, add_completion=False, rich_markup_mode=None)
    if isinstance(found, typer.Typer):
        app.add_typer(found, name=name, rich_help_panel=group)
    else:
        app.command(name, rich_help_panel=group)(found)
    (command,) = typer.main.get_group(app).commands.values()
    return command
