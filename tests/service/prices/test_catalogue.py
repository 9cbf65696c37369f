from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from importlib.metadata import version
from typing import Any

import pytest
from genai_prices import data_snapshot
from genai_prices.types import (
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    Tier,
    TieredPrices,
    TimeOfDateConstraint,
)

from service.prices.catalogue import LEFT_OUT, catalogue_models, catalogue_source, read_catalogue
from service.prices.catalogue_price_keys import PRICE_KEYS
from service.prices.price_list import RawModel
from tests.support.processes import ROOT

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def snapshot() -> Iterator[list[ModelInfo]]:
    """A catalogue of one provider, whose models the test appends."""
    models: list[ModelInfo] = []
    provider = Provider(id="maker", name="Maker", api_pattern="maker", models=models)
    data_snapshot.set_custom_snapshot(
        data_snapshot.DataSnapshot(providers=[provider], from_auto_update=False)
    )
    yield models
    data_snapshot.set_custom_snapshot(None)


def model(prices: ModelPrice | list[ConditionalPrice], **others: Any) -> ModelInfo:
    return ModelInfo(id="m", match=ClauseEquals("m"), prices=prices, **others)


def read_one(now: datetime = NOON) -> RawModel:
    (read,) = read_catalogue(now).models
    return read


def test_the_source_names_package_and_version() -> None:
    assert catalogue_source() == f"catalogue:genai-prices@{version('genai-prices')}"


def test_the_installed_catalogue_is_read_without_a_loss() -> None:
    read = {(model.provider, model.model_id): model for model in read_catalogue(NOON).models}
    known = {
        (provider.id, model.id): model
        for provider in data_snapshot.get_snapshot().providers
        for model in provider.models
        if provider.id not in LEFT_OUT
    }
    assert len(read) > 1500
    assert len({provider for provider, _ in read}) > 30
    for key, model in known.items():
        prices = {k: v for k, v in vars(model.get_prices(NOON)).items() if v is not None}
        assert (key in read) == bool(prices)
        if prices:
            said = {
                PRICE_KEYS[k][0] for k in prices if k in PRICE_KEYS and k not in read[key].extra
            }
            assert {price.axis for price in read[key].prices} == said
            assert {k for k in prices if k not in PRICE_KEYS} <= read[key].extra.keys()


def test_of_one_provider_the_models_with_a_price_by_their_ids(snapshot: list[ModelInfo]) -> None:
    snapshot.append(model(ModelPrice(input_mtok=Decimal(1))))
    assert catalogue_models("maker", NOON).find("m") == read_one()
    assert catalogue_models("maker", NOON).find("other") is None
    assert catalogue_models("nobody", NOON).find("m") is None


def test_a_model_without_a_price_is_not_among_them(snapshot: list[ModelInfo]) -> None:
    snapshot.append(model(ModelPrice(input_gpixels=Decimal("4.80"))))
    assert read_one().extra and catalogue_models("maker", NOON).find("m") is None


def found(now: datetime) -> RawModel:
    known = catalogue_models("maker", now).find("m")
    assert known is not None
    return known


def test_it_is_read_once_a_day_and_again_on_the_next(snapshot: list[ModelInfo]) -> None:
    tomorrow = NOON + timedelta(days=1)
    snapshot.append(
        model(
            [
                ConditionalPrice(prices=ModelPrice(input_mtok=Decimal(1))),
                ConditionalPrice(
                    constraint=StartDateConstraint(start_date=tomorrow.date()),
                    prices=ModelPrice(input_mtok=Decimal(2)),
                ),
            ]
        )
    )
    first = found(NOON)
    # 18:59 five hours west of UTC is 23:59 in UTC, still the same day.
    late = datetime(2026, 11, 1, 18, 59, tzinfo=timezone(timedelta(hours=-5)))
    assert found(late) is first and read_one() is first
    assert found(tomorrow).prices[0].amount == 2
    assert read_one().prices[0].amount == 1


def test_another_version_is_read_on_the_same_day(snapshot: list[ModelInfo]) -> None:
    snapshot.append(model(ModelPrice(input_mtok=Decimal(1))))
    assert read_one().prices[0].amount == 1
    newer = model(ModelPrice(input_mtok=Decimal(2)))
    maker = Provider(id="maker", name="Maker", api_pattern="maker", models=[newer])
    data_snapshot.set_custom_snapshot(
        data_snapshot.DataSnapshot(providers=[maker], from_auto_update=False)
    )
    assert read_one().prices[0].amount == 2


@pytest.mark.parametrize("left_out", LEFT_OUT)
def test_lists_that_are_no_providers_prices_are_left_out(left_out: str) -> None:
    assert left_out in {provider.id for provider in data_snapshot.get_snapshot().providers}
    assert left_out not in {model.provider for model in read_catalogue(NOON).models}


def test_each_unit_becomes_usd_for_one(snapshot: list[ModelInfo]) -> None:
    snapshot.append(
        model(
            ModelPrice(
                input_mtok=Decimal("0.30"),
                output_reasoning_mtok=Decimal(3),
                cache_write_1h_mtok=Decimal(10),
                requests_kcount=Decimal(5),
                web_searches_kcount=Decimal(10),
                input_mchars=Decimal(15),
                audio_hours=Decimal("3.6"),
                input_document_kpages=Decimal(2),
                input_gpixels=Decimal("4.80"),
            ),
            name="Model",
        )
    )
    read = read_one()
    assert (read.provider, read.name) == ("maker", "Model")
    assert read.as_charged() == {
        "price_per_input_token": "0.0000003",
        "price_per_reasoning_token": "0.000003",
        "price_per_cache_write_1h_token": "0.00001",
        "price_per_request": "0.005",
        "price_per_web_search": "0.01",
        "price_per_input_character": "0.000015",
        "price_per_audio_second": "0.001",
        "price_per_page": "0.002",
    }
    assert read.extra == {"input_gpixels": "4.8"}


def test_zeros_that_fill_a_field_are_no_prices(snapshot: list[ModelInfo]) -> None:
    zero = Decimal(0)
    snapshot.append(
        model(ModelPrice(input_mtok=Decimal(1), cache_read_mtok=zero, requests_kcount=zero))
    )
    assert read_one().as_charged() == {"price_per_input_token": "0.000001"}


def test_tiers_become_conditions_lowest_first(snapshot: list[ModelInfo]) -> None:
    tiered = TieredPrices(Decimal(1), [Tier(500_000, Decimal(4)), Tier(200_000, Decimal(2))])
    cached = TieredPrices(Decimal("0.1"), [Tier(200_000, Decimal("0.2"))])
    snapshot.append(model(ModelPrice(input_mtok=tiered, cache_read_mtok=cached)))
    assert read_one().as_charged() == {
        "price_per_input_token": "0.000001",
        "price_per_cache_read_token": "0.0000001",
        "conditions": [
            {
                "min_prompt_tokens": 200_000,
                "price_per_input_token": "0.000002",
                "price_per_cache_read_token": "0.0000002",
            },
            {"min_prompt_tokens": 500_000, "price_per_input_token": "0.000004"},
        ],
    }


def test_tiers_of_several_axes_stay_in_order(snapshot: list[ModelInfo]) -> None:
    """Later conditions win, so the highest tier of every axis must come last."""
    snapshot.append(
        model(
            ModelPrice(
                input_mtok=TieredPrices(Decimal(1), [Tier(200, Decimal(2)), Tier(500, Decimal(3))]),
                output_mtok=TieredPrices(
                    Decimal(1), [Tier(100, Decimal(2)), Tier(300, Decimal(3))]
                ),
            )
        )
    )
    tiers = [condition.min_prompt_tokens for condition in read_one().conditions]
    assert tiers == [100, 200, 300, 500]


@pytest.mark.parametrize(
    ("now", "usd"),
    [
        (datetime(2026, 8, 16, 23, 59, tzinfo=UTC), "0.000001"),
        (datetime(2026, 8, 17, tzinfo=UTC), "0.000002"),
        # The 17th in local time is still the 16th in UTC.
        (datetime(2026, 8, 17, 1, tzinfo=timezone(timedelta(hours=2))), "0.000001"),
        (datetime(2026, 9, 10, tzinfo=UTC), "0.000003"),
    ],
)
def test_of_dated_prices_the_one_in_force_is_taken(
    snapshot: list[ModelInfo], now: datetime, usd: str
) -> None:
    snapshot.append(
        model(
            [
                ConditionalPrice(prices=ModelPrice(input_mtok=Decimal(1))),
                ConditionalPrice(
                    StartDateConstraint(date(2026, 8, 17)),
                    prices=ModelPrice(input_mtok=Decimal(2)),
                ),
                ConditionalPrice(
                    StartDateConstraint(date(2026, 9, 10)),
                    prices=ModelPrice(input_mtok=Decimal(3)),
                ),
            ]
        )
    )
    assert read_one(now).prices[0].amount == Decimal(usd) * 1_000_000


def test_times_of_day_become_windows_in_utc(snapshot: list[ModelInfo]) -> None:
    east = timezone(timedelta(hours=8))
    snapshot.append(
        model(
            [
                ConditionalPrice(prices=ModelPrice(input_mtok=Decimal(1))),
                ConditionalPrice(
                    TimeOfDateConstraint(time(0, 30, tzinfo=UTC), time(16, 30, tzinfo=UTC)),
                    prices=ModelPrice(input_mtok=Decimal(2)),
                ),
                ConditionalPrice(
                    TimeOfDateConstraint(time(1, 0, tzinfo=east), time(4, 0)),
                    prices=ModelPrice(input_mtok=Decimal(3)),
                ),
            ]
        )
    )
    assert read_one().as_charged() == {
        "price_per_input_token": "0.000001",
        "conditions": [
            {"utc_start": 30, "utc_end": 1630, "price_per_input_token": "0.000002"},
            {"utc_start": 1700, "utc_end": 400, "price_per_input_token": "0.000003"},
        ],
    }


def test_a_window_before_the_price_in_force_is_over(snapshot: list[ModelInfo]) -> None:
    snapshot.append(
        model(
            [
                ConditionalPrice(prices=ModelPrice(input_mtok=Decimal(1))),
                ConditionalPrice(
                    TimeOfDateConstraint(time(1), time(4)), prices=ModelPrice(input_mtok=Decimal(2))
                ),
                ConditionalPrice(
                    StartDateConstraint(date(2026, 10, 1)), prices=ModelPrice(input_mtok=Decimal(3))
                ),
            ]
        )
    )
    assert read_one().as_charged() == {"price_per_input_token": "0.000003"}
    before = read_one(datetime(2026, 9, 30, tzinfo=UTC)).as_charged()
    ends = "2026-10-01T00:00:00Z"
    assert before == {
        "price_per_input_token": "0.000001",
        "conditions": [
            {"effective_from": ends, "price_per_input_token": "0.000003"},
            {
                "effective_until": ends,
                "utc_start": 100,
                "utc_end": 400,
                "price_per_input_token": "0.000002",
            },
        ],
    }


def test_a_model_without_any_price_is_left_out(snapshot: list[ModelInfo]) -> None:
    snapshot.append(model(ModelPrice()))
    assert read_catalogue(NOON).models == ()


def test_the_updating_part_of_the_package_is_never_used() -> None:
    sources = list((ROOT / "service").rglob("*.py"))
    assert sources
    for source in sources:
        names = {
            getattr(node, "attr", getattr(node, "id", ""))
            for node in ast.walk(ast.parse(source.read_text()))
        }
        assert "UpdatePrices" not in names, source
