"""The commands of review: ``held``, ``approve`` and ``reject``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated
from uuid import UUID

import psycopg
import typer

from service.calls.review import (
    approve_held,
    approve_held_of_sync,
    reject_held,
    reject_held_of_sync,
)
from service.cli.arguments import caller_name
from service.cli.held_tables import show_decided, show_held, show_one_held
from service.cli.options import LARGEST_ID, Json, Limit, OfProvider, at_most
from service.cli.queries import Row, command_connection, find_past_job
from service.cli.review_queries import read_held, read_one_held
from service.errors import PricingError
from service.terminal.output import Terminal

HeldIds = Annotated[
    list[int] | None,
    typer.Argument(metavar="ID", callback=at_most(LARGEST_ID), help="The ids that `held` shows."),
]
OfJob = Annotated[
    str | None,
    typer.Option(
        "--sync",
        metavar="JOB",
        help="All held changes that this job was the last to report: its id, or its first 8 "
        "digits or more.",
    ),
]
Note = Annotated[
    str | None, typer.Option("--note", metavar="TEXT", help="The reason, kept with the decision.")
]

DecideOne = Callable[[psycopg.Connection, int, str, str | None], Row]
DecideAll = Callable[[psycopg.Connection, UUID, str, str | None], list[Row]]


def held(
    held_id: Annotated[
        int | None,
        typer.Argument(
            metavar="ID", callback=at_most(LARGEST_ID), help="Show this one, with evidence."
        ),
    ] = None,
    provider: OfProvider = None,
    sync: OfJob = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Show the price changes that wait for review, and why.

    A sync holds a change that looks wrong: a token price that moves by 10 times or more or falls
    to zero, one that looks like another unit, the first list of some providers,
    and what `rollback` undid. The price in force stays meanwhile. "applies itself" is the time
    after which a sync may apply a change that its provider still lists; without one it waits for
    `approve` or `reject`. Newest first, in US dollars per 1M tokens.
    """
    output = Terminal(sys.stdout)
    with command_connection() as connection:
        if held_id is not None:
            if provider or sync:
                raise typer.BadParameter("An ID goes without --provider and --sync.")
            one = read_one_held(connection, held_id)
            output.json(one) if as_json else show_one_held(output, one)
            return
        job_id = None if sync is None else find_past_job(connection, sync)
        rows = read_held(connection, provider=provider, job_id=job_id, limit=limit + 1)
    if as_json:
        output.json(rows[:limit])
    elif rows:
        show_held(output, rows[:limit])
    else:
        output.say("Nothing is held.")
    if len(rows) > limit:
        Terminal(sys.stderr).say(f"There are more than {limit}: --limit {limit * 10} shows them.")


def approve(
    ids: HeldIds = None, sync: OfJob = None, note: Note = None, as_json: Json = False
) -> None:
    """Apply changes that are held.

    Give ids, or --sync for all that one job was the last to report; exit status 2 without either.
    To reverse it: `rollback` undoes that job, all of it; `override set` sets another price. A
    rejected change can still be approved by its id while its provider lists that price.
    """
    _decide(ids, sync, note, as_json, approve_held, approve_held_of_sync)


def reject(
    ids: HeldIds = None, sync: OfJob = None, note: Note = None, as_json: Json = False
) -> None:
    """Reject changes that are held.

    The price in force stays. Give ids, or --sync for all that one job was the last to report; exit
    status 2 without either. The same price is not held again for as long as the provider lists
    it; until then `approve` with the id reverses it.
    """
    _decide(ids, sync, note, as_json, reject_held, reject_held_of_sync)


def _decide(
    ids: list[int] | None,
    sync: str | None,
    note: str | None,
    as_json: bool,
    decide_one: DecideOne,
    decide_all: DecideAll,
) -> None:
    if bool(ids) == bool(sync):
        raise typer.BadParameter("Give either ids, as `pricing-sync held` shows them, or --sync.")
    decided: list[Row] = []
    try:
        with command_connection() as connection:
            if sync is not None:
                decided = decide_all(
                    connection, find_past_job(connection, sync), caller_name(), note
                )
            for held_id in ids or []:
                decided.append(decide_one(connection, held_id, caller_name(), note))
    except PricingError:
        # Each decision commits by itself, so those before the failure stay.
        if decided:
            _print_decided(decided, as_json)
        raise
    _print_decided(decided, as_json)


def _print_decided(decided: list[Row], as_json: bool) -> None:
    output = Terminal(sys.stdout)
    output.json(decided) if as_json else show_decided(output, decided)
