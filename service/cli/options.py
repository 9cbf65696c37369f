"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

JobName = Annotated[
    str, typer.Argument(metavar="JOB", help="Its id, or the first 8 digits or more.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Limit = Annotated[
    int, typer.Option("--limit", min=1, max=1_000_000, help="Print this many rows at most.")
]
OfProvider = Annotated[str | None, typer.Option("--provider", help="Only this provider's.")]
ProviderName = Annotated[
    str, typer.Argument(metavar="PROVIDER", help="The provider, such as openrouter.")
]
ModelName = Annotated[
    str, typer.Argument(metavar="MODEL", help="The model's id as the provider spells it.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why, for those who ask later.")]
