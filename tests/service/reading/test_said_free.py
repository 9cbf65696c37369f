from __future__ import annotations

from typing import Any

import pytest

from service.reading.said_free import says_free


@pytest.mark.parametrize(
    ("model_id", "name", "entry"),
    [
        ("maker/model:free", None, {}),
        ("maker/Model-Free", None, {}),
        ("router/free", None, {}),
        ("m", "Maker: Model (free)", {}),
        ("m", "FREE model", {}),
        ("m", None, {"is_free": True}),
        ("m", None, {"isFree": True}),
        ("m", None, {"tags": ["reasoning", "free"]}),
        ("m", None, {"pricing": {"is_free": True}}),
    ],
)
def test_a_word_that_says_free(model_id: str, name: str | None, entry: dict[str, Any]) -> None:
    assert says_free(model_id, name, entry)


@pytest.mark.parametrize(
    ("model_id", "name", "entry"),
    [
        ("maker/freeform", "Freedom", {}),
        ("free/model", None, {}),
        ("m:freer", "Carefree2", {}),
        ("m", None, {"is_free": False, "isFree": "true", "free": None}),
        ("m", None, {"tags": "free", "pricing": [True]}),
        ("m", None, {"tags": ["carefree"], "pricing": {"is_free": "true"}}),
    ],
)
def test_no_such_word(model_id: str, name: str | None, entry: dict[str, Any]) -> None:
    assert not says_free(model_id, name, entry)
