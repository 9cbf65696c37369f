"""Mutants of what holds a price, of what counts as a change, and of what applies one."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

BOUNDS = "tests/replay/test_bounds.py"
ONE_MODEL = (f"{BOUNDS}::test_each_bound_of_one_model",)
LIST = (f"{BOUNDS}::test_each_bound_of_a_list",)
ALONE = (f"{BOUNDS}::test_what_looked_like_another_unit_waits_when_it_is_alone_too",)
RIPE = (f"{BOUNDS}::test_what_stays_the_same_applies_itself",)
END = (f"{BOUNDS}::test_what_waits_ends_when_something_else_is_said",)
JUDGE = "tests/db/review/test_judge_price_changes.py"
MOVES = (f"{JUDGE}::test_more_than_a_third_of_the_list_may_not_move",)
FEES_GONE = (f"{JUDGE}::test_a_fee_that_goes_from_half_of_the_models_waits",)
LOST = "tests/db/prices/test_refuse_lost_prices.py"
ONE_GONE = (f"{LOST}::test_one_price_gone_from_half_of_the_models_sinks_the_list",)
MOVED_INTO_CONDITIONS = (
    f"{LOST}::test_a_price_that_moves_into_conditions_is_not_gone_nor_is_one_that_is_unknown_there",
)
WAITS = "tests/db/review/test_hold_price_changes.py"
RULE = (
    f"{BOUNDS}::test_a_rule_covers_what_it_names",
    f"{BOUNDS}::test_a_rule_that_does_not_hold_covers_nothing",
)
DIFFERENCE = ("tests/db/prices/test_pricing_prices_differ.py",)
APPLY = "tests/db/prices/test_apply_provider_prices.py"


def _judge(text: str, instead: str, why: str) -> Mutant:
    return Mutant("db/functions/review/pricing_findings.sql", text, instead, ONE_MODEL, why)


def _move(text: str, instead: str, why: str) -> Mutant:
    return Mutant("db/functions/review/pricing_moves.sql", text, instead, ONE_MODEL, why)


def _list(text: str, instead: str, why: str) -> Mutant:
    return Mutant("db/functions/review/pricing_shared_moves.sql", text, instead, LIST, why)


def _bound(text: str, instead: str, tests: tuple[str, ...], why: str) -> Mutant:
    return Mutant("db/functions/review/pricing_list_bounds.sql", text, instead, tests, why)


def _whole(text: str, instead: str, test: str, why: str) -> Mutant:
    return Mutant(
        "db/functions/review/pricing_list_findings.sql", text, instead, (f"{JUDGE}::{test}",), why
    )


def _rule(text: str, instead: str, tests: tuple[str, ...], why: str) -> Mutant:
    return Mutant("db/functions/review/rule_accepts_change.sql", text, instead, tests, why)


def _decide(text: str, instead: str, tests: tuple[str, ...], why: str) -> Mutant:
    return Mutant("db/functions/review/resolve_price_changes.sql", text, instead, tests, why)


GUARDS = (
    _judge(
        "m.now >= m.before * g.guard_unit_ratio",
        "m.now > m.before * g.guard_unit_ratio",
        "100 times up is large only, and applies itself",
    ),
    _judge(
        "m.now * g.guard_unit_ratio <= m.before",
        "m.now * g.guard_unit_ratio < m.before",
        "100 times down is large only, and applies itself",
    ),
    _judge(
        "m.now >= m.before * g.guard_large_ratio",
        "m.now > m.before * g.guard_large_ratio",
        "10 times up passes",
    ),
    _judge(
        "m.now * g.guard_large_ratio <= m.before",
        "m.now * g.guard_large_ratio < m.before",
        "10 times down passes",
    ),
    _judge(
        "m.now * g.guard_large_ratio <= m.before",
        "m.now * g.guard_unit_ratio <= m.before",
        "a fall is measured by 100",
    ),
    _judge(
        "where m.now = 0\n            and not m.is_fee\n",
        "where false\n            and not m.is_fee\n",
        "a fall to zero passes",
    ),
    _judge(
        "m.now * 1000000 < m.guard_lowest_per_1m",
        "m.now * 1000000 <= m.guard_lowest_per_1m",
        "the lowest price is outside",
    ),
    _judge(
        "m.now * 1000000 > m.guard_highest_per_1m",
        "m.now * 1000000 >= m.guard_highest_per_1m",
        "the highest price is outside",
    ),
    _judge(
        "and (m.now * 1000000 < m.guard_lowest_per_1m or ",
        "and (",
        "nothing is too low",
    ),
    _judge(
        "or m.now * 1000000 > m.guard_highest_per_1m)",
        ")",
        "nothing is too high",
    ),
    _judge(
        "select n.power >= 100",
        "select n.power > 100",
        "100 times the catalogue passes",
    ),
    _judge(
        "abs(m.now - m.catalogue * n.power) <= 0.05 * m.catalogue * n.power",
        "abs(m.now - m.catalogue * n.power) <= 0.06 * m.catalogue * n.power",
        "6 % from a power of ten is near it",
    ),
    _judge(
        "abs(m.now - m.catalogue * n.power) <= 0.05 * m.catalogue * n.power",
        "abs(m.now - m.catalogue * n.power) < 0.05 * m.catalogue * n.power",
        "5 % from a power of ten is not near it",
    ),
    _judge(
        "abs(m.now * n.power - m.catalogue) <= 0.05 * m.catalogue",
        "abs(m.now * n.power - m.catalogue) <= 0.06 * m.catalogue",
        "6 % from a hundredth is near it",
    ),
    _judge(
        "abs(m.now * n.power - m.catalogue) <= 0.05 * m.catalogue",
        "abs(m.now * n.power - m.catalogue) < 0.05 * m.catalogue",
        "5 % from a hundredth is not near it",
    ),
    _judge(
        "and (l.is_large or m.now > m.catalogue * 90 or m.now * 90 < m.catalogue)",
        "and (l.is_large or m.now > m.catalogue * 90)",
        "a hundredth of the catalogue passes",
    ),
    Mutant(
        "db/functions/review/judge_price_changes.sql",
        "when bool_or(f.class = 'unit') then 'unit'",
        "when bool_and(f.class = 'unit') then 'unit'",
        (f"{JUDGE}::test_the_worst_comes_first",),
        "of two reasons the milder one counts",
    ),
    _judge(
        "where m.is_unit or (m.is_large and not m.is_new_entry)",
        "where m.is_unit or m.is_large",
        "a new condition 10 times the base waits",
    ),
    _judge(
        "m.is_first\n                        and m.before is null",
        "false\n                        and m.before is null",
        "a first price 10 times the catalogue's passes",
    ),
    _judge("not m.says_free,", "false,", "a fall to zero applies itself, whatever the list says"),
    _judge("not m.says_free,", "true,", "what is said to be free waits for a person"),
    _judge(
        "where m.is_token\n            and m.now > 0",
        "where m.now > 0",
        "the price of an image is judged as one of a token",
    ),
    _list("c.models >= b.alike", "c.models > b.alike", "five models are too few to be a list"),
    _list("c.models * 100 >= ", "c.models * 100 > ", "15 % of the list is not enough"),
    _list(
        "where m.factor > 0",
        "where m.factor >= 2 or m.factor <= 0.5",
        "another currency is no other unit",
    ),
    _bound("5, 15,", "4, 15,", LIST, "four models are a list"),
    _bound("5, 15,", "5, 16,", LIST, "15 % of the list pass"),
    _bound("5, 15,", "5, 14,", LIST, "less than 15 % of the list wait"),
    _bound("10, 3,", "9, 3,", MOVES, "nine models are a list that moves"),
    _bound("10, 3,", "11, 3,", MOVES, "ten models are no list that moves"),
    _bound("10, 3,", "10, 2,", MOVES, "half of a list may move"),
    _bound("10, 2\n", "11, 2\n", ONE_GONE, "ten models may lose a price"),
    _bound("10, 2\n", "10, 1\n", ONE_GONE, "only a price that all lose is gone"),
    _bound("10, 2\n", "10, 1\n", FEES_GONE, "a fee may go from all models but one"),
    _whole(
        "l.models * b.moved_one_of > l.listed",
        "l.models * b.moved_one_of >= l.listed",
        "test_more_than_a_third_of_the_list_may_not_move",
        "a third of a list may not move",
    ),
    _whole(
        "where not m.is_first\n            group by",
        "where true\n            group by",
        "test_only_a_known_price_that_becomes_another_known_one_moves",
        "first prices are moves",
    ),
    Mutant(
        "db/functions/review/pricing_findings.sql",
        "or m.now * m.guard_large_ratio <= e.median as is_large",
        "as is_large",
        (f"{JUDGE}::test_a_first_price_is_measured_by_the_median_at_other_providers",),
        "a price by the thousand tokens passes where the catalogue has none",
    ),
    Mutant(
        "db/functions/review/pricing_prices_elsewhere.sql",
        "from id i)) and m.is_active",
        "from id i))",
        (f"{JUDGE}::test_only_active_models_of_others_with_the_same_id_count",),
        "prices of models that are gone are a measure",
    ),
    _judge(
        "(m.is_new_entry or m.old is null) and m.before > 0",
        "m.is_new_entry and m.before > 0",
        "a price that is unknown for one list becomes free in the next",
    ),
    _move(
        "or (v.amount = 0 and b.amount = 0)",
        "or false",
        "what was free, then unknown, then free again is held",
    ),
    _move(
        "public.pricing_unconditional_set(public.pricing_set_of(c.new))",
        "public.pricing_set_of(c.new)",
        "a price moves by 99 times as a condition that always holds",
    ),
    _move(
        "public.pricing_unconditional_set(public.pricing_set_of(c.old))",
        "public.pricing_set_of(c.old)",
        "a price moves by 99 times when a condition that always holds goes",
    ),
    Mutant(
        "db/functions/review/pricing_moves.sql",
        "then coalesce(c.old_base, c.new_base)",
        "then null",
        (f"{JUDGE}::test_an_announced_price_is_measured_like_the_one_that_it_replaces",),
        "an announced price may be anything",
    ),
    Mutant(
        "db/functions/review/pricing_moves.sql",
        "coalesce(b.own_before, case when b.is_first_own then nullif(b.old_amount, 0) end)",
        "b.own_before",
        (f"{JUDGE}::test_a_first_own_price_is_measured_by_the_catalogue_s",),
        "a first own price may be any times the catalogue's that it replaces",
    ),
    Mutant(
        "db/functions/review/pricing_findings.sql",
        "and m.catalogue > 0 and not m.is_fee and not m.says_free",
        "and m.catalogue > 0 and not m.is_fee",
        (
            f"{JUDGE}::test_a_first_price_of_0_beside_the_catalogue_s_waits"
            "_unless_it_is_said_to_be_free",
        ),
        "a model that is said to be free waits for a person",
    ),
    _whole(
        "where l.models * b.gone_one_of >= coalesce(k.known, 0)",
        "where false",
        "test_conditions_that_go_from_half_of_the_models_wait_for_a_person",
        "a renamed key takes the prices for long prompts from a whole list",
    ),
    _whole(
        "and split_part(c.old_source, ':', 1) = split_part(c.source, ':', 1)",
        "",
        "test_conditions_that_go_from_half_of_the_models_wait_for_a_person",
        "a provider's first own list waits because the catalogue has more conditions",
    ),
    _decide(
        "w.said_class not in ('unit', 'list')",
        "w.said_class <> 'unit'",
        (f"{WAITS}::test_approving_most_of_a_list_applies_no_other_move",),
        "a list that moves is applied as soon as most of it was approved",
    ),
    _rule(
        "p_kinds <@ '{ratio,list,moves}'",
        "p_kinds <@ '{ratio,list}'",
        (f"{WAITS}::test_a_rule_covers_an_announced_move_of_a_whole_list",),
        "no rule accepts a list that moves",
    ),
    _list(
        "where n.factor <= n.nearest[1] * 1.01",
        "where n.factor <= n.nearest[1]",
        "factors are the same to the last digit only",
    ),
    _move(
        "        where n.amount is not null\n    ),\n",
        "        where n.amount is not null and not a.is_fee\n    ),\n",
        "fees are not looked at",
    ),
    _move(
        "and (v.amount > 0 or (",
        "and (v.amount < 0 or (",
        "after a zero everything passes",
    ),
    _move(
        "coalesce(m.replaced, nullif(m.old_amount, 0), m.new_base, m.old_base)",
        "coalesce(m.replaced, nullif(m.old_amount, 0))",
        "a new condition may be anything",
    ),
    Mutant(
        "db/functions/prices/pricing_axes.sql",
        "('price_per_input_audio_token', 'token',",
        "('price_per_input_audio_token', 'second',",
        (f"{JUDGE}::test_the_band_is_for_every_price_of_a_token",),
        "audio tokens are not looked at",
    ),
    _decide("w.hours >= 72", "w.hours >= 24", RIPE, "a zero applies itself after a day"),
    _decide("w.hours >= 72", "w.hours >= 73", RIPE, "a zero waits longer than three days"),
    _decide("w.hours >= 24", "w.hours >= 23", RIPE, "10 times applies itself before a day is over"),
    _decide("w.hours >= 24", "w.hours >= 25", RIPE, "10 times waits longer than a day"),
    _decide(
        "w.times_seen >= 3", "w.times_seen >= 2", RIPE, "10 times applies itself after two syncs"
    ),
    _decide("w.times_seen >= 3", "w.times_seen > 3", RIPE, "10 times waits for a fourth sync"),
    _decide("and w.class = 'large'\n", "\n", RIPE, "another unit applies itself in the end"),
    _decide(
        "(not w.kinds && '{zero,fees_gone}' or w.hours >= 72)",
        "true",
        RIPE,
        "a zero applies itself at once",
    ),
    _decide(
        "or w.said_class not in ('unit', 'list')",
        "or true",
        ALONE,
        "another unit is applied as soon as others were approved",
    ),
    _rule("end) <= p_up_to_ratio", "end) < p_up_to_ratio", RULE, "20 times is more than 20"),
    _rule(
        "coalesce(p_ratio, case when p_kinds = '{moves}' then 1 end) <= p_up_to_ratio",
        "p_up_to_ratio > 1",
        RULE,
        "a rule covers every ratio",
    ),
    _rule(
        "p_kinds <@ '{ratio,list,moves}'", "true", RULE, "a rule covers what is outside the band"
    ),
    _decide("and r.expires_at > p_now\n", "\n", RULE, "a rule holds for ever"),
    _decide("and r.ended_at is null\n", "\n", RULE, "a rule that a person ended holds on"),
    _decide(
        "and (r.model_id is null or r.model_id = w.model_id)\n",
        "\n",
        RULE,
        "a rule for one model covers all",
    ),
    Mutant(
        "db/functions/review/hold_price_changes.sql",
        "filter (where d.outcome in ('pass', 'apply'))",
        "filter (where d.outcome in ('pass', 'apply', 'keep'))",
        RIPE,
        "what is said twice is applied",
    ),
    Mutant(
        "db/functions/review/hold_price_changes.sql",
        "times_seen = s.times_seen + s.is_said::integer",
        "times_seen = s.times_seen + 1 + s.is_said::integer",
        ("tests/db/review/test_count_said_again.py",),
        "each sync counts twice",
    ),
    Mutant(
        "db/functions/prices/pricing_amount_differs.sql",
        "> 1e-12 * greatest(p_old, p_new)",
        "> 1e-6 * greatest(p_old, p_new)",
        DIFFERENCE,
        "small changes are lost",
    ),
    Mutant(
        "db/functions/prices/pricing_amount_differs.sql",
        "> 1e-12 * greatest(p_old, p_new)",
        "> 1e-12",
        DIFFERENCE,
        "changes of small prices are lost",
    ),
    Mutant(
        "db/functions/prices/pricing_amount_differs.sql",
        "p_old is null or p_new is null or abs",
        "p_old is null or abs",
        DIFFERENCE,
        "a price that becomes unknown stays",
    ),
    Mutant(
        "db/functions/prices/refuse_lost_prices.sql",
        "where (c.old_source like 'catalogue:%') = (p_provider = 'catalogue')",
        "where c.old_source is not null",
        (f"{LOST}::test_prices_of_the_catalogue_are_no_promise_of_the_provider",),
        "a first own list without prices is refused",
    ),
    Mutant(
        "db/functions/prices/refuse_lost_prices.sql",
        "where e.entry ->> a.axis is not null",
        "where e.entry ? a.axis",
        MOVED_INTO_CONDITIONS,
        "a price that is unknown under a condition is still there",
    ),
    Mutant(
        "db/functions/prices/refuse_odd_list.sql",
        "v_known > 0 and v_listed * 2 <= v_known",
        "v_known > 0 and v_listed * 2 < v_known",
        (f"{APPLY}::test_half_of_the_known_models_gone_sinks_the_list",),
        "half of a list may go",
    ),
    Mutant(
        "db/functions/prices/list_provider_models.sql",
        "is_active = m.missing_count + 1 < 3",
        "is_active = m.missing_count + 1 <= 3",
        (f"{APPLY}::test_a_missing_model_is_inactive_after_three_lists_and_comes_back",),
        "a model that is gone stays active for a fourth list",
    ),
    Mutant(
        "db/functions/prices/compare_provider_prices.sql",
        "trim_scale(i.price_per_cache_read_audio_token)",
        "trim_scale(m.price_per_cache_read_audio_token)",
        (f"{APPLY}::test_each_axis_is_compared",),
        "a change of one axis is lost",
    ),
    Mutant(
        "db/functions/review/hold_price_changes.sql",
        "when s.is_withdrawn then 'withdrawn'",
        "when s.is_withdrawn then 'applied'",
        END,
        "what the provider took back is said to be applied",
    ),
    Mutant(
        "db/functions/review/hold_price_changes.sql",
        "where d.outcome = 'hold';",
        "where d.outcome = 'hold' and d.class = 'unit';",
        END,
        "a large change is forgotten",
    ),
    _decide(
        "when r.said_status = 'rejected' then 'reject'",
        "when r.said_status = 'rejected' then 'apply'",
        END,
        "what a person rejected is applied when it is said again",
    ),
    Mutant(
        "db/functions/prices/pricing_price_set.sql",
        "nullif((p_row ->> 'price_per_request')::public.pricing_usd, 0)",
        "(p_row ->> 'price_per_request')::public.pricing_usd",
        (
            "tests/db/prices/test_pricing_price_set.py",
            "tests/db/prices/test_same_list_same_row.py::test_any_lists",
        ),
        "a fee of 0 stays where a new database has none",
    ),
    Mutant(
        "db/functions/prices/store_model_aliases.sql",
        "having count(distinct s.canonical_id) = 1",
        "having count(distinct s.canonical_id) >= 1",
        ("tests/db/prices/test_store_model_aliases.py",),
        "an id with two meanings is an alias",
    ),
    Mutant(
        "migrations/20261130000410_zeros_are_unknown.sql",
        "or (e.key = any (v_filled) and a.charged <> '{}')",
        "or e.key = any (v_filled)",
        ("tests/db/prices/test_zeros_are_unknown.py",),
        "a free model's cache becomes unknown",
    ),
)
