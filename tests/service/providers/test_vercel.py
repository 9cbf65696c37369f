from __future__ import annotations

import json
from typing import Any

import pytest

from service.prices.price_list import PriceList, RawModel
from service.providers.adapter import adapter
from service.providers.vercel import parse


def listed(*pricings: Any) -> PriceList:
    entries = [{"id": f"maker/model-{n}", "pricing": p} for n, p in enumerate(pricings)]
    return parse(json.dumps({"object": "list", "data": entries}).encode())


def read(**pricing: Any) -> RawModel:
    (model,) = listed(pricing).models
    return model


def reason(**pricing: Any) -> str:
    found = listed(pricing, {})
    assert [model.model_id for model in found.models] == ["maker/model-1"]
    return found.skipped[0].reason


def tiers(*given: tuple[str, int | None, int | None]) -> list[dict[str, Any]]:
    """Tiers made of ``(cost, min, max)``, without the keys that are None."""
    named = [{"cost": cost, "min": least, "max": end} for cost, least, end in given]
    return [{key: value for key, value in tier.items() if value is not None} for tier in named]


def test_the_adapter_is_found_by_its_slug() -> None:
    found = adapter("vercel")
    assert found.base_url + found.path == "https://ai-gateway.vercel.sh/v1/models"
    assert found.credential_variable is None


def test_the_documented_sample() -> None:
    """$1, $5, $0.1 and $1.25 per 1M tokens, as strings per token."""
    regional = {"us": {"input": "0.0000011", "output": "0.0000055"}}
    model = read(
        input="0.000001",
        output="0.000005",
        input_cache_read="0.0000001",
        input_cache_write="0.00000125",
        regional=regional,
    )
    assert model.as_charged() == {
        "price_per_input_token": "0.000001",
        "price_per_output_token": "0.000005",
        "price_per_cache_read_token": "0.0000001",
        "price_per_cache_write_token": "0.00000125",
        "conditions": [
            {
                "region": "us",
                "price_per_input_token": "0.0000011",
                "price_per_output_token": "0.0000055",
            }
        ],
    }
    assert {price.unit.label for price in model.prices} == {"usd_per_token"}
    assert (model.extra, model.unknown_keys) == ({}, frozenset())


def test_audio_tokens_have_columns_of_their_own() -> None:
    assert read(
        audio_input_token_cost="0.00004", audio_output_token_cost="0.00008"
    ).as_charged() == {
        "price_per_input_audio_token": "0.00004",
        "price_per_output_audio_token": "0.00008",
    }


def test_tiers_are_conditions_for_longer_prompts() -> None:
    model = read(
        input="0.000001",
        output="0.000005",
        input_cache_read="0.0000002",
        input_tiers=tiers(
            ("0.000001", 0, 32_001), ("0.0000018", 32_001, 128_001), ("0.000003", 128_001, None)
        ),
        output_tiers=tiers(("0.000005", None, 128_001), ("0.000015", 128_001, 1_000_000)),
    )
    assert model.as_charged() == {
        "price_per_input_token": "0.000001",
        "price_per_output_token": "0.000005",
        "price_per_cache_read_token": "0.0000002",
        "conditions": [
            {"min_prompt_tokens": 32_000, "price_per_input_token": "0.0000018"},
            {
                "min_prompt_tokens": 128_000,
                "price_per_input_token": "0.000003",
                "price_per_output_token": "0.000015",
            },
        ],
    }
    assert (model.extra, model.unknown_keys) == ({}, frozenset())
    assert len(model.prices) == 3
    (first, _) = model.conditions
    assert first.prices[0].key == "pricing.input_tiers[1].cost"


def test_every_price_may_have_tiers() -> None:
    model = read(
        input_cache_read_tiers=tiers(("0.1", 0, 9), ("0.2", 9, None)),
        input_cache_write_tiers=tiers(("0.3", 0, 9), ("0.4", 9, None)),
    )
    assert model.as_charged() == {
        "price_per_cache_read_token": "0.1",
        "price_per_cache_write_token": "0.3",
        "conditions": [
            {
                "min_prompt_tokens": 8,
                "price_per_cache_read_token": "0.2",
                "price_per_cache_write_token": "0.4",
            }
        ],
    }


def test_a_tier_that_begins_one_below_the_end_of_the_last_begins_at_that_end() -> None:
    model = read(input_tiers=tiers(("0.1", 0, 200_001), ("0.2", 200_000, None)))
    assert model.conditions[0].min_prompt_tokens == 200_000


@pytest.mark.parametrize("given", [None, [], tiers(("0.1", 0, None)), tiers(("0.1", 0, 9))])
def test_tiers_that_say_nothing_more(given: Any) -> None:
    assert read(input="0.1", input_tiers=given).as_charged() == {"price_per_input_token": "0.1"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (tiers(("0.2", 0, None)), "pricing.input (0.1) is USD 0.1"),
        (tiers(("0.1", 5, None)), "pricing.input_tiers[0] begins at 5"),
        (tiers(("0.1", 0, 9), ("0.2", 10, None)), "[1] begins at 10, and the one before ends at 9"),
        (tiers(("0.1", 0, 9), ("0.2", 7, None)), "[1] begins at 7"),
        (tiers(("0.1", 0, None), ("0.2", 9, None)), "has no end"),
        (tiers(("0.1", 0, 9), ("0.2", 9, 9)), "[1] ends at 9"),
        (tiers(("0.1", 0, 0)), "[0] ends at 0"),
        ([{"cost": "0.1", "min": -1}], "[0].min"),
        ([{"cost": "0.1", "min": "0"}], "[0].min"),
        ([{"cost": "0.1", "max": 1.5}], "[0].max"),
        ([{"cost": "x"}], "[0].cost"),
        ([{"cost": None}], "has no cost"),
        ([{}], "has no cost"),
        (["0.1"], "pricing.input_tiers[0] is"),
        ("0.1", "pricing.input_tiers is"),
    ],
)
def test_odd_tiers_skip_the_model_with_the_reason(given: Any, says: str) -> None:
    assert says in reason(input="0.1", input_tiers=given)


def test_a_tier_by_something_else_as_well_is_a_condition_with_that_key() -> None:
    given = [{"cost": "0.1", "min": 0, "max": 9}, {"cost": "0.2", "min": 9, "hour": 5}]
    model = read(input="0.1", input_tiers=given)
    assert model.as_charged() == {
        "price_per_input_token": "0.1",
        "conditions": [
            {"min_prompt_tokens": 8, "price_per_input_token": "0.2"},
            {"hour": 5, "min_prompt_tokens": 8, "price_per_input_token": "0.2"},
        ],
    }
    assert model.extra == {"pricing.input_tiers[].hour": 5}


@pytest.mark.parametrize("key", ["video_duration_pricing", "maps_search", "peak_pricing"])
def test_prices_that_are_not_read_are_kept_and_reported(key: str) -> None:
    model = read(**{"input": "0.1", key: {"cost": "0.04"}})
    assert model.as_charged() == {"price_per_input_token": "0.1"}
    assert model.extra == {f"pricing.{key}": {"cost": "0.04"}}
    assert model.unknown_keys == {f"pricing.{key}"}


@pytest.mark.parametrize(
    ("kind", "pricing", "charged"),
    [
        ("image", {"image": "0.04"}, {"price_per_image": "0.04"}),
        (
            "speech",
            {"speech_input_character_cost": "0.000015"},
            {"price_per_input_character": "0.000015"},
        ),
        (
            "transcription",
            {"transcription_duration_cost_per_second": "0.0001"},
            {"price_per_audio_second": "0.0001"},
        ),
        ("language", {"web_search": "10"}, {"price_per_web_search": "0.01"}),
        ("embedding", {"input": "0.00000002"}, {"price_per_input_token": "0.00000002"}),
        ("transcription", {"input": "0.0000025"}, {}),
        ("reranking", {"input": "0.00000005"}, {}),
    ],
)
def test_a_price_has_the_unit_of_what_is_sold(
    kind: str, pricing: dict[str, str], charged: dict[str, str]
) -> None:
    entry = {"id": "m", "type": kind, "pricing": pricing}
    (model,) = parse(json.dumps({"data": [entry]}).encode()).models
    assert model.as_charged() == charged
    assert bool(model.extra) is not bool(charged)


def test_an_image_costs_what_its_size_and_quality_cost() -> None:
    model = read(
        image_dimension_quality_pricing=[
            {"size": "default", "cost": "0.04"},
            {"size": "1024x1536", "quality": "high", "cost": "0.25"},
            {"size": "1024x1024", "style": "vector", "cost": "0.08"},
        ]
    )
    assert model.as_charged() == {
        "price_per_image": "0.04",
        "conditions": [
            {"image_size": "1024x1536", "image_quality": "high", "price_per_image": "0.25"},
            {"image_size": "1024x1024", "style": "vector", "price_per_image": "0.08"},
        ],
    }


def test_service_tiers_and_fast_are_conditions_that_a_request_names() -> None:
    model = read(
        input="1",
        input_tiers=tiers(("1", 0, 9), ("2", 9, None)),
        output="5",
        service_tiers={
            "flex": {"input": "0.5", "output": "2.5"},
            "priority": {"input": "2", "long_context": {"threshold": 8, "input": "4"}},
        },
        fast={"output": "30"},
    )
    assert model.as_charged()["conditions"] == [
        {"min_prompt_tokens": 8, "price_per_input_token": "2"},
        {"service_tier": "flex", "price_per_input_token": "0.5", "price_per_output_token": "2.5"},
        # Nothing says what a long prompt costs there.
        {"service_tier": "flex", "min_prompt_tokens": 8, "price_per_input_token": None},
        {"service_tier": "priority", "price_per_input_token": "2"},
        {"service_tier": "priority", "min_prompt_tokens": 8, "price_per_input_token": "4"},
        {"service_tier": "fast", "price_per_output_token": "30"},
    ]


def test_a_region_and_a_service_tier_at_once_cost_what_the_list_says_or_it_is_unknown() -> None:
    model = read(
        input="1",
        service_tiers={"flex": {"input": "0.5"}},
        fast={"input": "6"},
        regional={"us": {"input": "1.1", "fast": {"input": "6.6"}}, "eu": {"input": "1.2"}},
    )
    assert model.as_charged()["conditions"] == [
        {"service_tier": "flex", "price_per_input_token": "0.5"},
        {"service_tier": "fast", "price_per_input_token": "6"},
        {"region": "us", "price_per_input_token": "1.1"},
        {"region": "us", "service_tier": "flex", "price_per_input_token": None},
        {"region": "us", "service_tier": "fast", "price_per_input_token": "6.6"},
        {"region": "eu", "price_per_input_token": "1.2"},
        {"region": "eu", "service_tier": "flex", "price_per_input_token": None},
        {"region": "eu", "service_tier": "fast", "price_per_input_token": None},
    ]
    assert (model.extra, model.unknown_keys) == ({}, frozenset())


def test_where_the_price_varies_by_provider_it_is_unknown_whose_it_is() -> None:
    model = read(input="1", varies_by_provider=True)
    assert model.as_charged() == {
        "price_per_input_token": "1",
        "conditions": [{"varies_by_provider": True, "price_per_input_token": "1"}],
    }
    assert not read(input="1", varies_by_provider=False).conditions


def test_tokens_at_zero_beside_another_unit_are_unknown() -> None:
    model = read(
        input="0",
        output_tiers=tiers(("0", 0, 9), ("0", 9, None)),
        transcription_duration_cost_per_second="0.0001",
    )
    assert model.as_charged() == {"price_per_audio_second": "0.0001"}
    assert model.unknown == {"pricing.input": "0", "pricing.output_tiers[0].cost": "0"}


@pytest.mark.parametrize(
    "pricing",
    [
        {"input": "0", "output": "0"},
        {"input": "0", "output": "0", "regional": {}},
        {"input": "0", "output": "0.1", "image": "0.04"},
        {"input": "0", "input_tiers": tiers(("0", 0, 9), ("1", 9, None)), "image": "0.04"},
    ],
)
def test_other_zeros_are_as_published(pricing: Any) -> None:
    assert read(**pricing).as_charged()["price_per_input_token"] == "0"


@pytest.mark.parametrize("pricing", [None, {}, {"input": None}])
def test_a_model_without_prices_is_unknown_not_free(pricing: Any) -> None:
    (model,) = listed(pricing).models
    assert model == RawModel("maker/model-0")


def test_unknown_keys_are_kept_verbatim_and_named() -> None:
    model = read(input="0.1", per_song="0.08")
    assert model.extra == {"pricing.per_song": "0.08"}
    assert model.unknown_keys == {"pricing.per_song"}


@pytest.mark.parametrize(
    ("pricing", "says"),
    [
        ({"input": "-1"}, 'pricing.input: "-1" is negative'),
        ({"output": False}, "pricing.output: false is not a price"),
    ],
)
def test_one_malformed_price_skips_the_model_with_the_reason(pricing: Any, says: str) -> None:
    assert says in reason(**pricing)


def test_zeros_beside_what_is_not_understood_are_unknown() -> None:
    zeros = {"input": "0", "input_tiers": tiers(("0", None, None))}
    assert read(**zeros).as_charged() == {"price_per_input_token": "0"}
    assert read(**zeros, song="0.08").as_charged() == {}


@pytest.mark.parametrize(
    "more",
    [
        {"varies_by_provider": True},
        {"service_tiers": {"priority": {"input": "0.000001"}}},
        {"regional": {"us": {"output": "0.000001"}}},
    ],
)
def test_zeros_beside_prices_of_some_requests_are_unknown(more: dict[str, Any]) -> None:
    model = read(input="0", output="0", **more)
    assert model.prices == ()
    assert model.unknown == {"pricing.input": "0", "pricing.output": "0"}


def test_a_tier_that_costs_something_stays_beside_a_first_one_that_is_free() -> None:
    model = read(
        input="0",
        output="0",
        output_tiers=[{"min": 0, "max": 1000, "cost": "0"}, {"min": 1000, "cost": "0.000001"}],
    )
    assert model.as_charged() == {
        "price_per_input_token": "0",
        "price_per_output_token": "0",
        "conditions": [{"min_prompt_tokens": 999, "price_per_output_token": "0.000001"}],
    }


IN, OUT = "price_per_input_token", "price_per_output_token"


@pytest.mark.parametrize(
    ("requested", "expected"),
    [
        ({"prompt": "0.1"}, {IN: None, OUT: None}),
        ({"multiplier": 1.1}, {IN: None, OUT: None}),
        ({"input": "0.1", "song": "0.2"}, {IN: "0.1", OUT: None}),
        ({"input": "0.1"}, {IN: "0.1"}),
        # Beside a positive price zeros fill fields.
        ({"input": "0", "output": "0"}, {IN: None, OUT: None}),
    ],
)
def test_what_a_request_asks_for_is_not_the_base_where_it_is_not_read(
    requested: Any, expected: Any
) -> None:
    for where, when in (
        ({"service_tiers": {"batch": requested}}, {"service_tier": "batch"}),
        ({"fast": requested}, {"service_tier": "fast"}),
        ({"regional": {"us": requested}}, {"region": "us"}),
    ):
        model = read(input="0.2", output="0.3", **where)
        assert model.as_charged()["conditions"] == [when | expected]


def test_long_prompts_of_a_service_tier_whose_price_is_not_read() -> None:
    batch = {"input": "0.1", "output": "0.2", "long_context": {"threshold": 9, "prompt": "0.3"}}
    model = read(input="0.2", output="0.3", service_tiers={"batch": batch})
    conditions: Any = model.as_charged()["conditions"]
    short, long = conditions
    assert short == {"service_tier": "batch", IN: "0.1", OUT: "0.2"}
    assert long == {"service_tier": "batch", "min_prompt_tokens": 9, IN: None, OUT: None}


def test_one_size_of_images_at_two_prices_skips_the_model() -> None:
    sizes = [{"size": "1x1", "cost": cost} for cost in ("0.1", "0.2")]
    assert "0.2" in reason(image_dimension_quality_pricing=sizes)
    model = read(image_dimension_quality_pricing=sizes[:1] * 2)
    assert len(model.conditions) == 1
