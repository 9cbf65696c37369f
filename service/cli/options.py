"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Limit = Annotated[
    int, typer.Option("--limit", min=1, max=1_000_000, help="Print this many rows at most.")
]
