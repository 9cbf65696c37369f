"""The tables of migration steps, and of differences from the release."""

from __future__ import annotations

from collections.abc import Sequence

from service.migrations.comparison.difference import Difference
from service.migrations.status import StepStatus
from service.terminal.output import Terminal, shown_time
from service.terminal.table_layout import Column


def show_steps(terminal: Terminal, steps: Sequence[StepStatus]) -> None:
    terminal.table(
        (Column("step"), Column("state"), Column("applied")),
        [(step.name, step.state, shown_time(step.applied_at)) for step in steps],
    )


def show_state(terminal: Terminal, differences: Sequence[Difference]) -> None:
    """How the database differs from this version: what migrate restores first."""
    repaired = [each for each in differences if each.is_repaired]
    _show_differences(
        terminal,
        "Differs from this version; `pricing-sync migrate` restores it:",
        [each for each in differences if each.is_ours],
        with_statements=False,
    )
    _show_differences(
        terminal,
        "Missing or changed; `pricing-sync migrate --repair` restores it:",
        repaired,
    )
    _show_differences(
        terminal,
        "Differs from this version; not changed by pricing-sync:",
        [each for each in differences if not each.is_ours and not each.is_repaired],
    )


def show_repairs(terminal: Terminal, planned: Sequence[Difference]) -> None:
    """What a repair will restore first."""
    if planned:
        _show_differences(terminal, "Missing or changed, to be restored:", planned)
    else:
        terminal.say("Nothing of ours is gone.")


def _show_differences(
    terminal: Terminal,
    heading: str,
    chosen: Sequence[Difference],
    *,
    with_statements: bool = True,
) -> None:
    if chosen:
        terminal.say(heading)
    for each in chosen:
        terminal.say(f"  {each.sentence}")
        if each.statement is not None and with_statements:
            # Without comments and shipped rows, which are long.
            shown = each.statement.partition("; comment on ")[0].partition("; insert into ")[0]
            terminal.say(f"    {shown.rstrip(';')};")
