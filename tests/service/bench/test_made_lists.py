"""The lists that scenarios send mean what the scenarios say."""

from __future__ import annotations

from itertools import pairwise

from service.bench.ground.made_lists import price_list
from service.prices.price_list import RawModel
from service.providers.openrouter import parse


def _models(body: bytes) -> dict[str, RawModel]:
    return {model.model_id: model for model in parse(body).models}


def test_other_bytes_have_the_same_prices() -> None:
    first, second, third = price_list(50), price_list(50, seed=1), price_list(50, seed=2)
    assert len({first, second, third}) == 3
    assert _models(first) == _models(second) == _models(third)
    assert list(_models(first)) != list(_models(second))


def test_a_tenth_changes_at_each_turn() -> None:
    lists = [_models(price_list(50, changed=5, turn=turn)) for turn in (0, 1, 2)]
    for before, after in pairwise(lists):
        assert sum(before[each] != after[each] for each in before) == 5
