"""Overrides over HTTP: prices that a person sets."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.service.reviews import CHEAP, DEAR, Reviews, price_set
from tests.service.web.running import OVERRIDES, Web, refused

MODEL = "maker/model-1"
FAR = "2999-11-27T12:00:00Z"
OVERRIDE = {"provider": "openrouter", "model_id": MODEL, "reason": "contract 7"}


@pytest.fixture
def model(reviews: Reviews) -> int:
    return reviews.model("openrouter", MODEL, CHEAP)


def post(web: Web, **fields: Any) -> httpx2.Response:
    return web.client.post(OVERRIDES, json={**OVERRIDE, **fields})


def clear(web: Web, model: str = MODEL) -> httpx2.Response:
    body = {"provider": "openrouter", "model_id": model}
    return web.client.post(f"{OVERRIDES}/clear", json=body)


def listed(web: Web, **query: Any) -> list[dict[str, Any]]:
    answer = web.client.get(OVERRIDES, params=query)
    assert answer.status_code == 200, answer.text
    overrides: list[dict[str, Any]] = answer.json()["overrides"]
    assert answer.json()["count"] == len(overrides)
    return overrides


@pytest.mark.usefixtures("model")
def test_what_is_set_is_in_force(web: Web, reviews: Reviews) -> None:
    answer = post(
        web, input_per_1m=2.5, prices={"cache_read_per_1m": "0.25", "per_image": 0.04},
        expires_at=FAR,
    )  # fmt: skip

    assert answer.status_code == 201, answer.text
    override = answer.json()
    assert (override["provider"], override["model_id"]) == ("openrouter", MODEL)
    assert override["prices"] == {
        "price_per_input_token": "0.0000025", "input_per_1m": "2.5",
        "price_per_cache_read_token": "0.00000025", "cache_read_per_1m": "0.25",
        "price_per_image": "0.04",
    }  # fmt: skip
    assert (override["reason"], override["created_by"]) == ("contract 7", "admin")
    assert (override["expires_at"], override["ended_at"]) == (FAR, None)
    (shown,) = listed(web)
    assert override.items() <= shown.items()
    assert (shown["model"], shown["input_per_1m"]) == (MODEL, "2.5")
    assert (shown["output_per_1m"], shown["provider_input_per_1m"]) == (None, "0.3")
    # Prices that the override does not name follow the provider.
    assert reviews.in_force("openrouter", MODEL) == ("2.5", "0.6")
    assert reviews.changed_by("openrouter", MODEL) == ["api_sync:openrouter", "manual:admin"]
    assert reviews.audited() == [("admin", "set_price_override", f"openrouter/{MODEL}")]


@pytest.mark.usefixtures("model")
def test_cleared_the_provider_s_price_is_back(web: Web, reviews: Reviews) -> None:
    override_id = post(web, output_per_1m="10").json()["id"]
    # A sync writes other prices meanwhile.
    reviews.model("openrouter", MODEL, price_set("0.0000004", "0.0000008"))

    answer = clear(web)

    assert answer.status_code == 200, answer.text
    assert (answer.json()["id"], answer.json()["ended_by"]) == (override_id, "admin")
    assert reviews.in_force("openrouter", MODEL) == ("0.4", "0.8")
    assert reviews.changed_by("openrouter", MODEL)[-1] == "manual:admin"
    assert listed(web) == []
    error = refused(clear(web), 409, "conflict")
    assert "select" not in error["hint"]


@pytest.mark.usefixtures("model")
def test_another_one_replaces_it_whole(web: Web, reviews: Reviews) -> None:
    first = post(web, input_per_1m=2.5).json()["id"]
    second = post(web, output_per_1m=10).json()["id"]

    assert [override["id"] for override in listed(web)] == [second]
    assert first != second
    assert reviews.in_force("openrouter", MODEL) == ("0.3", "10")


def test_overrides_are_filtered_and_paged(web: Web, reviews: Reviews) -> None:
    ids = []
    for provider, name in (("openrouter", "one"), ("openrouter", "two"), ("deepinfra", "three")):
        reviews.model(provider, name, CHEAP)
        answer = post(web, provider=provider, model_id=name, input_per_1m=1)
        ids.append(answer.json()["id"])

    assert [each["id"] for each in listed(web)] == ids[::-1]
    assert [each["id"] for each in listed(web, provider="deepinfra")] == [ids[2]]
    first = web.client.get(OVERRIDES, params={"limit": 2}).json()
    rest = web.client.get(OVERRIDES, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [each["id"] for each in rest["overrides"]] == [ids[0]]


@pytest.mark.parametrize(
    ("amount", "stored"),
    [
        ("2.5", "2.5"),
        ('"2.5"', "2.5"),
        ("0", "0"),
        ('"5e-07"', "0.0000005"),
        ("1E+2", "100"),
        # More digits than a float has.
        ("0.12345678901234567890123456789", "0.12345678901234567890123456789"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
    ],
)
@pytest.mark.usefixtures("model")
def test_amounts_are_read_exactly(web: Web, reviews: Reviews, amount: str, stored: str) -> None:
    body = f'{{"provider": "openrouter", "model_id": "{MODEL}", "reason": "x",'
    for field in (f'"output_per_1m": {amount}', f'"prices": {{"output_per_1m": {amount}}}'):
        answer = web.client.post(OVERRIDES, content=f"{body} {field}}}")

        assert answer.status_code == 201, answer.text
        assert answer.json()["prices"]["output_per_1m"] == stored
        assert reviews.in_force("openrouter", MODEL)[1] == stored


BAD_AMOUNTS = [
    "-1", '"-1"', "-0", "NaN", '"NaN"', "Infinity", '"Infinity"', "1e400", '"1e400"', "true",
    "null_", '""', '" 1"', '"1 "', '"$1"', '"1,000"', '"0x10"', '"1_0"', '"\\u0661"', "[1]", "{}",
    "9" * 400, '"' + "9" * 400 + '"', "0." + "1" * 400, "1e-400", '"1e"',
]  # fmt: skip


@pytest.mark.parametrize("field", ['"input_per_1m": {}', '"prices": {{"cache_read_per_1m": {}}}'])
def test_what_is_no_amount_sets_nothing(untouched_web: Web, field: str) -> None:
    for amount in BAD_AMOUNTS:
        body = '{"provider": "openrouter", "model_id": "m", "reason": "x", ' + field.format(amount)
        refused(untouched_web.client.post(OVERRIDES, content=body + "}"), 422, "bad_input")
    assert listed(untouched_web) == []


BAD_FIELDS: dict[str, dict[str, Any]] = {
    "no price": {},
    "prices: empty": {"prices": {}},
    "prices: an unknown name": {"prices": {"input": 1}},
    "prices: conditions": {"prices": {"conditions": 1}},
    "prices: one price twice": {"input_per_1m": 1, "prices": {"price_per_input_token": 1}},
    "prices: a list": {"prices": [1]},
    "prices: null": {"prices": None},
    "expires_at: past": {"input_per_1m": 1, "expires_at": "2020-01-01T00:00:00Z"},
    "expires_at: no offset": {"input_per_1m": 1, "expires_at": "2999-01-01T00:00:00"},
    "expires_at: a number": {"input_per_1m": 1, "expires_at": 1e10},
    "reason: empty": {"input_per_1m": 1, "reason": ""},
    "reason: null": {"input_per_1m": 1, "reason": None},
    "reason: a number": {"input_per_1m": 1, "reason": 1},
    "provider: a list": {"input_per_1m": 1, "provider": ["openrouter"]},
    "model: too long": {"input_per_1m": 1, "model_id": "x" * 513},
    "unknown field": {"input_per_1m": 1, "model": MODEL},
}


@pytest.mark.usefixtures("model")
def test_bad_fields_set_nothing(web: Web, reviews: Reviews) -> None:
    for fields in BAD_FIELDS.values():
        refused(post(web, **fields), 422, "bad_input")
    assert listed(web) == []
    assert reviews.changed_by("openrouter", MODEL) == ["api_sync:openrouter"]


@pytest.mark.parametrize("content", [b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 20_000])
def test_what_is_no_object_sets_nothing(untouched_web: Web, content: bytes) -> None:
    refused(untouched_web.client.post(OVERRIDES, content=content), 422, "bad_input")


def test_an_unknown_model_is_not_found(untouched_web: Web) -> None:
    for answer in (post(untouched_web, input_per_1m=1), clear(untouched_web, "a/b/c")):
        error = refused(answer, 404, "not_found")
        assert "select" not in error["hint"]


@pytest.mark.usefixtures("model")
def test_a_key_that_may_read_sees_them(web: Web, reviews: Reviews) -> None:
    post(web, input_per_1m=1)
    key = reviews.value("select create_pricing_api_key('dashboard', 'read')")
    headers = {"Authorization": f"Bearer {key}"}

    assert httpx2.get(web.url + OVERRIDES, headers=headers, timeout=30).json()["count"] == 1
    for path in (OVERRIDES, f"{OVERRIDES}/clear"):
        body = {"provider": "openrouter", "model_id": MODEL}
        refused(
            httpx2.post(web.url + path, headers=headers, json=body, timeout=30), 403, "forbidden"
        )
    assert len(listed(web)) == 1


@pytest.mark.usefixtures("model")
def test_a_key_s_name_is_in_history_and_audit(web: Web, reviews: Reviews) -> None:
    key = reviews.value("select create_pricing_api_key('night shift')")
    headers = {"Authorization": f"Bearer {key}"}
    body = {**OVERRIDE, "input_per_1m": 1}

    answer = httpx2.post(web.url + OVERRIDES, headers=headers, json=body, timeout=30)

    assert answer.json()["created_by"] == "night shift"
    assert reviews.changed_by("openrouter", MODEL)[-1] == "manual:night shift"
    assert [who for who, _, _ in reviews.audited()] == ["night shift"]


def test_ids_with_slashes_and_other_letters(web: Web, reviews: Reviews) -> None:
    name = "maker/ü 100%/../model?x=1#y"
    reviews.model("openrouter", name, DEAR)

    assert post(web, model_id=name, input_per_1m=1).json()["model_id"] == name
    assert clear(web, name).json()["model_id"] == name


def test_what_looks_wrong_needs_force(web: Web, reviews: Reviews) -> None:
    reviews.connection.execute("update pricing_providers set guards_enabled = true")
    reviews.model("openrouter", MODEL, CHEAP)

    answer = post(web, input_per_1m=110_000)

    refused(answer, 409, "conflict")
    assert "input_per_1m moves by" in answer.json()["error"]["message"]
    assert "force" in answer.json()["error"]["hint"]
    assert listed(web) == []
    assert post(web, input_per_1m=110_000, force=True).json()["forced"] is True
    assert [override["forced"] for override in listed(web)] == [True]
