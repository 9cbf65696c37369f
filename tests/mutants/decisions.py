"""Mutants of what people see before and after they decide."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

HISTORY = "tests/db/prices/test_pricing_history.py"
WAITING = "tests/db/review/test_pricing_waiting.py"
PREVIEWS = "tests/db/review/test_preview_held_price_changes.py"
REOPEN = "tests/db/review/test_reopen_held_price_change.py"
NOTICES = "tests/db/review/test_notify_held_changes.py"
STALE = "tests/db/prices/test_pricing_stale.py"


def _view(name: str, text: str, instead: str, test: str, why: str) -> Mutant:
    return Mutant(f"db/views/{name}.sql", text, instead, (test,), why)


def _review(name: str, text: str, instead: str, test: str, why: str) -> Mutant:
    return Mutant(f"db/functions/review/{name}.sql", text, instead, (test,), why)


DECISIONS = (
    _view(
        "pricing_history",
        "end is distinct from v.new_amount",
        "end is not null",
        f"{HISTORY}::test_a_price_is_in_force_until_the_next_of_its_own_name",
        "a price ends with the change of another",
    ),
    _view(
        "pricing_history",
        "r.is_in_force = h.is_in_force and r.id < h.id",
        "r.id < h.id",
        HISTORY,
        "what an override charged is the price before the provider's",
    ),
    _view(
        "pricing_history",
        "and r.changed_at < coalesce(o.ended_at, 'infinity')",
        "",
        HISTORY,
        "a price after an override is taken for one of it",
    ),
    _view(
        "pricing_changes",
        "where h.is_in_force",
        "where true",
        f"{HISTORY}::test_changes_are_what_is_charged_newest_first_over_all_models",
        "changes show prices that were never charged",
    ),
    _view(
        "pricing_waiting",
        "w.held * 3 >= coalesce(",
        "w.held * 3 > coalesce(",
        f"{WAITING}::test_a_provider_stands_still_by_a_third_of_its_priced_models",
        "a third of a provider does not stand still",
    ),
    _view(
        "pricing_waiting",
        "where h.still_said and h.status",
        "where h.status",
        f"{WAITING}::test_rejected_ones_that_are_still_listed_are_told_apart",
        "rejected changes that are gone are still listed",
    ),
    _view(
        "pricing_confirmations",
        " * (1 + p.sync_jitter)",
        "",
        f"{STALE}::test_what_is_confirmed_in_time",
        "the jitter makes a provider late",
    ),
    Mutant(
        "db/functions/reports/pricing_unconfirmed.sql",
        "least(p.missing_count + 1, l.lists)",
        "1",
        (f"{STALE}::test_a_model_that_the_lists_lack",),
        "the list that lacks a model confirms it",
    ),
    _review(
        "price_changes_reach",
        "greatest(m.amount / m.old_amount, m.old_amount / m.amount)",
        "m.amount / m.old_amount",
        f"{PREVIEWS}::test_models_and_the_largest_factor_either_way",
        "a fall is no factor",
    ),
    _review(
        "price_changes_reach",
        "and a.axis <> 'price_per_web_search'",
        "",
        f"{PREVIEWS}::test_which_become_free",
        "the price of web searches hides that a model becomes free",
    ),
    _review(
        "preview_price_change_rule",
        "and public.rule_accepts_change(preview_price_change_rule.up_to_ratio, h.ratio, k.kinds)",
        "",
        f"{PREVIEWS}::test_a_rule_previews_what_the_next_sync_applies_by_it",
        "a rule shows changes that it does not accept",
    ),
    _review(
        "resolve_price_changes",
        "greatest(s.first_seen_at, s.reopened_at) as first_seen_at",
        "s.first_seen_at",
        f"{REOPEN}::test_the_next_sync_keeps_it_and_its_hours_begin_anew",
        "a reopened change applies itself at once",
    ),
    _review(
        "resolve_price_changes",
        "and w.reopened_at is null\n",
        "\n",
        f"{REOPEN}::test_what_no_guard_stops_any_more_still_waits_once_it_was_reopened",
        "a reopened change is applied before a person has looked at it",
    ),
    _review(
        "hold_price_changes",
        "'rejected', d.outcome = 'reject'",
        "'rejected', false",
        f"{WAITING}::test_a_sync_of_what_was_rejected_earlier_says_how_many",
        "rejected changes are said to wait",
    ),
    _review(
        "notify_held_changes",
        "where (n.status = 'held') <> (o.status = 'held')",
        "where n.status = 'held'",
        f"{NOTICES}::test_each_decision",
        "a decision is not notified",
    ),
)
