"""The commands of rules: ``accept``, ``rules``, ``end-rule`` and ``accept-shorter-list``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from service.calls.review import accept_changes, accept_shorter_list, end_rule
from service.cli.arguments import caller_name, parse_amount, parse_time
from service.cli.options import Json, ProviderName, Reason
from service.cli.queries import command_connection
from service.cli.review_queries import read_rules
from service.cli.review_tables import show_rules
from service.terminal.output import Terminal


def accept(
    provider: ProviderName,
    up_to: Annotated[
        str, typer.Option("--up-to", metavar="RATIO", help="Apply changes up to this factor.")
    ],
    until: Annotated[
        str, typer.Option("--until", metavar="TIME", help="2026-11-27, or 2026-11-27T12:00Z; UTC.")
    ],
    reason: Reason,
    model: Annotated[
        str | None, typer.Option("--model", help="Only of this model; default: all models.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Accept larger price changes of a provider beforehand, until a time.

    Changes that are held already are applied by the next sync that reports them again.
    """
    ratio, expires_at = parse_amount(up_to), parse_time(until)
    output = Terminal(sys.stdout)
    with command_connection() as connection:
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
    """Show which larger price changes are accepted beforehand."""
    output = Terminal(sys.stdout)
    with command_connection() as connection:
        rows = read_rules(connection)
    if as_json:
        output.json(rows)
    elif rows:
        show_rules(output, rows)
    else:
        output.say("There is no rule: `pricing-sync accept` makes one.")


def end_rule_command(
    rule_id: Annotated[
        int, typer.Argument(metavar="ID", min=1, max=2**63 - 1, help="The id that `rules` shows.")
    ],
    as_json: Json = False,
) -> None:
    """End a rule before its time.

    Changes that it has accepted stay; `rollback` undoes a sync.
    """
    output = Terminal(sys.stdout)
    with command_connection() as connection:
        rule = end_rule(connection, rule_id, caller_name())
    if as_json:
        output.json(rule)
    else:
        output.say(f"Rule {rule['id']} of {rule['provider']} has ended.")


def accept_shorter_list_command(provider: ProviderName, as_json: Json = False) -> None:
    """Accept that a provider's list has lost half of its models, or of their prices.

    Its next list may be as short as the refused one; models that it lacks become inactive.
    """
    output = Terminal(sys.stdout)
    with command_connection() as connection:
        refused = accept_shorter_list(connection, provider, caller_name())
    if as_json:
        output.json(refused)
    else:
        output.say(f"Accepted of {provider}: {refused['error_message']}.")
        output.say(f"`pricing-sync sync {provider} --watch` fetches its list again.")
