"""The commands of rules: ``accept``, ``rules``, ``end-rule`` and ``accept-shorter-list``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from service.calls.previews import preview_rule
from service.calls.review import accept_changes, accept_shorter_list, end_rule
from service.cli.arguments import EXPIRY_HELP, caller_name, parse_amount, parse_expiry
from service.cli.confirmation import Yes, confirm
from service.cli.list_rows import read_list
from service.cli.options import LARGEST_ID, Json, ProviderName, Reason, at_most
from service.cli.provider_names import require_providers
from service.cli.queries import command_connection
from service.cli.review_tables import show_rules
from service.lists.review_lists import RULES
from service.terminal.output import Terminal


def accept(
    provider: ProviderName,
    up_to: Annotated[
        str,
        typer.Option(
            "--up-to",
            metavar="FACTOR",
            help="The largest change: 20 is up to 20 times as much, or down to a twentieth.",
        ),
    ],
    until: Annotated[
        str, typer.Option("--until", metavar="TIME", help=f"When the rule ends: {EXPIRY_HELP}")
    ],
    reason: Reason,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="MODEL", help="Only of this model; default: all models."),
    ] = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Let larger changes pass beforehand, until a time.

    Says which held changes the next sync would apply by it; on a terminal it asks.
    A rule for a provider, or a model of it, for example for an announced price list: syncs apply
    changes that would be held for their size alone. A fall to zero, a price outside the provider's
    bounds or a power of ten beside the catalogue's, a first list and what `rollback` undid are held
    all the same. Changes that are held already are
    applied by the next sync that reports them again; `approve` applies them at once.
    """
    ratio, expires_at = parse_amount(up_to), parse_expiry(until)
    output = Terminal(sys.stdout)
    with command_connection() as connection:
        require_providers(connection, [provider])
        confirm("Accept", lambda: preview_rule(connection, provider, model, ratio), yes=yes)
        rule = accept_changes(
            connection,
            provider,
            model,
            up_to_ratio=ratio,
            until=expires_at,
            reason=reason,
            who=caller_name(),
        )
    output.json(rule) if as_json else show_rules(output, [rule])


def rules(as_json: Json = False) -> None:
    """Show the rules in force that `accept` made."""
    output = Terminal(sys.stdout)
    with command_connection() as connection:
        rows = list(read_list(connection, RULES, {}))
    if as_json:
        output.json(rows)
    elif rows:
        show_rules(output, rows)
    else:
        output.say("There is no rule: `pricing-sync accept` makes one.")


def end_rule_command(
    rule_id: Annotated[
        int,
        typer.Argument(
            metavar="ID", callback=at_most(LARGEST_ID), help="The id that `rules` shows."
        ),
    ],
    as_json: Json = False,
) -> None:
    """End a rule before its time.

    Changes that it let pass stay; `rollback` undoes those of a job.
    """
    output = Terminal(sys.stdout)
    with command_connection() as connection:
        rule = end_rule(connection, rule_id, caller_name())
    if as_json:
        output.json(rule)
    else:
        output.say(f"Rule {rule['id']} of {rule['provider']} has ended.")


def accept_shorter_list_command(provider: ProviderName, as_json: Json = False) -> None:
    """Accept a list that was refused as too short.

    A sync fails (list_shrunk, prices_gone) when a provider's list has lost half of its models, or
    of their prices. Within 7 days its next list may then be as short as the refused one; models
    that it lacks become inactive and keep their history.
    """
    output = Terminal(sys.stdout)
    with command_connection() as connection:
        require_providers(connection, [provider])
        refused = accept_shorter_list(connection, provider, caller_name())
    if as_json:
        output.json(refused)
    else:
        output.say(f"Accepted of {provider}: {refused['error_message']}.")
        output.say(f"`pricing-sync sync {provider} --watch` fetches its list again.")
