"""Rounds in turn, and the figures of many samples."""

from __future__ import annotations

from service.bench.measurement import Measurement, quartiles, share_of
from service.bench.turns import in_turn


def test_each_round_begins_with_the_other_one() -> None:
    order: list[str] = []

    def work(name: str) -> float:
        order.append(name)
        return float(len(order))

    taken = in_turn(3, {"a": lambda: work("a"), "b": lambda: work("b")})
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert taken == {"a": (1, 4, 5), "b": (2, 3, 6)}


def test_shares_are_samples_and_ratios_compare_the_same_statistic() -> None:
    hundred = tuple(float(n) for n in range(1, 101))
    assert (share_of(hundred, 0.99), share_of(hundred, 0.5)) == (99, 50)
    assert quartiles(hundred) == (25, 75)
    worst = Measurement(
        "n", "w", "ms", hundred, "p", tuple(n / 3 for n in hundred), statistic="p99"
    )
    assert worst.ratio is not None
    assert round(worst.ratio, 6) == 3
    assert Measurement("n", "w", "ms", hundred).ratio is None
