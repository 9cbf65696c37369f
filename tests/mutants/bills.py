"""Mutants of what a request is billed: conditions, announced prices, and the sum."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

BILL = ("tests/db/prices/test_price_request.py",)
ANNOUNCED = ("tests/db/prices/test_apply_announced_prices.py",)
GATEWAY = ("tests/docs/test_gateway.py",)
OVERRIDE = ("tests/db/review/test_override_conditions.py",)
EXPIRY = ("tests/db/prices/test_pricing_set_under_override.py",)

PRICES = "db/functions/prices/"

BILLS = (
    Mutant(
        PRICES + "price_request.sql",
        "where c.key <> 'reasoning_tokens' or c.price <> 0 or c.unknown_by is not null",
        "where true",
        BILL,
        "reasoning without a price of its own is unknown",
    ),
    Mutant(
        PRICES + "price_request.sql",
        "o.quantity - coalesce(p.quantity, 0) as billed",
        "o.quantity as billed",
        BILL,
        "cached tokens are billed twice",
    ),
    Mutant(
        PRICES + "price_request.sql",
        "when o.is_fee and o.unknown_by is null and",
        "when o.is_fee and",
        BILL,
        "a fee under a condition that is not understood is none",
    ),
    Mutant(
        PRICES + "price_request.sql",
        "v_unknown := v_unknown - array(select jsonb_object_keys(v_axes));",
        "",
        BILL,
        "what a later condition says stays unknown",
    ),
    Mutant(
        PRICES + "pricing_condition_holds.sql",
        "coalesce((p_request ->> 'input_tokens')::numeric, 0) > v_value::numeric",
        "coalesce((p_request ->> 'input_tokens')::numeric, 0) >= v_value::numeric",
        (*BILL, *GATEWAY),
        "the bound of a long prompt is a long prompt",
    ),
    Mutant(
        PRICES + "pricing_condition_holds.sql",
        "when 'effective_until' then p_at < public",
        "when 'effective_until' then p_at <= public",
        GATEWAY,
        "a price ends a moment late",
    ),
    Mutant(
        PRICES + "pricing_condition_holds.sql",
        "return case when v_is_understood then true end;",
        "return true;",
        BILL,
        "a condition that is not understood holds",
    ),
    Mutant(
        PRICES + "read_usage.sql",
        "elsif v_whole.parts > (v_usage ->> v_whole.key)::numeric then",
        "elsif false then",
        BILL,
        "parts may be more than the whole",
    ),
    Mutant(
        PRICES + "model_price_at.sql",
        "and coalesce(h.effective_at, h.changed_at) <= model_price_at.at",
        "and h.changed_at <= model_price_at.at",
        ANNOUNCED,
        "history begins when the tick came",
    ),
    Mutant(
        PRICES + "apply_announced_prices.sql",
        "'effective_at', v_moment",
        "'effective_at', clock_timestamp()",
        ANNOUNCED,
        "history has the announced price from the tick on",
    ),
    Mutant(
        PRICES + "pricing_effective_set.sql",
        "        if public.pricing_moment(v_entry ->> 'effective_until') <= p_at then\n",
        "        if false then\n",
        ANNOUNCED,
        "what has ended stays",
    ),
    Mutant(
        PRICES + "pricing_effective_set.sql",
        "select o.entry - array(select jsonb_object_keys(v_entry)) as kept, o.position",
        "select o.entry as kept, o.position",
        ANNOUNCED,
        "an earlier tier outlives the announcement",
    ),
    Mutant(
        PRICES + "apply_provider_list.sql",
        "public.fold_announced_prices(apply_provider_list.prices, v_now)",
        "apply_provider_list.prices",
        ANNOUNCED,
        "a list that arrives late brings an announcement back",
    ),
    Mutant(
        PRICES + "apply_provider_list.sql",
        "perform public.apply_announced_prices(v_targets);",
        "null;",
        ANNOUNCED,
        "the guards judge an announcement a second time",
    ),
    Mutant(
        PRICES + "pricing_overridden_set.sql",
        " || coalesce(p_override -> 'conditions', '[]')",
        "",
        OVERRIDE,
        "an override's conditions are lost",
    ),
    Mutant(
        PRICES + "pricing_set_until.sql",
        " || jsonb_build_object('effective_until', public.pricing_moment_text(p_until))",
        "",
        EXPIRY,
        "an override's conditions are charged after its expiry",
    ),
    Mutant(
        PRICES + "pricing_replaced_set.sql",
        "where c.entry ?| array(",
        "where false and c.entry ?| array(",
        EXPIRY,
        "after an override the provider's price for long prompts is lost",
    ),
    Mutant(
        PRICES + "pricing_begun_override.sql",
        "        where a.is_fee\n            and (\n",
        "        where false\n            and (\n",
        EXPIRY,
        "a fee that an override makes free is charged once one of its conditions has ended",
    ),
    Mutant(
        "db/functions/review/end_expired_overrides.sql",
        "    if v_announced <> '{}' then\n",
        "    if false then\n",
        EXPIRY,
        "a tick does not end an override whose end was announced",
    ),
    Mutant(
        "db/functions/review/follow_override_expiry.sql",
        "    if v_ids = '{}' then\n",
        "    if true then\n",
        EXPIRY,
        "an expiry that a person changes is not followed",
    ),
    Mutant(
        PRICES + "price_request.sql",
        "or c.price <> 0 or",
        "or c.price is not null or",
        GATEWAY,
        "reasoning at 0 is free, though a fee of 0 is none",
    ),
    Mutant(
        "db/functions/review/read_override_conditions.sql",
        "or not v_value <@ v_days",
        "",
        OVERRIDE,
        "a condition of a misspelt weekday never holds",
    ),
    Mutant(
        "db/functions/review/rollback_pricing_sync.sql",
        "public.pricing_effective_set(public.pricing_set_of(p.prices), v_now)",
        "public.pricing_set_of(p.prices)",
        ("tests/db/review/test_rollback_pricing_sync.py",),
        "a rollback shows the price from before an announcement",
    ),
    Mutant(
        PRICES + "pricing_announcements.sql",
        "order by o.keys = c.keys desc, o.position desc",
        "order by o.position",
        ANNOUNCED,
        "each announcement is compared with the first price",
    ),
    Mutant(
        "docs/gateway.md",
        "return Decimal(str(value)) if is_number else value",
        "return Decimal(value) if is_number else value",
        GATEWAY,
        "the program reads a bound of 10.1 seconds as a little less",
    ),
    Mutant(
        PRICES + "price_request.sql",
        "not v_is_unpriced and not v_depends ? o.axis",
        "not v_is_unpriced",
        BILL,
        "an image of a size without a price is free",
    ),
    Mutant(
        PRICES + "price_request.sql",
        "and not v_is_unpriced and",
        "and",
        BILL,
        "images of a model without any price are free",
    ),
    Mutant(
        "db/functions/review/resolve_price_changes.sql",
        "public.pricing_effective_set(h.prices, p_now), public.pricing_effective_set(c.new, p_now)",
        "h.prices, c.new",
        ("tests/db/review/test_rollback_pricing_sync.py",),
        "a price that was rolled back comes back with the moment of its announcement",
    ),
    Mutant(
        PRICES + "price_request.sql",
        "or (e.value = 'null' and e.key in",
        "or (false and e.key in",
        ("tests/db/prices/test_bills_of_lists.py",),
        "a fee that is unknown under a condition is free",
    ),
    Mutant(
        PRICES + "pricing_effective_set.sql",
        "if v_unknown is not null then",
        "if false then",
        ANNOUNCED,
        "a fee that becomes unknown is free from the tick on",
    ),
)
