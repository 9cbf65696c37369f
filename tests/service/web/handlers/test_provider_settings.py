"""Show providers, change their settings, and accept a first list, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.reviews import Reviews
from tests.service.web.running import TRIGGER, Web, refused

PROVIDERS = "/admin/pricing/providers"


def change(web: Web, slug: str = "novita", **settings: Any) -> dict[str, Any]:
    answer = web.client.patch(f"{PROVIDERS}/{slug}", json=settings)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    assert changed == web.client.get(f"{PROVIDERS}/{slug}").json()
    return changed


def test_settings_are_changed_one_by_one(web: Web) -> None:
    before = web.client.get(f"{PROVIDERS}/novita").json()

    after = change(web, interval_seconds=3600, guard_large_ratio="20")

    assert (after["interval_seconds"], after["guard_large_ratio"]) == (3600, "20")
    kept = ("timeout_seconds", "review_first", "guard_unit_ratio", "guard_lowest_per_1m")
    assert [after[name] for name in kept] == [before[name] for name in kept]


def test_a_disabled_provider_waits_no_more(web: Web) -> None:
    change(web, "openrouter", enabled=True)
    job_id = web.client.post(TRIGGER, json={"providers": ["openrouter"]}).json()["job_id"]

    assert change(web, "openrouter", enabled=False)["state"] == "disabled"

    assert web.sync(job_id).json()["status"] == "cancelled"
    assert change(web, "openrouter", enabled=True)["state"] == "ok"


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"interval_seconds": 60}, "interval_seconds"),
        ({"interval_seconds": 9_999_999_999}, "interval_seconds"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
        ({"guard_large_ratio": "NaN"}, "guard_large_ratio"),
        ({"guard_large_ratio": "1"}, "guard_large_ratio"),
        ({"enabeld": True}, "enabeld"),
        ({"enabled": None}, "nothing to change"),
    ],
)
def test_a_refusal_names_the_field_that_was_sent(
    web: Web, settings: dict[str, Any], named: str
) -> None:
    answer = web.client.patch(f"{PROVIDERS}/novita", json=settings)

    error = refused(answer, 422, "bad_input")
    assert named in error["message"]
    assert "sync_interval" not in error["message"] + error["hint"]


def test_an_unknown_provider(web: Web) -> None:
    refused(web.client.get(f"{PROVIDERS}/nowhere"), 404, "not_found")
    refused(web.client.patch(f"{PROVIDERS}/nowhere", json={"enabled": True}), 404, "not_found")
    refused(web.client.post(f"{PROVIDERS}/nowhere/accept-first-list"), 404, "not_found")


def test_a_first_list_is_accepted_once(web: Web, reviews: Reviews) -> None:
    reviews.hold("novita", "maker/first", held_class="first_list")
    path = f"{PROVIDERS}/novita/accept-first-list"

    answer = web.client.post(path, json={"note": "read"})

    assert answer.status_code == 200, answer.text
    assert (answer.json()["approved"], answer.json()["still_held"]) == (1, 0)
    refused(web.client.post(path), 409, "conflict")
