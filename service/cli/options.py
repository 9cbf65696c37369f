"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

JobName = Annotated[
    str, typer.Argument(metavar="JOB", help="The job's id, or its first 8 digits or more.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Limit = Annotated[
    int, typer.Option("--limit", min=1, max=1_000_000, help="Print at most this many rows.")
]
OfProvider = Annotated[str | None, typer.Option("--provider", help="Only of this provider.")]
ProviderName = Annotated[
    str, typer.Argument(metavar="PROVIDER", help="The provider, such as openrouter.")
]
ModelName = Annotated[
    str, typer.Argument(metavar="MODEL", help="The model's id as the provider spells it.")
]
Reason = Annotated[str, typer.Option("--reason", help="The reason, kept with the change.")]
