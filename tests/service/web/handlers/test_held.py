"""Held price changes over HTTP: seen, approved, rejected."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import psycopg
import pytest
from psycopg.rows import DictRow

from tests.service.reviews import CHEAP, DEAR, REASON, Reviews, price_set
from tests.service.web.running import HELD, Web, refused

MODEL = "maker/model-1"


def listed(web: Web, **query: Any) -> list[dict[str, Any]]:
    answer = web.client.get(HELD, params=query)
    assert answer.status_code == 200, answer.text
    held: list[dict[str, Any]] = answer.json()["held"]
    assert answer.json()["count"] == len(held)
    return held


def decide(web: Web, held_id: object, act: str, **body: Any) -> httpx2.Response:
    return web.client.post(f"{HELD}/{held_id}/{act}", json=body)


def decide_all(web: Web, job_id: str, act: str, **body: Any) -> httpx2.Response:
    return web.client.post(f"/admin/pricing/sync/{job_id}/held/{act}", json=body)


def test_nothing_is_held(untouched_web: Web) -> None:
    answer = untouched_web.client.get(HELD)

    assert answer.json() == {"held": [], "count": 0, "next_cursor": None}


def test_a_held_change_says_why_and_what_it_would_do(web: Web, reviews: Reviews) -> None:
    job_id = reviews.job()
    held_id = reviews.hold("openrouter", MODEL, job_id=job_id)

    (change,) = listed(web)

    assert change["id"] == held_id
    assert (change["provider"], change["model_id"], change["class"]) == (
        "openrouter", MODEL, "unit"
    )  # fmt: skip
    assert (change["reason"], change["ratio"], change["to_zero"]) == (REASON, "1000", False)
    assert change["prices"] == {
        "price_per_input_token": "0.0003", "input_per_1m": "300",
        "price_per_output_token": "0.0006", "output_per_1m": "600",
    }  # fmt: skip
    assert change["previous"] == {
        "price_per_input_token": "0.0000003", "input_per_1m": "0.3",
        "price_per_output_token": "0.0000006", "output_per_1m": "0.6",
    }  # fmt: skip
    assert change["evidence"] == [
        {
            "axis": "price_per_input_token",
            "kind": "ratio",
            "before": "0.0000003",
            "before_per_1m": "0.3",
            "now": "0.0003",
            "now_per_1m": "300",
            "ratio": "1000",
            "catalogue": "0.00000031",
            "catalogue_per_1m": "0.31",
            "median": None,
            "median_per_1m": None,
            "providers": None,
            "models": None,
            "listed": None,
            "key": "prompt",
            "text": "3e-4",
            "unit": "usd_per_token",
        }
    ]
    assert change["sync_id"] == change["job_id"] == job_id
    assert change["times_seen"] == 1
    assert change["first_seen_at"].endswith("Z")
    assert change["applies_itself_at"] is None


def test_conditions_and_other_axes_are_shown_too(web: Web, reviews: Reviews) -> None:
    condition = {"min_prompt_tokens": 200000, "price_per_input_token": "0.0000000123456789012345"}
    prices = {"price_per_image": "0.04", "conditions": [condition]}
    axis = "conditions[0].price_per_input_token"
    reviews.hold(
        "openrouter",
        MODEL,
        prices,
        evidence=[{"axis": axis, "kind": "band", "now": "0.0000000123456789012345"}],
        held_class="large",
    )

    (change,) = listed(web)

    assert change["prices"] == {
        "price_per_image": "0.04",
        "conditions": [{**condition, "input_per_1m": "0.0123456789012345"}],
    }
    (evidence,) = change["evidence"]
    assert (evidence["now_per_1m"], evidence["before"], evidence["key"]) == (
        "0.0123456789012345", None, None
    )  # fmt: skip
    assert change["applies_itself_at"] > change["first_seen_at"]


def test_the_list_is_filtered(web: Web, reviews: Reviews) -> None:
    job_id = reviews.job()
    first = reviews.hold("openrouter", "one", held_class="large")
    second = reviews.hold("deepinfra", "two", job_id=job_id)
    third = reviews.hold("deepinfra", "three", held_class="first_list")

    def ids(**query: str) -> list[int]:
        return [change["id"] for change in listed(web, **query)]

    assert ids() == [third, second, first]
    assert ids(provider="deepinfra") == [third, second]
    assert ids(**{"class": "large"}) == [first]
    assert ids(sync=job_id) == [second]
    assert ids(provider="openrouter", sync=job_id) == []
    assert ids(provider="novita") == []
    refused(web.client.get(HELD, params={"provider": "novitta"}), 404, "not_found")


def test_pages_show_each_change_once(web: Web, reviews: Reviews) -> None:
    made = [reviews.hold("openrouter", f"model {number}") for number in range(5)]
    seen: list[int] = []
    query: dict[str, Any] = {"limit": 2}
    pages = 0
    while True:
        page = web.client.get(HELD, params=query).json()
        pages += 1
        seen += [change["id"] for change in page["held"]]
        if page["next_cursor"] is None:
            break
        # A decision between two pages shifts no entry.
        decide(web, seen[-2], "reject")
        query["cursor"] = page["next_cursor"]

    assert (seen, pages) == (made[::-1], 3)
    assert len(listed(web, limit=5)) == 3
    assert web.client.get(HELD, params={"limit": 3}).json()["next_cursor"] is None


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=1001", "limit=many", "limit=-1", "limit=1&limit=2", "limit=",
        "limit=%D9%A1", "cursor=", "cursor=nonsense", "cursor=WyJ4Il0", "cursor=WzFd",
        "cursor=WyIxIiwiMiJd", "cursor=W1siXV0", "cursor=%FF", "class=huge", "class=",
        "sync=nonsense", "sync=1", "provider=", "provider=a&provider=b", "provider=%00",
    ],
)  # fmt: skip
def test_a_bad_question_is_refused(untouched_web: Web, query: str) -> None:
    refused(untouched_web.client.get(f"{HELD}?{query}"), 422, "bad_input")


def test_approved_it_is_in_force(web: Web, reviews: Reviews) -> None:
    held_id = reviews.hold("openrouter", MODEL, job_id=reviews.job())
    other = reviews.hold("openrouter", "maker/model-2")

    answer = decide(web, held_id, "approve", note="announced by mail")

    assert answer.status_code == 200, answer.text
    decision = answer.json()
    assert (decision["id"], decision["status"], decision["model_id"]) == (
        held_id, "approved", MODEL
    )  # fmt: skip
    assert (decision["decided_by"], decision["decision_note"]) == ("admin", "announced by mail")
    assert decision["prices"]["input_per_1m"] == "300"
    assert decision["previous"]["input_per_1m"] == "0.3"
    assert reviews.in_force("openrouter", MODEL) == ("300", "600")
    assert reviews.changed_by("openrouter", MODEL) == ["api_sync:openrouter", "manual:admin"]
    assert reviews.audited() == [("admin", "approve_held_price_change", str(held_id))]
    assert [change["id"] for change in listed(web)] == [other]

    error = refused(decide(web, held_id, "approve"), 409, "conflict")
    assert "approved" in error["message"]
    refused(decide(web, held_id, "reject"), 409, "conflict")


def test_rejected_nothing_changes_until_it_is_approved(web: Web, reviews: Reviews) -> None:
    held_id = reviews.hold("openrouter", MODEL)

    decision = decide(web, held_id, "reject").json()

    assert (decision["status"], decision["decided_by"]) == ("rejected", "admin")
    assert decision["decision_note"] is None
    assert reviews.in_force("openrouter", MODEL) == ("0.3", "0.6")
    assert reviews.changed_by("openrouter", MODEL) == ["api_sync:openrouter"]
    assert listed(web) == []
    refused(decide(web, held_id, "reject"), 409, "conflict")

    assert decide(web, held_id, "approve").json()["status"] == "approved"
    assert reviews.in_force("openrouter", MODEL) == ("300", "600")


@pytest.mark.parametrize(
    ("act", "status", "now"),
    [("approve", "approved", ("300", "600")), ("reject", "rejected", ("0.3", "0.6"))],
)
def test_all_of_one_sync_at_once(
    web: Web, reviews: Reviews, act: str, status: str, now: tuple[str, str]
) -> None:
    job_id, other_job = reviews.job(), reviews.job()
    ids = [reviews.hold("openrouter", f"model {number}", job_id=job_id) for number in range(3)]
    elsewhere = reviews.hold("deepinfra", "two", job_id=job_id)
    other = reviews.hold("openrouter", MODEL, job_id=other_job)

    answer = decide_all(web, job_id, act, note="all of it")

    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert (done["sync_id"], done["job_id"], done["status"], done["count"]) == (
        job_id, job_id, status, 4
    )  # fmt: skip
    assert done["changes"][0] == {"id": elsewhere, "provider": "deepinfra", "model_id": "two"}
    assert [change["id"] for change in done["changes"]] == [elsewhere, *ids]
    assert reviews.in_force("openrouter", "model 2") == now
    assert reviews.in_force("openrouter", MODEL) == ("0.3", "0.6")
    assert reviews.audited() == [("admin", f"{act}_held_price_changes", job_id)]
    assert [change["id"] for change in listed(web)] == [other]
    refused(decide_all(web, job_id, act), 409, "conflict")


@pytest.mark.parametrize("act", ["approve", "reject"])
@pytest.mark.parametrize(
    "held_id", ["0", "1", "-1", "nonsense", "9" * 400, str(2**63), "1.0", "%00", "%D9%A1", "active"]
)
def test_an_unknown_or_malformed_id_is_not_found(
    untouched_web: Web, act: str, held_id: str
) -> None:
    error = refused(untouched_web.client.post(f"{HELD}/{held_id}/{act}"), 404, "not_found")

    # The hint names no SQL, which a client over HTTP cannot run.
    assert "select" not in error["hint"]


@pytest.mark.parametrize("act", ["approve", "reject"])
@pytest.mark.parametrize("job_id", ["00000000-0000-4000-8000-000000000000", "nonsense", "%00"])
def test_an_unknown_sync_is_not_found(untouched_web: Web, act: str, job_id: str) -> None:
    refused(decide_all(untouched_web, job_id, act), 404, "not_found")


@pytest.mark.parametrize("act", ["approve", "reject"])
@pytest.mark.parametrize(
    "body",
    [
        b'{"note": 1}', b'{"note": "' + b"x" * 501 + b'"}', b'{"because": "x"}', b"[]", b"{",
        b'{"note": "\\u0000"}', b'{"note": "\\ud800"}',
    ],
)  # fmt: skip
def test_a_bad_body_decides_nothing(web: Web, reviews: Reviews, act: str, body: bytes) -> None:
    job_id = reviews.job()
    held_id = reviews.hold("openrouter", MODEL, job_id=job_id)

    for path in (f"{HELD}/{held_id}/{act}", f"/admin/pricing/sync/{job_id}/held/{act}"):
        refused(web.client.post(path, content=body), 422, "bad_input")
    assert [change["id"] for change in listed(web)] == [held_id]


def test_a_key_s_name_is_in_history_and_audit(
    web: Web, reviews: Reviews, connection: psycopg.Connection[DictRow]
) -> None:
    held_id = reviews.hold("openrouter", MODEL)
    key = reviews.value("select create_pricing_api_key('night shift')")
    reader = reviews.value("select create_pricing_api_key('dashboard', 'read')")

    def client(key: str) -> httpx2.Client:
        return httpx2.Client(
            base_url=web.url, headers={"Authorization": f"Bearer {key}"}, timeout=30
        )

    with client(reader) as may_read:
        assert may_read.get(HELD).json()["count"] == 1
        for act in ("approve", "reject"):
            refused(may_read.post(f"{HELD}/{held_id}/{act}"), 403, "forbidden")
    refused(httpx2.get(web.url + HELD, timeout=30), 401, "unauthorized")
    with client(key) as may_all:
        assert may_all.post(f"{HELD}/{held_id}/approve").json()["decided_by"] == "night shift"

    assert reviews.changed_by("openrouter", MODEL)[-1] == "manual:night shift"
    assert reviews.audited() == [("night shift", "approve_held_price_change", str(held_id))]


def test_one_of_many_decides(web: Web, reviews: Reviews) -> None:
    held_id = reviews.hold("openrouter", MODEL)
    with ThreadPoolExecutor(10) as threads:
        answers = list(
            threads.map(lambda _: decide(web, held_id, "approve").status_code, range(10))
        )

    assert sorted(answers) == [200] + [409] * 9
    assert reviews.changed_by("openrouter", MODEL) == ["api_sync:openrouter", "manual:admin"]


def test_a_change_back_and_forth_is_two_changes(web: Web, reviews: Reviews) -> None:
    decide(web, reviews.hold("openrouter", MODEL), "approve")
    back = reviews.hold("openrouter", MODEL, CHEAP, previous=DEAR)

    (change,) = listed(web)
    assert (change["id"], change["prices"]["input_per_1m"]) == (back, "0.3")
    decide(web, back, "approve")

    assert reviews.in_force("openrouter", MODEL) == ("0.3", "0.6")
    assert reviews.changed_by("openrouter", MODEL)[1:] == ["manual:admin"] * 2


def test_under_an_override_it_is_recorded_and_not_charged(web: Web, reviews: Reviews) -> None:
    held_id = reviews.hold("openrouter", MODEL)
    reviews.row("select set_price_override('openrouter', %s, 'contract', 1, 2)", MODEL)

    assert decide(web, held_id, "approve").json()["status"] == "approved"

    assert reviews.in_force("openrouter", MODEL) == ("1", "2")
    said = reviews.row(
        "select provider_input_per_1m::text as input from model_prices where model = %s", MODEL
    )
    assert said["input"] == "300"


def test_a_very_exact_price_stays_exact(web: Web, reviews: Reviews) -> None:
    tiny = "0.000000000012345678901234567890123456789"
    held_id = reviews.hold("openrouter", MODEL, price_set(tiny, "0"))

    prices = decide(web, held_id, "approve").json()["prices"]

    assert prices["price_per_input_token"] == tiny
    assert prices["input_per_1m"] == "0.000012345678901234567890123456789"
