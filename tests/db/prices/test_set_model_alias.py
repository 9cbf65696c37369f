"""A person says that a provider's model is one of the catalogue's, and takes it back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.db.price_decisions import audit, call, listed
from tests.db.pricing import Pricing, Row, refused


@pytest.fixture(autouse=True)
def model(pricing: Pricing) -> None:
    listed(pricing, "vendor/m")


def set_alias(pricing: Pricing, **given: Any) -> Row:
    arguments = {
        "provider": "openrouter",
        "model": "vendor/m",
        "canonical_id": "m-1",
        "author": "ann",
    }
    (row,) = call(pricing, "set_model_alias", **(arguments | given))
    return row


def clear_alias(pricing: Pricing, **given: Any) -> Row:
    arguments = {"provider": "openrouter", "model": "vendor/m", "author": "bob"} | given
    (row,) = call(pricing, "clear_model_alias", **arguments)
    return row


def test_it_is_set_replaced_and_cleared_and_all_of_it_is_audited(pricing: Pricing) -> None:
    first = set_alias(pricing)
    assert (first["canonical_id"], first["source"]) == ("m-1", "manual:ann")
    second = set_alias(pricing, canonical_id="m-2", author="eve")
    assert pricing.rows("select * from public.pricing_model_aliases") == [second]
    assert clear_alias(pricing) == second
    assert pricing.rows("select * from public.pricing_model_aliases") == []
    subject = "openrouter/vendor/m"
    replaces = {"canonical_id": "m-1", "source": "manual:ann"}
    cleared = {"canonical_id": "m-2", "source": "manual:eve"}
    assert [tuple(row.values()) for row in audit(pricing)] == [
        ("ann", "set_model_alias", subject, {"canonical_id": "m-1", "replaces": None}),
        ("eve", "set_model_alias", subject, {"canonical_id": "m-2", "replaces": replaces}),
        ("bob", "clear_model_alias", subject, cleared),
    ]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"provider": "novita"}, "PT404"),
        ({"model": "vendor/M"}, "PT404"),
        ({"canonical_id": None}, "PT422"),
        ({"canonical_id": " "}, "PT422"),
        ({"canonical_id": "m-1 "}, "PT422"),
        ({"canonical_id": "x" * 513}, "PT422"),
        ({"canonical_id": "vendor/m"}, "PT422"),
        ({"author": ""}, "PT422"),
    ],
    ids=str,
)
def test_bad_input_is_refused(pricing: Pricing, given: Row, code: str) -> None:
    with pricing.nothing_written(), refused(code):
        set_alias(pricing, **given)


def test_only_what_a_person_has_set_is_cleared(pricing: Pricing) -> None:
    pricing.do(
        "insert into public.pricing_model_aliases (provider_slug, model_id, canonical_id, source)"
        " values ('openrouter', 'vendor/m', 'm-1', 'catalogue:genai-prices@1')"
    )
    with pricing.nothing_written(), refused("PT404"):
        clear_alias(pricing)
