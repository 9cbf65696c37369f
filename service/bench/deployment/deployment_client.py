"""A web process to measure over HTTP, and the bound on what the benchmark asks of it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import httpx2

from service.environment.secret_files import read_secret
from service.errors import BenchFailed, SettingsError

KEY_VARIABLE = "PRICING_ADMIN_KEY"
MOST_TRIGGERS = 10
TRIGGER = "/admin/pricing/scheduler/trigger"
WAIT_SECONDS = 20


class Deployment:
    """Refuses more than ``MOST_TRIGGERS`` sync requests in its life.

    ``is_dry``: syncs fetch and compare, and write no price. BenchFailed when it cannot be reached,
    refuses the key, or answers with an error.
    """

    def __init__(self, client: httpx2.Client, *, is_dry: bool) -> None:
        self._client = client
        self._is_dry = is_dry
        self.triggers = 0

    @classmethod
    @contextmanager
    def at(cls, url: str, key: str, *, is_dry: bool) -> Iterator[Self]:
        """Check address and key before anything is measured."""
        try:
            client = httpx2.Client(
                base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60
            )
        except (httpx2.InvalidURL, ValueError, TypeError) as error:
            raise BenchFailed(f"{url} is no URL: {error}.") from None
        with client:
            deployment = cls(client, is_dry=is_dry)
            deployment.get("/admin/pricing/scheduler/status")
            yield deployment

    def get(self, path: str) -> dict[str, Any]:
        return self._answer("GET", path)

    def trigger(self, provider: str) -> tuple[str, float]:
        """Request one sync; returns the job's id and the milliseconds to the answer."""
        if self.triggers >= MOST_TRIGGERS:
            raise BenchFailed(f"A deployment gets {MOST_TRIGGERS} sync requests at most.")
        self.triggers += 1
        body = {"providers": [provider], "dry_run": self._is_dry}
        started = time.perf_counter()
        answer = self._answer("POST", TRIGGER, body)
        return str(answer["job_id"]), (time.perf_counter() - started) * 1000

    def ended(self, job: str, seconds: float) -> dict[str, Any] | None:
        """The job once it has ended; None if it has not after so many seconds."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            wait = max(0.0, min(left, WAIT_SECONDS))
            answer = self.get(f"/admin/pricing/sync/{job}?wait={wait:.0f}")
            if answer["finished"]:
                return answer
        return None

    def smallest_provider(self) -> str:
        """The provider that can be synced and has the fewest models: its syncs cost least."""
        listed = self.get("/admin/pricing/providers?limit=1000")["providers"]
        able = [each for each in listed if each["enabled"] and each["state"] in ("ok", "failing")]
        with_list = [each for each in able if each["adapter"] not in (None, "catalogue")] or able
        if not with_list:
            raise BenchFailed("No provider of this deployment can be synced.")
        return str(min(with_list, key=lambda each: each.get("models") or 0)["provider"])

    def _answer(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        try:
            answer = self._client.request(method, path, json=body)
        except httpx2.TransportError as error:
            raise BenchFailed(
                f"{self._client.base_url} cannot be reached: {type(error).__name__} {error}.",
                hint="Check the address, and that `pricing-sync serve` runs there.",
            ) from None
        if answer.status_code in (401, 403):
            raise BenchFailed(
                f"{self._client.base_url} refused the key ({answer.status_code}).",
                hint=f"{KEY_VARIABLE} must be a key of that deployment with the role operate.",
            )
        if answer.status_code >= 400:
            raise BenchFailed(f"{method} {path} was answered {answer.status_code}.")
        try:
            found: dict[str, Any] = answer.json()
        except ValueError:
            raise BenchFailed(
                f"{self._client.base_url} is no pricing-sync: {path} was not answered by JSON."
            ) from None
        return found


def key_of_environment() -> str:
    """The key of PRICING_ADMIN_KEY, or of the file that PRICING_ADMIN_KEY_FILE names."""
    key = read_secret(KEY_VARIABLE, os.environ)
    if not key:
        raise SettingsError(
            f"{KEY_VARIABLE} is not set.", hint="--url takes the deployment's key from there."
        )
    return key
