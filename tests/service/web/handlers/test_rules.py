"""Rules over HTTP accept larger changes beforehand, until a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.service.reviews import CHEAP, Reviews
from tests.service.web.running import RULES, Web, refused

MODEL = "maker/model-1"
FAR = "2999-11-27T12:00:00Z"
RULE = {"provider": "openrouter", "up_to_ratio": 20, "expires_at": FAR, "reason": "new price list"}


def add(web: Web, **fields: Any) -> httpx2.Response:
    return web.client.post(RULES, json={**RULE, **fields})


def listed(web: Web, **query: Any) -> list[dict[str, Any]]:
    answer = web.client.get(RULES, params=query)
    assert answer.status_code == 200, answer.text
    rules: list[dict[str, Any]] = answer.json()["rules"]
    assert answer.json()["count"] == len(rules)
    return rules


def test_a_rule_of_a_provider(web: Web, reviews: Reviews) -> None:
    answer = add(web)

    assert answer.status_code == 201, answer.text
    rule = answer.json()
    assert (rule["provider"], rule["model_id"], rule["up_to_ratio"]) == ("openrouter", None, "20")
    assert (rule["reason"], rule["created_by"]) == ("new price list", "admin")
    assert rule["expires_at"] == FAR
    assert (rule["ended_at"], rule["ended_by"]) == (None, None)
    assert listed(web) == [rule | {"model": None}]
    assert reviews.audited() == [("admin", "accept_price_changes", str(rule["id"]))]


def test_a_rule_of_one_model(web: Web, reviews: Reviews) -> None:
    reviews.model("openrouter", MODEL, CHEAP)

    rule = add(web, model_id=MODEL, up_to_ratio="12.5").json()

    assert (rule["model_id"], rule["up_to_ratio"]) == (MODEL, "12.5")
    refused(add(web, model_id="nobody/knows"), 404, "not_found")


def test_rules_are_filtered_and_paged(web: Web) -> None:
    made = [add(web, reason=f"rule {number}").json()["id"] for number in range(3)]
    other = add(web, provider="deepinfra").json()["id"]

    assert [rule["id"] for rule in listed(web)] == [other, *made[::-1]]
    assert [rule["id"] for rule in listed(web, provider="deepinfra")] == [other]
    first = web.client.get(RULES, params={"limit": 3}).json()
    rest = web.client.get(RULES, params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert [rule["id"] for rule in rest["rules"]] == [made[0]]
    assert rest["next_cursor"] is None


def test_a_rule_is_ended_once(web: Web, reviews: Reviews) -> None:
    rule_id = add(web).json()["id"]

    answer = web.client.delete(f"{RULES}/{rule_id}")

    assert answer.status_code == 200, answer.text
    assert answer.json()["ended_by"] == "admin"
    assert answer.json()["ended_at"].endswith("Z")
    assert listed(web) == []
    assert reviews.audited()[1:] == [("admin", "end_price_change_rule", str(rule_id))]
    refused(web.client.delete(f"{RULES}/{rule_id}"), 409, "conflict")


def test_a_rule_whose_time_is_over_is_not_listed(web: Web, reviews: Reviews) -> None:
    reviews.value(
        "insert into pricing_change_rules (provider_slug, up_to_ratio, reason, created_by,"
        " created_at, expires_at) values ('openrouter', 20, 'old', 'test',"
        " now() - interval '2 days', now() - interval '1 day') returning id"
    )

    assert listed(web) == []


@pytest.mark.parametrize("rule_id", ["0", "1", "nonsense", "9" * 400, "-1", "%00"])
def test_an_unknown_rule_is_not_found(untouched_web: Web, rule_id: str) -> None:
    error = refused(untouched_web.client.delete(f"{RULES}/{rule_id}"), 404, "not_found")

    assert "select" not in error["hint"]


BAD_FIELDS: dict[str, dict[str, Any]] = {
    "no such provider": {"provider": "nobody"},
    "provider: a number": {"provider": 1},
    "provider: null": {"provider": None},
    "ratio: 1": {"up_to_ratio": 1},
    "ratio: 0": {"up_to_ratio": 0},
    "ratio: negative": {"up_to_ratio": -20},
    "ratio: true": {"up_to_ratio": True},
    "ratio: words": {"up_to_ratio": "twenty"},
    "ratio: with a comma": {"up_to_ratio": "1,000"},
    "ratio: Infinity": {"up_to_ratio": "Infinity"},
    "ratio: 400 digits": {"up_to_ratio": "9" * 400},
    "ratio: null": {"up_to_ratio": None},
    "time: past": {"expires_at": "2020-01-01T00:00:00Z"},
    "time: no offset": {"expires_at": "2999-01-01T00:00:00"},
    "time: a day": {"expires_at": "2999-01-01"},
    "time: seconds": {"expires_at": 32472144000},
    "time: seconds as a string": {"expires_at": "32472144000"},
    "time: no such day": {"expires_at": "2999-02-30T00:00:00Z"},
    "time: beyond all": {"expires_at": "9999-12-31T23:59:59-12:00"},
    "time: infinity": {"expires_at": "infinity"},
    "time: null": {"expires_at": None},
    "reason: empty": {"reason": ""},
    "reason: blank": {"reason": "   "},
    "reason: too long": {"reason": "x" * 501},
    "reason: a number": {"reason": 5},
    "model: a number": {"model_id": 5},
    "model: too long": {"model_id": "x" * 513},
    "unknown field": {"until": FAR},
}


@pytest.mark.parametrize("fields", BAD_FIELDS.values(), ids=BAD_FIELDS.keys())
def test_bad_fields_make_no_rule(untouched_web: Web, fields: dict[str, Any]) -> None:
    status, code = (404, "not_found") if fields == {"provider": "nobody"} else (422, "bad_input")

    refused(add(untouched_web, **fields), status, code)
    assert listed(untouched_web) == []


@pytest.mark.parametrize("field", ["provider", "up_to_ratio", "expires_at", "reason"])
def test_what_is_left_out_is_named(untouched_web: Web, field: str) -> None:
    body = {name: value for name, value in RULE.items() if name != field}

    error = refused(untouched_web.client.post(RULES, json=body), 422, "bad_input")

    assert field in error["message"]


def test_a_key_that_may_read_sees_them(web: Web, reviews: Reviews) -> None:
    rule_id = add(web).json()["id"]
    key = reviews.value("select create_pricing_api_key('dashboard', 'read')")
    headers = {"Authorization": f"Bearer {key}"}

    assert httpx2.get(web.url + RULES, headers=headers, timeout=30).json()["count"] == 1
    refused(httpx2.post(web.url + RULES, headers=headers, json=RULE, timeout=30), 403, "forbidden")
    refused(
        httpx2.delete(f"{web.url}{RULES}/{rule_id}", headers=headers, timeout=30), 403, "forbidden"
    )


def test_times_with_an_offset(web: Web) -> None:
    until = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    text = (until + timedelta(hours=2)).isoformat().replace("+00:00", "+02:00")

    rule = add(web, expires_at=text).json()

    assert rule["expires_at"] == until.isoformat().replace("+00:00", "Z")
