from __future__ import annotations

import json
from typing import Any

import pytest

from service.prices.price_list import RawModel, to_apply_rows
from service.providers.adapter import adapter
from service.providers.openrouter import parse


def read(pricing: Any, **others: Any) -> RawModel:
    (model,) = parse(
        json.dumps({"data": [{"id": "m", "pricing": pricing} | others]}).encode()
    ).models
    return model


def reason(pricing: Any) -> str:
    entries = [{"id": "odd", "pricing": pricing}, {"id": "fine", "pricing": {}}]
    listed = parse(json.dumps({"data": entries}).encode())
    assert [model.model_id for model in listed.models] == ["fine"]
    return listed.skipped[0].reason


def test_the_adapter_is_found_by_its_slug() -> None:
    found = adapter("openrouter")
    assert found.base_url + found.path == "https://openrouter.ai/api/v1/models"
    assert found.credential_variable is None
    with pytest.raises(LookupError, match="openrouter"):
        adapter("nobody")


def test_every_key_has_its_column_and_its_unit() -> None:
    model = read(
        {
            "prompt": "0.0000025",
            "completion": "0.00001",
            "request": "0.0275",
            "image": "0.003613",
            "image_token": "0.0000051",
            "image_output": "0.00012",
            "audio": "0.00004",
            "audio_output": "0.00008",
            "input_audio_cache": "0.0000025",
            "web_search": "0.005",
            "internal_reasoning": "0.000003",
            "input_cache_read": "0.00000125",
            "input_cache_write": "0.00000625",
            "input_cache_write_1h": "0.0000101",
        }
    )
    assert model.as_charged() == {
        "price_per_input_token": "0.0000025",
        "price_per_output_token": "0.00001",
        "price_per_request": "0.0275",
        "price_per_image": "0.003613",
        "price_per_input_image_token": "0.0000051",
        "price_per_output_image_token": "0.00012",
        "price_per_input_audio_token": "0.00004",
        "price_per_output_audio_token": "0.00008",
        "price_per_cache_read_audio_token": "0.0000025",
        "price_per_web_search": "0.005",
        "price_per_reasoning_token": "0.000003",
        "price_per_cache_read_token": "0.00000125",
        "price_per_cache_write_token": "0.00000625",
        "price_per_cache_write_1h_token": "0.0000101",
    }
    assert model.unknown_keys == frozenset()
    units = {price.key: price.unit.label for price in model.prices}
    assert (units["image"], units["request"]) == ("usd_per_image", "usd_per_request")
    assert (units["web_search"], units["audio"]) == ("usd_per_search", "usd_per_token")


def test_strings_arrive_digit_by_digit() -> None:
    model = read({"prompt": "0.0000000208333333333333", "completion": "2e-07"})
    assert model.as_charged() == {
        "price_per_input_token": "0.0000000208333333333333",
        "price_per_output_token": "0.0000002",
    }
    assert [price.text for price in model.prices] == ["0.0000000208333333333333", "2e-07"]


def test_minus_one_is_unknown_not_a_price() -> None:
    model = read({"prompt": "-1", "completion": "-1", "request": "0"})
    assert model.as_charged() == {}
    assert model.unknown == {"prompt": "-1", "completion": "-1", "request": "0"}


@pytest.mark.parametrize("model_id", ["maker/model:free", "google/lyria-3-pro-preview"])
def test_zero_is_kept_as_published_whatever_the_id_says(model_id: str) -> None:
    charged = read({"prompt": "0", "completion": "0"}, id=model_id).as_charged()
    assert charged == {"price_per_input_token": "0", "price_per_output_token": "0"}


SONGS = {"architecture": {"output_modalities": ["text", "audio"]}}


def test_zeros_for_more_than_text_are_unknown_with_their_texts() -> None:
    zeros = {"prompt": "0", "completion": "0.0", "request": "0"}
    windows = [{"utc_start": 0, "utc_end": 2400, "prompt": "0"}]
    model = read(zeros | {"overrides": windows}, **SONGS)
    assert model.as_charged() == {}
    assert model.unknown == zeros


@pytest.mark.parametrize(
    ("pricing", "others"),
    [
        ({"prompt": "0", "completion": "0"}, {}),
        ({"prompt": "0", "completion": "0"}, {"architecture": None}),
        ({"prompt": "0", "completion": "0"}, {"architecture": {"output_modalities": ["text"]}}),
        ({"prompt": "0", "completion": "0", "request": "0.08"}, SONGS),
        ({"prompt": "0"}, SONGS),
        (
            {
                "prompt": "0",
                "completion": "0",
                "overrides": [{"min_prompt_tokens": 9, "prompt": "0.1"}],
            },
            SONGS,
        ),
    ],
)
def test_other_zeros_stay_as_published(pricing: Any, others: Any) -> None:
    model = read(pricing, **others)
    assert model.as_charged()["price_per_input_token"] == "0"
    assert model.unknown == {}


@pytest.mark.parametrize(
    ("prompt", "image", "column"),
    [
        ("0.0000003", "0.0000003", "price_per_input_image_token"),
        ("0.0000003", "3e-7", "price_per_input_image_token"),
        ("0.0000003", "0.0003", "price_per_image"),
        ("0.0000003", "0.00000030000001", "price_per_image"),
        ("-1", "0.0000003", "price_per_image"),
        (None, "0.0000003", "price_per_image"),
    ],
)
def test_image_is_for_a_token_where_it_is_what_prompt_is(
    prompt: Any, image: str, column: str
) -> None:
    model = read({"prompt": prompt, "image": image})
    (price,) = (price for price in model.prices if price.key == "image")
    assert (price.axis.value, price.text) == (column, image)
    unit = "usd_per_image" if column == "price_per_image" else "usd_per_token"
    assert price.unit.label == unit


@pytest.mark.parametrize(
    ("override", "column"),
    [
        ({"prompt": "0.2", "image": "0.2"}, "price_per_input_image_token"),
        ({"image": "0.1"}, "price_per_input_image_token"),
        ({"prompt": "0.2", "image": "0.1"}, "price_per_image"),
    ],
)
def test_image_of_an_override_is_compared_with_the_prompt_that_holds_there(
    override: Any, column: str
) -> None:
    overrides = [{"min_prompt_tokens": 5} | override]
    model = read({"prompt": "0.1", "image": "0.1", "overrides": overrides})
    (price,) = (p for p in model.conditions[0].prices if p.key == "overrides[0].image")
    assert price.axis.value == column


def test_two_keys_for_a_token_of_an_image_that_agree_are_one_price() -> None:
    model = read({"prompt": "0.2", "image": "0.2", "image_token": "2e-1"})
    assert model.as_charged()["price_per_input_image_token"] == "0.2"


def windows(now: str) -> dict[str, Any]:
    """Prices by the hour; the base is the price of the current window."""
    return {
        "prompt": now,
        "completion": "0.9",
        "overrides": [
            {"utc_start": 1700, "utc_end": 200, "prompt": "0.1"},
            {"utc_start": 200, "utc_end": 830, "prompt": "0.2"},
            {"utc_start": 830, "utc_end": 1700, "prompt": "0.1"},
        ],
    }


def test_the_base_does_not_move_with_the_clock() -> None:
    cheap, dear = read(windows("0.1")), read(windows("0.2"))
    assert cheap.as_charged() == dear.as_charged()
    assert cheap.as_charged()["price_per_input_token"] == "0.1"
    assert cheap.as_charged()["price_per_output_token"] == "0.9"
    assert [price.text for price in dear.prices] == ["0.2", "0.9"]


@pytest.mark.parametrize("pricing", [None, {}, {"prompt": None}])
def test_a_model_without_prices_is_there_with_unknown_ones(pricing: Any) -> None:
    assert read(pricing).as_charged() == {}


def test_a_model_without_the_key_pricing_is_there_too() -> None:
    (model,) = parse(b'{"data": [{"id": "m"}]}').models
    assert model == RawModel("m")


def test_unknown_keys_are_kept_verbatim_and_named() -> None:
    model = read({"prompt": "0.1", "per_song": "0.08", "video": {"second": 0.5}})
    unread = {"pricing.per_song": "0.08", "pricing.video": {"second": 0.5}}
    assert model.extra == unread
    assert model.unknown_keys == unread.keys()


@pytest.mark.parametrize(
    ("discount", "text"),
    [
        ("0", None),
        (0, None),
        (0.0, None),
        (None, None),
        (0.25, "0.25"),
        ("0.1", '"0.1"'),
        ("half", '"half"'),
    ],
)
def test_a_discount_is_no_price_and_no_unknown_key(discount: Any, text: str | None) -> None:
    model = read({"prompt": "0.1", "discount": discount})
    assert model.unknown.get("discount") == text
    assert (model.extra, model.unknown_keys) == ({}, frozenset())


def test_context_tiers_are_conditions_in_the_published_order() -> None:
    model = read(
        {
            "prompt": "0.00000003",
            "completion": "0.00000013",
            "overrides": [
                {"min_prompt_tokens": 256000, "prompt": "0.0000002"},
                {"min_prompt_tokens": 32000, "prompt": "0.0000001", "audio": "0.0000004"},
            ],
        }
    )
    assert model.as_charged()["conditions"] == [
        {"min_prompt_tokens": 256000, "price_per_input_token": "0.0000002"},
        {
            "min_prompt_tokens": 32000,
            "price_per_input_token": "0.0000001",
            "price_per_input_audio_token": "0.0000004",
        },
    ]
    assert "overrides[1].audio" in {p.key for c in model.conditions for p in c.prices}


def test_time_windows_and_weekdays_are_conditions() -> None:
    model = read(
        {
            "prompt": "0.00000022",
            "overrides": [
                {"utc_start": 1000, "utc_end": 100, "prompt": "0.00000022"},
                {"utc_days": ["sunday", "monday"], "prompt": "0.0000001"},
                {"utc_start": 0, "utc_end": 30, "min_prompt_tokens": 0, "prompt": "0"},
            ],
        }
    )
    assert model.as_charged()["conditions"] == [
        {"utc_start": 1000, "utc_end": 100, "price_per_input_token": "0.00000022"},
        {"utc_days": ["monday", "sunday"], "price_per_input_token": "0.0000001"},
        {
            "min_prompt_tokens": 0,
            "utc_start": 0,
            "utc_end": 30,
            "price_per_input_token": "0",
        },
    ]


@pytest.mark.parametrize("key", ["min_context", "region", "a key"])
def test_an_override_with_an_unknown_key_is_a_condition_with_that_key(key: str) -> None:
    override = {key: 200_000, "prompt": "0.00002"}
    fine = {"min_prompt_tokens": 9, "prompt": "0.2"}
    model = read({"prompt": "0.1", "overrides": [override, fine]})
    assert model.as_charged() == {
        "price_per_input_token": "0.1",
        "conditions": [
            {key: 200_000, "price_per_input_token": "0.00002"},
            {"min_prompt_tokens": 9, "price_per_input_token": "0.2"},
        ],
    }
    assert model.extra.keys() == model.unknown_keys == {f"pricing.overrides[].{key}"}


@pytest.mark.parametrize("key", ["price_per_input_token", "max_audio_seconds"])
def test_an_unknown_key_never_gets_another_meaning_in_a_condition(key: str) -> None:
    model = read({"prompt": "0.1", "overrides": [{key: "0.5", "prompt": "0.2"}]})
    assert model.as_charged()["conditions"] == [
        {f"published {key}": "0.5", "price_per_input_token": "0.2"}
    ]


def test_a_price_that_an_override_does_not_know_is_unknown_there() -> None:
    model = read({"prompt": "0.1", "overrides": [{"min_prompt_tokens": 5, "prompt": "-1"}]})
    assert model.as_charged()["conditions"] == [
        {"min_prompt_tokens": 5, "price_per_input_token": None}
    ]


def test_an_override_with_a_price_of_something_else_leaves_no_price_certain() -> None:
    override = {"min_prompt_tokens": 5, "prompt": "0.2", "per_song": "0.08"}
    model = read({"prompt": "0.1", "overrides": [override]})
    assert model.as_charged()["conditions"] == [
        {"min_prompt_tokens": 5, "per_song": "0.08", "price_per_input_token": "0.2"}
    ]
    assert model.extra == {"pricing.overrides[].per_song": "0.08"}


@pytest.mark.parametrize("override", [{"prompt": "0.5"}, {"utc_days": None, "prompt": "0.5"}])
def test_an_override_without_a_condition_makes_its_prices_unknown(override: Any) -> None:
    model = read({"prompt": "0.1", "overrides": [override]})
    assert model.as_charged()["conditions"] == [
        {"override without a condition": True, "price_per_input_token": "0.5"}
    ]


def test_an_announced_price_has_its_dates() -> None:
    override = {"effective_from": "2027-01-01T01:00:00+01:00", "prompt": "0.2"}
    model = read({"prompt": "0.1", "overrides": [override]})
    assert model.as_charged()["conditions"] == [
        {"effective_from": "2027-01-01T00:00:00Z", "price_per_input_token": "0.2"}
    ]


@pytest.mark.parametrize(
    "overrides",
    [None, [], [{"min_prompt_tokens": 5}], [{"min_prompt_tokens": 5, "prompt": None}]],
)
def test_overrides_without_prices_say_nothing(overrides: Any) -> None:
    model = read({"prompt": "0.1", "overrides": overrides})
    assert model.conditions == ()
    assert model.extra == {}


@pytest.mark.parametrize(
    ("pricing", "says"),
    [
        ({"prompt": "$0.5"}, 'prompt: "$0.5" is not a price'),
        ({"prompt": ""}, 'prompt: "" is not a price'),
        ({"completion": True}, "completion: true is not a price"),
        ({"request": "-2"}, 'request: "-2" is negative'),
        ({"image": {"usd": "1"}}, "image: an object is not a price"),
        ({"audio": "NaN"}, 'audio: "NaN" is not a price'),
        ("cheap", 'pricing is "cheap", not an object'),
        ({"overrides": "cheap"}, "overrides is"),
        ({"overrides": [5]}, "overrides[0] is 5, not an object"),
        ({"overrides": [{"min_prompt_tokens": 5, "prompt": "x"}]}, "overrides[0].prompt"),
        ({"overrides": [{"min_prompt_tokens": "5", "prompt": "1"}]}, "overrides[0]"),
        ({"overrides": [{"min_prompt_tokens": -5, "prompt": "1"}]}, "overrides[0]"),
        ({"overrides": [{"utc_start": 100, "prompt": "1"}]}, "is missing"),
        ({"overrides": [{"utc_start": 160, "utc_end": 300, "prompt": "1"}]}, "clock"),
        ({"prompt": "2", "image": "2", "image_token": "1"}, "but image"),
        ({"overrides": [{"utc_days": ["someday"], "prompt": "1"}]}, "weekdays"),
        ({"overrides": [{"utc_days": [], "prompt": "1"}]}, "weekdays"),
    ],
)
def test_one_malformed_price_skips_the_model_with_the_reason(pricing: Any, says: str) -> None:
    assert says in reason(pricing)


def test_rows_name_the_source() -> None:
    listed = parse(b'{"data": [{"id": "m", "name": "M", "pricing": {"prompt": "3e-7"}}]}')
    assert to_apply_rows(listed, "openrouter", "api:openrouter") == [
        {
            "model_id": "m",
            "name": "M",
            "source": "api:openrouter",
            "price_per_input_token": "0.0000003",
            "extra": {},
            "raw": {
                "prompt": {
                    "text": "3e-7",
                    "unit": "usd_per_token",
                    "axis": "price_per_input_token",
                }
            },
        }
    ]


def test_overrides_without_end_are_not_read() -> None:
    override = {"min_prompt_tokens": 1, "prompt": "1"}
    assert len(read({"prompt": "1", "overrides": [override] * 100}).conditions) == 100
    many = {"prompt": "1", "overrides": [override] * 101}
    assert reason(many) == "it has 101 overrides, more than 100"


@pytest.mark.parametrize("strange", [{"input": "0.2"}, {"pricing": {"prompt": "0.2"}}])
def test_an_override_whose_price_is_not_read_is_not_the_base(strange: Any) -> None:
    override = {"min_prompt_tokens": 9, **strange}
    model = read({"prompt": "0.1", "completion": "0.2", "overrides": [override]})
    unknown = {"price_per_input_token": None, "price_per_output_token": None}
    assert model.as_charged()["conditions"] == [override | unknown]


@pytest.mark.parametrize("kind", ["audio", "speech", "transcription", "video", "image", "rerank"])
def test_what_is_not_sold_by_the_token_has_no_price_of_one(kind: str) -> None:
    pricing = {"prompt": "0.0000006", "completion": "0", "request": "0.1"}
    model = read(pricing, architecture={"output_modalities": [kind]})
    assert model.as_charged() == {"price_per_request": "0.1"}
    assert model.extra == {"prompt": "0.0000006"}
    both = read(pricing, architecture={"output_modalities": ["text", kind]})
    assert both.as_charged()["price_per_input_token"] == "0.0000006"
