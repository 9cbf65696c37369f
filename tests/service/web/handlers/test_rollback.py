"""A sync rolled back over HTTP: shown first, then done."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.service.reviews import CHEAP, DEAR, Reviews, price_set
from tests.service.web.running import HELD, Web, refused

UNKNOWN = "00000000-0000-4000-8000-000000000000"
MIDDLE = price_set("0.000003", "0.000006")


def rollback(web: Web, job_id: str, **body: Any) -> httpx2.Response:
    return web.client.post(f"/admin/pricing/sync/{job_id}/rollback", json=body)


@pytest.fixture
def wrong_job(reviews: Reviews) -> str:
    """A job that raised two models' prices, one changed since, and brought a new model."""
    job_id = reviews.job()
    for model in ("kept", "changed"):
        reviews.model("openrouter", model, CHEAP, reviews.job())
        reviews.model("openrouter", model, DEAR, job_id)
    reviews.model("openrouter", "new", DEAR, job_id)
    reviews.model("openrouter", "changed", MIDDLE, reviews.job())
    reviews.model("deepinfra", "other", CHEAP, reviews.job())
    return job_id


def test_it_is_shown_first(web: Web, reviews: Reviews, wrong_job: str) -> None:
    answer = web.client.post(f"/admin/pricing/sync/{wrong_job}/rollback")

    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["sync_id"], shown["job_id"], shown["dry_run"]) == (wrong_job, wrong_job, True)
    assert (shown["rolled_back"], shown["changed_since"]) == (2, 1)
    changed, kept, new = shown["models"]
    assert (changed["model_id"], changed["action"]) == ("changed", "changed_since")
    assert (kept["provider"], kept["model_id"], kept["action"]) == (
        "openrouter", "kept", "roll_back"
    )  # fmt: skip
    assert (kept["input_per_1m"], kept["back_to_input_per_1m"]) == ("300", "0.3")
    assert (kept["output_per_1m"], kept["back_to_output_per_1m"]) == ("600", "0.6")
    assert (new["action"], new["back_to_input_per_1m"]) == ("roll_back", None)
    assert reviews.in_force("openrouter", "kept") == ("300", "600")
    assert reviews.audited() == []
    assert rollback(web, wrong_job, dry_run=True).json() == shown
    asked = web.client.post(
        f"/admin/pricing/sync/{wrong_job}/rollback?dry_run=true", json={"dry_run": False}
    )
    assert asked.json() == shown
    assert reviews.audited() == []


def test_then_it_is_done(web: Web, reviews: Reviews, wrong_job: str) -> None:
    answer = rollback(web, wrong_job, dry_run=False)

    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert (done["dry_run"], done["rolled_back"], done["changed_since"]) == (False, 2, 1)
    assert reviews.in_force("openrouter", "kept") == ("0.3", "0.6")
    assert reviews.in_force("openrouter", "changed") == ("3", "6")
    assert reviews.in_force("openrouter", "new") == (None, None)
    assert reviews.in_force("deepinfra", "other") == ("0.3", "0.6")
    assert reviews.changed_by("openrouter", "kept")[-1] == f"rollback:{wrong_job}"
    assert reviews.audited() == [("admin", "rollback_pricing_sync", wrong_job)]
    # The next sync of the same numbers does not bring them back.
    held = web.client.get(HELD, params={"class": "rollback"}).json()["held"]
    assert {change["model_id"] for change in held} == {"kept", "new"}


def test_nothing_to_roll_back(web: Web, reviews: Reviews) -> None:
    error = refused(rollback(web, reviews.job()), 409, "conflict")

    assert "select" not in error["hint"]


def test_a_job_that_runs_is_not_rolled_back(web: Web, reviews: Reviews) -> None:
    job_id = reviews.job("running")
    reviews.model("openrouter", "kept", DEAR, job_id)

    refused(rollback(web, job_id, dry_run=False), 409, "conflict")
    assert reviews.in_force("openrouter", "kept") == ("300", "600")


@pytest.mark.parametrize("job_id", [UNKNOWN, "nonsense", "1", "x" * 500, "%00"])
def test_an_unknown_or_malformed_id_is_not_found(untouched_web: Web, job_id: str) -> None:
    refused(rollback(untouched_web, job_id), 404, "not_found")


@pytest.mark.parametrize(
    "body", [b'{"dry_run": "false"}', b'{"dry_run": 0}', b'{"dry_run": null}', b'{"dryrun": 1}']
)
def test_a_bad_body_rolls_nothing_back(
    web: Web, reviews: Reviews, wrong_job: str, body: bytes
) -> None:
    answer = web.client.post(f"/admin/pricing/sync/{wrong_job}/rollback", content=body)

    refused(answer, 422, "bad_input")
    assert reviews.in_force("openrouter", "kept") == ("300", "600")


def test_a_key_that_may_read_rolls_nothing_back(web: Web, reviews: Reviews, wrong_job: str) -> None:
    key = reviews.value("select create_pricing_api_key('dashboard', 'read')")
    url = f"{web.url}/admin/pricing/sync/{wrong_job}/rollback"

    answer = httpx2.post(
        url, headers={"Authorization": f"Bearer {key}"}, json={"dry_run": False}, timeout=30
    )

    refused(answer, 403, "forbidden")
    assert reviews.in_force("openrouter", "kept") == ("300", "600")
