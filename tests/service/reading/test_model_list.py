from __future__ import annotations

import json
from typing import Any

import pytest

from service.errors import ParseError
from service.prices.price_list import RawCondition, RawModel, SkippedModel
from service.providers.openrouter import parse
from service.reading.known_keys import KnownKeys
from service.reading.model_list import Split, read_models
from service.reading.wire import InvalidEntry

# The tests below read no keys of their own.
NO_KEYS = KnownKeys.of("pricing")


def entry(model_id: Any = "a/b", prompt: str = "0.000001", **others: Any) -> dict[str, Any]:
    return {"id": model_id, "pricing": {"prompt": prompt, "completion": "0.000002"}} | others


def body(*entries: Any, **around: Any) -> bytes:
    return json.dumps({"data": list(entries)} | around).encode()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"<html><body>502 Bad Gateway</body></html>", "not_json"),
        (body(entry())[:-20], "not_json"),
        (b"[]", "bad_shape"),
        (b"null", "bad_shape"),
        (b'"fine"', "bad_shape"),
        (b"{}", "bad_shape"),
        (b'{"models": []}', "bad_shape"),
        (b'{"data": {"a/b": {}}}', "bad_shape"),
        (b'{"data": null}', "bad_shape"),
        (b'{"data": [], "data": [1]}', "bad_shape"),
        (b'{"data": [1, 2, 3]}', "bad_shape"),
        pytest.param(b'{"data": [' + b"1," * 100_000 + b"1]}", "bad_shape", id="too many"),
        (b'{"data": []}', "empty_list"),
        (b'{"success": false, "data": [{"id": "a"}]}', "refused_by_provider"),
        (
            b'{"error": {"message": "No auth credentials found", "code": 401}}',
            "refused_by_provider",
        ),
        (b'{"error": "overloaded"}', "refused_by_provider"),
        (b'{"error": {}, "data": []}', "refused_by_provider"),
        (body(entry(), total_count=2), "incomplete_list"),
        (body(entry(), total_count=0), "incomplete_list"),
        (body(entry(), total_count="many"), "incomplete_list"),
        (body(entry(), links={"next": "/api/v1/models?offset=500"}), "incomplete_list"),
        (body(entry(), has_more=True), "incomplete_list"),
        (body(entry(), next="https://example.com/models?page=2"), "incomplete_list"),
        (body(entry(), next_page=2), "incomplete_list"),
        (body(entry(), nextPageToken="c29tZQ=="), "incomplete_list"),
        (body(entry(), next_page_token="c29tZQ=="), "incomplete_list"),
        (body(entry(), next_cursor="c29tZQ=="), "incomplete_list"),
    ],
)
def test_an_odd_list_is_refused_whole(answer: bytes, code: str) -> None:
    with pytest.raises(ParseError) as refused:
        parse(answer)
    assert refused.value.code == code
    assert refused.value.message.endswith((".", '"'))


@pytest.mark.parametrize(
    "around",
    [
        {"total_count": 1, "links": {"next": None}},
        {"next": None, "nextPageToken": ""},
        {"total_count": None, "links": None, "has_more": False, "error": None, "success": True},
    ],
)
def test_a_complete_list_is_read(around: dict[str, Any]) -> None:
    assert [model.model_id for model in parse(body(entry(), **around)).models] == ["a/b"]


@pytest.mark.parametrize("key", ["sk-or-v1-0123456789abcdef0123", "v1.Q2/b+c3VwZXI/c2Vj+mV0=="])
def test_a_refusal_is_told_in_the_providers_words_without_anything_like_a_key(key: str) -> None:
    answer = {"error": {"message": f"Bad key {key} given"}}
    with pytest.raises(ParseError) as refused:
        parse(json.dumps(answer).encode())
    assert refused.value.message == 'The provider refused: "Bad key ... given"'


@pytest.mark.parametrize(
    ("odd", "label", "says"),
    [
        (7, "entry 2", "the entry is 7, not an object"),
        (None, "entry 2", "the entry is null, not an object"),
        ({}, "entry 2", "its id is null"),
        (entry(""), "entry 2", 'its id is ""'),
        (entry("  "), "entry 2", 'its id is "  "'),
        (entry(5), "entry 2", "its id is 5"),
        (entry("x" * 513), "entry 2", "its id has 513 characters"),
        (entry("a\nb"), "entry 2", "control characters"),
        (entry("a\x00b"), "entry 2", "control characters"),
        (entry("a\ud800"), "entry 2", "control characters"),
        (entry("c", pricing=[]), "c", "pricing is an array, not an object"),
        (entry("c", prompt="free"), "c", 'prompt: "free" is not a price'),
    ],
)
def test_an_odd_model_is_skipped_and_named(odd: Any, label: str, says: str) -> None:
    read = parse(body(entry("a"), odd, entry("z")))

    assert [model.model_id for model in read.models] == ["a", "z"]
    (skipped,) = read.skipped
    assert skipped.model_id == label
    assert says in skipped.reason
    assert len(skipped.reason) < 200


def test_a_model_that_gives_a_key_twice_is_skipped() -> None:
    answer = b"""{"data": [
        {"id": "a", "pricing": {"prompt": "1", "completion": "2"}},
        {"id": "b", "pricing": {"prompt": "1", "prompt": "2"}},
        {"id": "c", "pricing": {}, "pricing": {"prompt": "1"}},
        {"id": "d", "id": "e", "pricing": {"prompt": "1"}}
    ]}"""
    read = parse(answer)
    assert [model.model_id for model in read.models] == ["a"]
    assert read.skipped == (
        SkippedModel("b", 'pricing gives "prompt" twice'),
        SkippedModel("c", 'the entry gives "pricing" twice'),
        SkippedModel("entry 4", 'the entry gives "id" twice'),
    )


def test_the_same_model_twice_with_the_same_prices_is_one() -> None:
    again = entry("a", prompt="0.0000010", name="another name")
    read = parse(body(entry("a", prompt="0.000001"), entry("b"), again))
    assert [model.model_id for model in read.models] == ["a", "b"]
    assert read.skipped == ()


@pytest.mark.parametrize("second", [entry("a", prompt="0.9"), entry("a", prompt="?")])
def test_the_same_model_twice_with_different_prices_is_skipped(second: dict[str, Any]) -> None:
    read = parse(body(entry("a"), entry("b"), second))
    assert [model.model_id for model in read.models] == ["b"]
    assert [skipped.model_id for skipped in read.skipped] == ["a"]


def test_a_model_that_is_left_out_is_not_read_again_however_often_it_comes() -> None:
    """Each reading would be compared with the first, which may be long."""
    times_read = 0

    def differ(model_id: str, entry: dict[str, object]) -> RawModel:
        nonlocal times_read
        times_read += 1
        return RawModel(model_id, conditions=(RawCondition((), min_prompt_tokens=times_read),))

    (skipped,) = read_models(body(*[entry("same")] * 50, entry("fine")), differ, NO_KEYS).skipped
    assert (skipped.model_id, times_read) == ("same", 3)


def test_a_model_with_conditions_without_end_is_skipped() -> None:
    def read_model(model_id: str, entry: dict[str, object]) -> RawModel:
        count = 101 if model_id == "many" else 100
        return RawModel(model_id, conditions=(RawCondition((), min_prompt_tokens=1),) * count)

    read = read_models(body(entry("many"), entry("some")), read_model, NO_KEYS)
    assert [model.model_id for model in read.models] == ["some"]
    assert read.skipped == (SkippedModel("many", "it has 101 conditions, more than 100"),)


def test_of_keys_without_end_some_are_kept_and_the_others_counted() -> None:
    strange = {f"key_{number:05}": "1" for number in range(3_000)}
    nested = {"many": [{"a": "1"}] * 600, "more": {"b": ["1"] * 400}, "z": "1"}
    models = parse(
        body(
            entry("a/flat", pricing={"prompt": "0.000001", **strange}),
            entry("a/nested", pricing={"prompt": "0.000001", **nested}),
            entry("a/full", pricing={"prompt": "0.000001", **dict(list(strange.items())[:1_000])}),
        )
    ).models
    flat, nested_ones, full = (model.extra for model in models)

    assert len(flat) == 1_001
    assert (flat["pricing.key_00999"], flat["(keys left out)"]) == ("1", 2_000)
    assert set(nested_ones) == {"pricing.more", "pricing.z", "(keys left out)"}
    assert "(keys left out)" not in full
    assert len(models[0].unknown_keys) == 1_000
    assert all(len(model.prices) == 1 for model in models)


def test_no_reason_is_long() -> None:
    repeated = b",".join(b'"key %d":1,"key %d":2' % (n, n) for n in range(1_000))
    read = parse(b'{"data": [{"id": "a", "pricing": {' + repeated + b'}}, {"id": "b"}]}')
    assert read.skipped[0].reason.startswith('pricing gives "key 0", "key 1", ')
    assert len(read.skipped[0].reason) == 500


def test_ids_are_kept_as_they_are_spelt() -> None:
    ids = ["~maker/x-latest", "Maker/Model:free", "maker/model:FREE", "ключ", "x" * 512]
    assert [model.model_id for model in parse(body(*map(entry, ids))).models] == ids


def test_names_are_made_printable() -> None:
    (model,) = parse(body(entry("a", name="A\x00\ud800 model"))).models
    assert model.name == "A\ufffd\ufffd model"
    (model,) = parse(body(entry("a", name=["no", "name"]))).models
    assert model.name is None


def test_bytes_that_are_no_utf_8_cost_the_model_that_they_are_in() -> None:
    text = body(entry("a", name="Caf_"), entry("b_"), entry("z"))
    read = parse(text.replace(b"Caf_", b"Caf\xe9").replace(b"b_", b"b\xff"))
    assert (read.models[0].model_id, read.models[0].name) == ("a", "Caf\ufffd")
    assert [model.model_id for model in read.models] == ["a", "z"]
    assert read.skipped[0].model_id == "entry 2"


def test_one_entry_may_be_several_models() -> None:
    def split(
        model_id: str, entry: dict[str, Any]
    ) -> list[tuple[str, dict[str, Any] | InvalidEntry]]:
        if "sizes" not in entry:
            raise InvalidEntry("it has no sizes")
        return [
            (
                f"{model_id}-{size}",
                {"name": size} if size != "odd" else InvalidEntry("its size is odd"),
            )
            for size in entry["sizes"]
        ]

    def read_model(model_id: str, entry: dict[str, Any]) -> RawModel:
        return RawModel(model_id, name=entry["name"])

    listed = read_models(
        body({"id": "a", "sizes": ["s", "odd", "l", "s"]}, {"id": "b"}, {"id": "c", "sizes": []}),
        read_model,
        NO_KEYS,
        split=Split("sizes", split),
    )
    assert listed.models == (RawModel("a-s", name="s"), RawModel("a-l", name="l"))
    assert listed.skipped == (
        SkippedModel("a-odd", "its size is odd"),
        SkippedModel("b", "it has no sizes"),
    )
    with pytest.raises(ParseError, match="no models in it"):
        read_models(
            body({"id": "c", "sizes": []}), read_model, NO_KEYS, split=Split("sizes", split)
        )


@pytest.mark.parametrize("key", ["currency", "unit", "type", "tags", "costs", "metadata"])
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}")])
def test_an_entry_that_is_nested_deep_costs_no_other_model(
    key: str, opened: str, closed: str
) -> None:
    deep = opened * 900 + '"x"' + closed * 900
    entry = f'{{"id": "deep", "{key}": {deep}, "pricing": {{"prompt": "1"}}}}'
    read = parse(f'{{"data": [{entry}, {{"id": "fine"}}]}}'.encode())
    assert "fine" in {model.model_id for model in read.models}
