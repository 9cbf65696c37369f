"""Requests generated from the OpenAPI document: none is a 5xx, and no answer is outside of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from service.web import failed_keys
from service.web.http_server.protocol import TIMEOUTS
from tests.service.reviews import CHEAP, Reviews, price_set
from tests.service.web.queue import Queue
from tests.service.web.running import OVERRIDES, RULES, Web
from tests.support.processes import ADMIN_KEY

# Seconds for which requests are generated after those of the coverage phase.
SECONDS = 45
# A value that is too long may be refused as a too long address.
CONFIGURATION = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 414, 415, 422, 429, 431]
"""
CHECKS = ",".join(
    (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
        "missing_required_header",
        "unsupported_method",
        "allow_header_conformance",
        "ignored_auth",
    )
)


@pytest.fixture
def something_of_everything(web: Web, reviews: Reviews, queue: Queue) -> None:
    """Rows in every list, so that answers have rows to be compared with the document."""
    job = reviews.job()
    for number in range(5):
        reviews.model("openrouter", f"maker/model-{number}", CHEAP, job)
    reviews.model("openrouter", "free", price_set("0", "0"))
    held = [reviews.hold("openrouter", f"held-{number}", job_id=job) for number in range(4)]
    web.client.post(f"/admin/pricing/held/{held[0]}/reject", json={"note": "wrong"})
    web.client.post(f"/admin/pricing/held/{held[1]}/approve")
    model = {"provider": "openrouter", "model_id": "maker/model-1"}
    web.client.post(OVERRIDES, json={**model, "reason": "x", "input_per_1m": 1, "force": True})
    web.client.post(
        RULES,
        json={
            "provider": "openrouter",
            "up_to_ratio": 20,
            "expires_at": "2999-11-27T12:00:00Z",
            "reason": "x",
        },
    )
    queue.fail(web.triggered(providers=["deepinfra"]), "deepinfra")
    queue.start(web.triggered(providers=["openrouter"]), "openrouter")


@pytest.mark.long
@pytest.mark.usefixtures("something_of_everything")
@pytest.mark.timeout(600)
def test_the_document_is_kept(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Requests with a wrong key are expected to get 401, however many there are.
    monkeypatch.setattr(failed_keys, "BURST", 1_000_000)
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            "run",
            f"{web.url}/openapi.json",
            f"--header=Authorization: Bearer {ADMIN_KEY}",
            f"--checks={CHECKS}",
            f"--max-time={SECONDS}",
            "--continue-on-failure",
            "--no-color",
            f"--request-timeout={TIMEOUTS.idle}",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
