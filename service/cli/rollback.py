"""The command ``rollback``: undo the price changes of a job, after showing them."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from service.calls.previews import preview_rollback
from service.calls.review import rollback_sync
from service.cli.arguments import caller_name
from service.cli.confirmation import NOTHING_CHANGED, Yes, ask, shown_impact
from service.cli.options import JobName, Json
from service.cli.queries import command_connection, find_past_job
from service.cli.review_tables import show_rollback
from service.errors import NotConfirmed
from service.terminal.output import Terminal, shown_count


def rollback(
    job: JobName,
    yes: Yes = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what the job changed; change nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Undo the price changes of a job.

    Of all its providers: each price goes back to what it was before the job, a first price to
    unknown. Shows the changes and asks first. A model that a later job has changed is skipped, and
    listed as "changed since"; an override stays in force. What was undone is held, so that the next
    sync does not apply it again; `approve` applies it.
    """
    if yes and dry_run:
        raise typer.BadParameter("--yes and --dry-run do not go together.")
    output = Terminal(sys.stdout)
    notes = Terminal(sys.stderr) if as_json else output
    with command_connection() as connection:
        job_id = find_past_job(connection, job)
        planned = rollback_sync(connection, job_id, dry_run=True, who=caller_name())
        impact = preview_rollback(connection, job_id)
    going = sum(row["action"] == "roll_back" for row in planned)
    if not (yes and going):
        show_rollback(notes, planned)
    if going:
        notes.say(f"Roll back: {shown_impact(impact)}.")
    if dry_run or not going:
        notes.say(NOTHING_CHANGED if going else "Nothing goes back.")
        if as_json:
            output.json({"job_id": job_id, "dry_run": True, "impact": impact, "models": planned})
        return
    if not yes:
        _require_yes(notes, going)
    with command_connection() as connection:
        done = rollback_sync(connection, job_id, dry_run=False, who=caller_name())
    if as_json:
        output.json({"job_id": job_id, "dry_run": False, "impact": impact, "models": done})
    else:
        if yes:
            show_rollback(output, done)
        gone = sum(row["action"] == "roll_back" for row in done)
        went = "price went" if gone == 1 else "prices went"
        output.say(f"{shown_count(gone)} {went} back: `pricing-sync held` shows what waits now.")


def _require_yes(notes: Terminal, going: int) -> None:
    """Ask the operator; without a terminal --yes is needed."""
    if not sys.stdin.isatty():
        raise NotConfirmed(
            NOTHING_CHANGED, hint="--yes does it without asking; --dry-run only shows it."
        )
    go = "price goes" if going == 1 else "prices go"
    ask(notes, f"{shown_count(going)} {go} back. Do it?")
