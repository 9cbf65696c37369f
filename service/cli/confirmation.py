"""Says what a decision would change, and asks a person on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated

import typer

from service.calls.previews import Impact
from service.cli.price_cells import shown_ratio
from service.errors import DatabaseRefused, NotConfirmed
from service.terminal.output import Terminal, shown_count

NOTHING_CHANGED = "Nothing was changed."

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def confirm(verb: str, preview: Callable[[], Impact], *, yes: bool) -> None:
    """Say on stderr what the decision changes; on a terminal ask, and raise NotConfirmed for no.

    ``verb``: what the command does, such as "Approve". Without a terminal it goes on, so that
    scripts do. What the preview refuses the decision itself refuses too, with the better message.
    """
    notes = Terminal(sys.stderr)
    with suppress(DatabaseRefused):
        notes.say(f"{verb}: {shown_impact(preview())}.")
        if not yes and sys.stdin.isatty():
            ask(notes, f"{verb}?")


def ask(notes: Terminal, question: str) -> None:
    """Raise NotConfirmed unless the person types y."""
    notes.stream.write(f"{question} [y/N] ")
    notes.stream.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise NotConfirmed(NOTHING_CHANGED, hint="Answer y to do it.")


def shown_impact(impact: Impact) -> str:
    """The numbers in one line: ``3 models of openrouter, the largest factor is 12, ...``."""
    parts = [_models(impact.models)]
    if impact.providers:
        parts[0] += f" of {', '.join(impact.providers)}"
    if impact.covered is not None:
        parts[0] += f" held now (the rule covers {_models(impact.covered)})"
    if impact.largest_factor is not None:
        parts.append(f"the largest factor is {shown_ratio(impact.largest_factor)}")
    if impact.to_free_count:
        become = "becomes free or has" if impact.to_free_count == 1 else "become free or have"
        more = impact.to_free_count - len(impact.to_free)
        named = ", ".join(impact.to_free) + (f" and {shown_count(more)} more" if more > 0 else "")
        parts.append(
            f"{shown_count(impact.to_free_count)} {become} a price that falls to zero: {named}"
        )
    return ", ".join(parts)


def _models(count: int) -> str:
    return f"{shown_count(count)} model{'' if count == 1 else 's'}"
