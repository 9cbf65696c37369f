"""The job row summarises the last attempt of each of its providers."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.db.conftest import Another
from tests.db.pricing import Attempt, Pricing, Row

PROVIDERS = ("openrouter", "deepinfra", "catalogue")


def start_all(pricing: Pricing, *providers: str) -> list[Attempt]:
    attempts = [pricing.start(*providers)]
    attempts += [attempt for _ in providers[1:] if (attempt := pricing.fetch()) is not None]
    assert [attempt.provider for attempt in attempts] == list(providers)
    return attempts


def end_as(pricing: Pricing, attempt: Attempt, status: str) -> None:
    if status == "success":
        pricing.succeed(attempt)
    else:
        assert pricing.end(attempt, status, "kind", f"it {status}")


@pytest.mark.parametrize(
    ("ends", "status", "outcome", "synced_failed_errors"),
    [
        (("success", "success", "success"), "completed", "success", (3, 0, 0)),
        (("success", "failed", "success"), "completed", "partial", (2, 1, 1)),
        (("failed", "failed", "success"), "completed", "partial", (1, 2, 2)),
        (("success", "cancelled", "success"), "completed", "partial", (2, 1, 0)),
        (("failed", "failed", "failed"), "failed", "failed", (0, 3, 3)),
        (("cancelled", "failed", "cancelled"), "failed", "failed", (0, 3, 1)),
        (("cancelled", "cancelled", "cancelled"), "cancelled", "cancelled", (0, 3, 0)),
    ],
)
def test_how_a_job_ends(
    pricing: Pricing,
    ends: tuple[str, ...],
    status: str,
    outcome: str,
    synced_failed_errors: tuple[int, int, int],
) -> None:
    attempts = start_all(pricing, *PROVIDERS)
    for attempt, end in zip(attempts, ends, strict=True):
        assert pricing.job(attempt.job_id)["status"] == "running"
        assert pricing.job(attempt.job_id)["completed_at"] is None
        end_as(pricing, attempt, end)

    job = pricing.job(attempts[0].job_id)
    assert (job["status"], job["outcome"]) == (status, outcome)
    assert (
        job["providers_synced"],
        job["providers_failed"],
        job["total_errors"],
    ) == synced_failed_errors
    assert job["providers_total"] == 3
    assert job["started_at"] < job["completed_at"]
    assert job["duration_seconds"] > 0
    assert {p: r["status"] for p, r in job["result_data"]["providers"].items()} == dict(
        zip(PROVIDERS, ends, strict=True)
    )


def test_counts_are_sums_and_messages_name_their_provider(pricing: Pricing) -> None:
    openrouter, deepinfra, catalogue = start_all(pricing, *PROVIDERS)
    pricing.succeed(openrouter, "a", "b")
    pricing.end(deepinfra, "failed", "http_status", "It answered 502")
    pricing.end(catalogue, "failed", "timeout", "It was too slow")

    job = pricing.job(openrouter.job_id)
    assert (job["models_fetched"], job["models_updated"], job["models_skipped"]) == (2, 2, 0)
    assert job["error_message"] == "catalogue: It was too slow; deepinfra: It answered 502"
    results = job["result_data"]["providers"]
    assert results["openrouter"] | {"duration_ms": 0} == {
        "status": "success",
        "attempt": 1,
        "models_fetched": 2,
        "models_updated": 2,
        "models_unchanged": 0,
        "models_skipped": 0,
        "models_held": 0,
        "duration_ms": 0,
    }
    assert results["deepinfra"]["error_kind"] == "http_status"
    assert results["deepinfra"]["error_message"] == "It answered 502"
    assert float(results["openrouter"]["duration_ms"]) > 0


def test_only_the_last_attempt_counts(pricing: Pricing) -> None:
    attempt = pricing.start(worker_id=pricing.worker("1 hour"))
    started_at = pricing.job(attempt.job_id)["started_at"]
    pricing.do("select public.cleanup_stuck_pricing_syncs()")
    waiting = pricing.job(attempt.job_id)
    assert (waiting["status"], waiting["started_at"]) == ("running", started_at)
    again = pricing.fetch()
    assert again is not None
    pricing.succeed(again)

    job = pricing.job(attempt.job_id)
    assert (job["outcome"], job["total_errors"], job["error_message"]) == ("success", 0, None)
    assert job["result_data"]["providers"]["openrouter"]["attempt"] == 2
    assert job["started_at"] == started_at


def add_providers(pricing: Pricing, number: int) -> list[str]:
    names = [f"p{each:02}" for each in range(number)]
    pricing.do(
        "insert into public.pricing_providers (slug, name, adapter, base_url)"
        " select slug, slug, 'openrouter', 'http://127.0.0.1:9' from unnest(%s::text[]) slug",
        names,
    )
    return names


def summary(pricing: Pricing, job_id: str) -> Row:
    return pricing.job(job_id) | {"revision": None}


@pytest.mark.parametrize("seed", range(6))
def test_each_step_writes_what_all_attempts_say(pricing: Pricing, seed: int) -> None:
    """Also those that read the attempts of one provider only."""
    dice = random.Random(seed)
    job_id = pricing.trigger(*add_providers(pricing, 5))["job_id"]
    first = pricing.fetch()
    assert first is not None
    running = [first]
    ways = ["fetch", "fetch", "succeed", "succeed", "queued", "failed", "cancelled", "retry"]
    for _ in range(30):
        way = dice.choice(ways[: 5 if seed < 3 else None])
        if way == "fetch":
            running += [attempt for attempt in [pricing.fetch()] if attempt is not None]
        elif way == "retry":
            if pricing.job(job_id)["providers_failed"]:
                pricing.do("select public.retry_pricing_sync(%s)", job_id)
        elif running:
            attempt = running.pop(dice.randrange(len(running)))
            if way == "succeed":
                pricing.succeed(attempt, *dice.sample("abcde", dice.randint(1, 5)))
            else:
                assert pricing.end(attempt, way)
        step = summary(pricing, job_id)
        with pricing.connection.transaction(force_rollback=True):
            pricing.do("select public.project_pricing_job(%s)", job_id)
            assert summary(pricing, job_id) == step, way


def test_beside_open_ones_it_reads_one_provider(pricing: Pricing) -> None:
    pricing.trigger(*add_providers(pricing, 60))
    pricing.fetch()
    second = pricing.fetch()
    assert second is not None
    project = "select public.project_pricing_job(%s, %s)"
    # The planner may read a table of two pages whole.
    pricing.do("set enable_seqscan = off")
    with pricing.reading_few_rows(10):
        assert pricing.value(project, second.job_id, second.provider) is True
    pricing.end(second)
    with pytest.raises(AssertionError), pricing.reading_few_rows(10):
        pricing.value(project, second.job_id, second.provider)


def test_every_change_raises_the_revision(pricing: Pricing) -> None:
    job = pricing.trigger("openrouter")
    seen = [job["revision"]]
    attempt = pricing.fetch()
    assert attempt is not None
    seen.append(pricing.job(job["job_id"])["revision"])
    pricing.succeed(attempt)
    seen.append(pricing.job(job["job_id"])["revision"])
    assert seen == sorted(set(seen))


def test_two_ends_of_one_job_at_once_both_count(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    first, second = start_all(pricing, "openrouter", "deepinfra")
    other = another()
    with pricing.connection.transaction():
        pricing.succeed(first)
        waiting = threads.submit(other.end, second, "failed", "timeout")
        pricing.wait_until_blocked(other)
    assert waiting.result(60) is True

    job = pricing.job(first.job_id)
    assert (job["status"], job["outcome"]) == ("completed", "partial")
    assert (job["providers_synced"], job["providers_failed"]) == (1, 1)


def test_many_jobs_ended_by_many_connections_are_counted_right(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    jobs = [pricing.trigger()["job_id"] for _ in range(20)]
    workers = [another() for _ in range(6)]

    def work(worker: Pricing) -> None:
        worker_id = worker.worker()
        while worker.value(
            "select exists (select from procrastinate.procrastinate_jobs where status = 'todo')"
        ):
            attempt = worker.fetch(worker_id)
            if attempt is not None and attempt.provider == "deepinfra":
                assert worker.end(attempt)
            elif attempt is not None:
                worker.succeed(attempt)

    list(threads.map(work, workers))
    for job_id in jobs:
        job = pricing.job(job_id)
        assert (job["outcome"], job["providers_synced"], job["providers_failed"]) == (
            "partial",
            2,
            1,
        )
    overlapping = pricing.value(
        "select count(*) from public.pricing_sync_log a join public.pricing_sync_log b"
        " on a.provider_slug = b.provider_slug and a.id < b.id"
        " and tstzrange(a.sync_started_at, a.sync_completed_at)"
        " && tstzrange(b.sync_started_at, b.sync_completed_at)"
    )
    assert overlapping == 0, "no provider is synced twice at once"
