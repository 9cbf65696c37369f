"""Models of one list that move by one factor: the sweep finds the same as comparing all pairs."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.db.pricing import Pricing

Move = tuple[str, int, Decimal]

# Around the bounds: 1 % apart, just above and below.
FACTORS = st.sampled_from(
    [
        *("1.9999", "2", "2.01", "2.02", "2.0200001", "2.0201", "2.04", "2.0402", "3"),
        *("0.86", "0.8686", "0.86861", "0.99", "1.0001", "1.01", "0.1", "1000", "1010"),
    ]
).map(Decimal)
MOVES = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 9), FACTORS), max_size=40, unique=True
)
SIZES = st.fixed_dictionaries({"a": st.integers(0, 60)}, optional={"b": st.integers(1, 40)})


def shared(pricing: Pricing, moves: Sequence[Move], lists: dict[str, int]) -> set[Move]:
    providers, models, factors = zip(*moves, strict=True) if moves else ((), (), ())
    rows = pricing.rows(
        "select * from public.pricing_shared_moves(%s, %s::text[], %s::bigint[], %s::numeric[])",
        *(Jsonb(lists), list(providers), list(models), list(factors)),
    )
    return {(row["provider"], row["model"], row["factor"]) for row in rows}


def plainly_shared(moves: Sequence[Move], lists: dict[str, int]) -> set[Move]:
    found: set[Move] = set()
    for provider, _, lowest in moves:
        window = [
            (slug, model, factor)
            for slug, model, factor in moves
            if slug == provider and lowest <= factor <= lowest * Decimal("1.01")
        ]
        count = len({model for _, model, _ in window})
        if provider in lists and count >= 5 and count * 100 >= lists[provider] * 15:
            found.update(window)
    return found


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(moves=MOVES, lists=SIZES)
def test_it_finds_what_looking_at_each_finds(
    pricing: Pricing, moves: list[Move], lists: dict[str, int]
) -> None:
    assert shared(pricing, moves, lists) == plainly_shared(moves, lists)


def test_it_tells_how_many_of_how_many(pricing: Pricing) -> None:
    moves = [("a", n, Decimal(2)) for n in range(6)]
    providers, models, factors = (list(column) for column in zip(*moves, strict=True))
    rows = pricing.rows(
        "select * from public.pricing_shared_moves(%s, %s::text[], %s::bigint[], %s::numeric[])",
        *(Jsonb({"a": 18}), providers, models, factors),
    )
    assert {(row["models"], row["listed"]) for row in rows} == {(6, 18)}


def test_twenty_thousand_models_of_as_many_factors_take_no_time(pricing: Pricing) -> None:
    moves = [("a", n, Decimal(2) + Decimal(n) / 1_000_000) for n in range(20_000)]
    pricing.do("set statement_timeout = '20s'")
    assert len(shared(pricing, moves, {"a": 20_000})) == 20_000
