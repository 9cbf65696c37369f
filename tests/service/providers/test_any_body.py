"""Whatever arrives, an adapter answers with prices that were really there, or a ParseError."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import ParseError
from service.price_list import PriceList, to_apply_rows
from service.prices import Axis
from service.providers import adapter, adapter_slugs

SLUGS = adapter_slugs()
KEYS = [
    *["prompt", "completion", "image", "request", "audio", "discount", "overrides", "new_key"],
    *["min_prompt_tokens", "utc_days", "utc_start", "utc_end", "input_tokens", "output_tokens"],
]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["0", "-1", "0.000001", "3e-07", "$1", "1,5", " ", "NaN", "\x00", "\ud800"]),
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=12,
)
pricings = st.dictionaries(st.sampled_from(KEYS), values, max_size=6)
entries = st.one_of(
    values,
    st.fixed_dictionaries(
        {"id": st.sampled_from(["a", "b", "c", ""]) | scalars},
        optional={"name": values, "pricing": pricings | values, "metadata": values},
    ),
    st.fixed_dictionaries(
        {"id": st.text(), "metadata": st.fixed_dictionaries({"pricing": pricings})}
    ),
)
answers = st.one_of(
    values,
    st.fixed_dictionaries(
        {"data": st.lists(entries, max_size=6)},
        optional={"total_count": values, "links": values, "error": values, "success": values},
    ),
)


def check(slug: str, body: bytes) -> PriceList | None:
    try:
        listed = adapter(slug).parse(body)
    except ParseError as refused:
        assert refused.code in {
            *["not_json", "bad_shape", "empty_list", "refused_by_provider", "incomplete_list"]
        }
        return None
    rows = to_apply_rows(listed, slug, f"api:{slug}")
    text = json.dumps(rows, allow_nan=False)
    assert "\\u0000" not in text
    assert "\\ud800" not in text
    for row in rows:
        for axis in Axis:
            if (amount := row.get(axis.value)) is not None:
                assert isinstance(amount, str)
                assert "E" not in amount
                assert 0 <= Decimal(amount) < Decimal("1e61")
    ids = [row["model_id"] for row in rows]
    assert len(ids) == len(set(map(str, ids)))
    assert not set(map(str, ids)) & {skipped.model_id for skipped in listed.skipped}
    return listed


@pytest.mark.parametrize("slug", SLUGS)
@given(body=st.binary(max_size=200))
def test_any_bytes(slug: str, body: bytes) -> None:
    check(slug, body)


@pytest.mark.parametrize("slug", SLUGS)
@given(answer=answers)
def test_any_json(slug: str, answer: Any) -> None:
    check(slug, json.dumps(answer).encode())


@pytest.mark.parametrize("slug", SLUGS)
@given(answer=answers, data=st.data())
def test_any_damaged_json(slug: str, answer: Any, data: st.DataObject) -> None:
    body = json.dumps(answer).encode()
    at = data.draw(st.integers(0, len(body)))
    check(slug, body[:at] + data.draw(st.binary(max_size=5)) + body[at + 1 :])


@given(value=scalars)
def test_nonsense_is_never_a_price(value: Any) -> None:
    """A price comes from what is plainly a number, and is that number."""
    answer = {"data": [{"id": "fine"}, {"id": "a", "pricing": {"prompt": value}}]}
    listed = check("openrouter", json.dumps(answer).encode())
    assert listed is not None
    for model in listed.models:
        for price in model.prices:
            assert not isinstance(value, bool)
            try:
                published = Decimal(str(value))
            except InvalidOperation:
                pytest.fail(f"{value!r} became {price.amount}")
            error = abs(price.amount - published)
            assert error == 0 if isinstance(value, str) else error <= published * Decimal("1e-11")
