"""The commands of review: ``held``, ``approve``, ``reject`` and ``reopen``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

import psycopg
import typer

from service.calls.previews import preview_review
from service.calls.review import (
    approve_held,
    approve_held_of_sync,
    reject_held,
    reject_held_of_sync,
    reopen_held,
    reopen_held_of,
)
from service.cli.arguments import caller_name
from service.cli.confirmation import Yes, confirm
from service.cli.held_tables import show_decided, show_held, show_one_held, show_rejected
from service.cli.list_output import ListLimit, ListOutput
from service.cli.list_rows import read_list
from service.cli.options import LARGEST_ID, Json, OfProvider, at_most
from service.cli.provider_names import require_price_provider
from service.cli.queries import Row, command_connection, find_past_job
from service.cli.review_queries import read_one_held
from service.errors import PricingError
from service.lists.review_lists import HELD, REJECTED
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
    rejected: Annotated[
        bool,
        typer.Option(
            "--rejected", help="Those that were rejected and that their provider still lists."
        ),
    ] = False,
    limit: ListLimit = None,
    as_json: Json = False,
) -> None:
    """Show the price changes that wait for review, and why.

    A sync holds a change that looks wrong: a token price that moves by 10 times or more or falls
    to zero, one that looks like another unit, the first list of some providers,
    and what `rollback` undid. The price in force stays meanwhile. "applies itself" is the time
    after which a sync may apply a change that its provider still lists; without one it waits for
    `approve` or `reject`. "moves" has every price that would change, by its name in `models
    --json`. Newest first, in US dollars per 1M tokens.
    """
    output = Terminal(sys.stdout)
    pages = ListOutput(limit, as_json=as_json)
    with command_connection() as connection:
        if held_id is not None:
            if provider or sync or rejected:
                raise typer.BadParameter("An ID goes without --provider, --sync and --rejected.")
            one = read_one_held(connection, held_id)
            output.json(one) if as_json else show_one_held(output, one)
            return
        require_price_provider(connection, provider)
        job_id = None if sync is None else find_past_job(connection, sync)
        rows = read_list(
            connection,
            REJECTED if rejected else HELD,
            {"provider": provider, "job": job_id},
            limit=pages.rows_wanted,
        )
        pages.print(
            rows,
            show_rejected if rejected else show_held,
            nothing="Nothing that was rejected is still listed."
            if rejected
            else "Nothing is held.",
        )


def approve(
    ids: HeldIds = None,
    sync: OfJob = None,
    note: Note = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Apply changes that are held.

    Says how many models they change and by how much; on a terminal it asks. Give ids, or --sync for
    all that one job was the last to report; exit status 2 without either. To reverse it: `rollback`
    undoes that job, all of it; `override set` sets another price. A rejected change can still be
    approved by its id while its provider lists that price.
    """
    _decide(ids, sync, note, yes, as_json, approve_held, approve_held_of_sync, "approve")


def reject(
    ids: HeldIds = None,
    sync: OfJob = None,
    note: Note = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Reject changes that are held.

    Says how many models they would change and by how much; on a terminal it asks. The price in
    force stays. Give ids, or --sync for all that one job was the last to report; exit status 2
    without either. The same price is not held again for as long as the provider lists it; until
    then `reopen` makes it wait again, and `approve` with the id applies it.
    """
    _decide(ids, sync, note, yes, as_json, reject_held, reject_held_of_sync, "reject")


def reopen(
    ids: HeldIds = None,
    sync: OfJob = None,
    provider: OfProvider = None,
    note: Note = None,
    as_json: Json = False,
) -> None:
    """Let rejected changes wait for review again.

    As `held --rejected` shows them: by id, all of a provider with --provider, or all that one job
    was the last to report with --sync; exit status 2 without one of them. The price in force stays.
    """
    if sum((bool(ids), bool(sync), bool(provider))) != 1:
        raise typer.BadParameter("Give ids, as `held --rejected` shows them, --sync or --provider.")
    who = caller_name()
    with command_connection() as connection, _reported(as_json) as reopened:
        if ids:
            for held_id in ids:
                reopened.append(reopen_held(connection, held_id, who, note))
        else:
            require_price_provider(connection, provider)
            job_id = None if sync is None else find_past_job(connection, sync)
            reopened += reopen_held_of(connection, provider, job_id, who, note)


def _decide(
    ids: list[int] | None,
    sync: str | None,
    note: str | None,
    yes: bool,
    as_json: bool,
    decide_one: DecideOne,
    decide_all: DecideAll,
    decision: str,
) -> None:
    if bool(ids) == bool(sync):
        raise typer.BadParameter("Give either ids, as `pricing-sync held` shows them, or --sync.")
    what = decision.capitalize()
    with command_connection() as connection, _reported(as_json) as decided:
        if sync is not None:
            job_id = find_past_job(connection, sync)
            confirm(what, lambda: preview_review(connection, decision, job_id=job_id), yes=yes)
            decided += decide_all(connection, job_id, caller_name(), note)
        else:
            confirm(what, lambda: preview_review(connection, decision, ids=ids), yes=yes)
            for held_id in ids or []:
                decided.append(decide_one(connection, held_id, caller_name(), note))


@contextmanager
def _reported(as_json: bool) -> Iterator[list[Row]]:
    """Print what was decided; each decision commits by itself, so those before a failure stay."""
    decided: list[Row] = []
    try:
        yield decided
    except PricingError:
        if decided:
            _print_decided(decided, as_json)
        raise
    _print_decided(decided, as_json)


def _print_decided(decided: list[Row], as_json: bool) -> None:
    output = Terminal(sys.stdout)
    output.json(decided) if as_json else show_decided(output, decided)
