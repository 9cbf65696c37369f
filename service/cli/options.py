"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from service.cli.completion import complete_jobs, complete_providers

# Of a bigint and of an integer.
LARGEST_ID, LARGEST_INTEGER = 2**63 - 1, 2**31 - 1


def at_most(largest: int) -> Callable[[Any], Any]:
    """A callback that refuses numbers below 1 or above ``largest``; the help does not show it."""

    def check(value: Any) -> Any:
        for number in value if isinstance(value, list) else [value]:
            if number is not None and not 1 <= number <= largest:
                raise typer.BadParameter(f"{number} is not in the range 1 to {largest}.")
        return value

    return check


JobName = Annotated[
    str,
    typer.Argument(
        metavar="JOB",
        help="The job's id, or its first 8 digits or more; `status` lists jobs.",
        autocompletion=complete_jobs,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
OfProvider = Annotated[
    str | None,
    typer.Option(
        "--provider",
        metavar="PROVIDER",
        help="Only of this provider.",
        autocompletion=complete_providers,
    ),
]
ProviderName = Annotated[
    str,
    typer.Argument(
        metavar="PROVIDER",
        help="The provider, such as openrouter.",
        autocompletion=complete_providers,
    ),
]
ModelName = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", help="The model's id as the provider spells it; `models` finds it."
    ),
]
Reason = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="The reason, kept with the change.")
]
