"""Lists the commands of the main help in groups, each a ``rich_help_panel``.

Typer prints groups only through rich, which this help does not use.
"""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

from service.cli.command_table import LazyCommands

INDENTATION = 6


class GroupedHelp(TyperGroup):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands: Any = LazyCommands()

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        # One width for all groups, so that their second columns are aligned.
        width = max(map(len, self.commands))
        for name, command in self.commands.items():
            sentence = command.get_short_help_str(formatter.width - INDENTATION - width)
            group = str(getattr(command, "rich_help_panel", None) or "Commands")
            groups.setdefault(group, []).append((name.ljust(width), sentence))
        for group, rows in groups.items():
            with formatter.section(group):
                formatter.write_dl(rows)
