from __future__ import annotations

import json
from decimal import Decimal

from service.prices.price_list import PriceList, RawCondition, RawModel, to_apply_rows
from service.prices.units import Axis, RawPrice, Unit


def price(axis: Axis, text: str, key: str, unit: Unit = Unit.USD_PER_1M_TOKENS) -> RawPrice:
    return RawPrice(axis, Decimal(text), unit, text=text, key=key)


MODEL = RawModel(
    model_id="maker/model",
    name="Model",
    prices=(
        price(Axis.INPUT, "0.30", "input"),
        price(Axis.REQUEST, "0", "request", Unit.USD_PER_REQUEST),
    ),
    conditions=(
        RawCondition((price(Axis.INPUT, "0.6", "tier.input"),), min_prompt_tokens=32000),
        RawCondition(
            (price(Axis.INPUT, "0.1", "night.input"),),
            utc_days=("saturday", "sunday"),
            utc_start=2200,
            utc_end=0,
        ),
    ),
    unknown={"output": "-1"},
    extra={"colour": "blue"},
    unknown_keys=frozenset({"colour"}),
)


def test_a_row_is_what_the_database_applies() -> None:
    rows = to_apply_rows(PriceList((MODEL,)), "maker", "api:maker")

    assert rows == [
        {
            "model_id": "maker/model",
            "name": "Model",
            "source": "api:maker",
            "price_per_input_token": "0.0000003",
            "price_per_request": "0",
            "conditions": [
                {"min_prompt_tokens": 32000, "price_per_input_token": "0.0000006"},
                {
                    "utc_days": ["saturday", "sunday"],
                    "utc_start": 2200,
                    "utc_end": 0,
                    "price_per_input_token": "0.0000001",
                },
            ],
            "extra": {"colour": "blue"},
            "raw": {
                "output": {"text": "-1"},
                "input": {
                    "text": "0.30",
                    "unit": "usd_per_1m_tokens",
                    "axis": "price_per_input_token",
                },
                "request": {"text": "0", "unit": "usd_per_request", "axis": "price_per_request"},
                "tier.input": {
                    "text": "0.6",
                    "unit": "usd_per_1m_tokens",
                    "axis": "price_per_input_token",
                },
                "night.input": {
                    "text": "0.1",
                    "unit": "usd_per_1m_tokens",
                    "axis": "price_per_input_token",
                },
            },
        }
    ]
    assert json.loads(json.dumps(rows)) == rows


def test_a_model_without_prices_has_no_price_column_and_no_conditions() -> None:
    (row,) = to_apply_rows(PriceList((RawModel("bare"),)), "maker", "api:maker")
    assert row == {
        "model_id": "bare",
        "name": "bare",
        "source": "api:maker",
        "extra": {},
        "raw": {},
    }


def test_a_model_that_is_called_free_says_so_in_its_row() -> None:
    models = (RawModel("a", says_free=True), RawModel("b"))
    rows = to_apply_rows(PriceList(models), "maker", "api:maker")
    assert [row.get("free") for row in rows] == [True, None]


def test_only_another_providers_model_names_its_provider() -> None:
    models = (RawModel("a", provider="groq"), RawModel("b", provider="catalogue"))
    rows = to_apply_rows(PriceList(models), "catalogue", "catalogue:package@1")
    assert [row.get("provider") for row in rows] == ["groq", None]


def test_unknown_keys_are_named_once_and_in_order() -> None:
    models = (
        RawModel("a", unknown_keys=frozenset({"z", "b"})),
        RawModel("b", unknown_keys=frozenset({"b"})),
    )
    assert PriceList(models).unknown_keys == ("b", "z")
