"""What reading one more model of a list costs, in calls of Python functions: most of the time goes
to them, and their number is the same in each run."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType

import pytest

from service.providers.adapter import adapter
from tests.support.provider_shapes import SHAPES

MODELS = 200
# Where each price, each key and each type is judged anew for each model: 99, 121, 136 and 119.
MOST_CALLS = {"openrouter": 75, "deepinfra": 90, "chutes": 95, "vercel": 92}


def calls(work: Callable[[], object]) -> int:
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def calls_of_a_model(slug: str) -> float:
    """The calls for each further model."""
    counted = []
    for models in (MODELS, 2 * MODELS):
        read = partial(adapter(slug).parse, json.dumps(SHAPES[slug].body(models)).encode())
        assert len(read().models) == models
        counted.append(calls(read))
    return (counted[1] - counted[0]) / MODELS


@pytest.mark.parametrize("slug", MOST_CALLS)
def test_a_price_a_key_and_a_type_that_were_read_before_cost_little(slug: str) -> None:
    assert calls_of_a_model(slug) <= MOST_CALLS[slug]
