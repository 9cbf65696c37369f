"""The current state of each provider sync of each job."""

from __future__ import annotations

from tests.db.pricing import Pricing, Row, price


def parts(pricing: Pricing, job_id: object) -> list[Row]:
    with pricing.as_role("pricing_web"):
        return pricing.rows(
            "select * from public.pricing_provider_syncs where job_id = %s order by provider",
            job_id,
        )


def test_one_row_a_provider_of_its_own_job(pricing: Pricing) -> None:
    other = pricing.trigger("openrouter")["job_id"]
    attempt = pricing.fetch()
    assert attempt is not None
    pricing.end(attempt, "failed", "timeout", "too slow")
    job_id = pricing.trigger("openrouter", "deepinfra")["job_id"]
    while (attempt := pricing.fetch()) is not None and attempt.provider != "openrouter":
        pass
    assert attempt is not None
    pricing.succeed(attempt, "a", "b")

    (failed,) = parts(pricing, other)
    assert (failed["status"], failed["error_kind"], failed["errors"]) == ("failed", "timeout", 1)
    assert failed["error_message"] == "too slow"
    deepinfra, openrouter = parts(pricing, job_id)
    assert (deepinfra["provider"], deepinfra["duration_ms"]) == ("deepinfra", None)
    assert (openrouter["provider"], openrouter["status"]) == ("openrouter", "success")
    assert (openrouter["models_fetched"], openrouter["models_updated"]) == (2, 2)
    assert openrouter["duration_ms"] == round(pricing.log(attempt.queue_job_id)["duration_ms"])
    assert (openrouter["differences"], openrouter["differences_total"]) == (None, None)


def test_only_the_newest_attempt_counts(pricing: Pricing) -> None:
    attempt = pricing.start(worker_id=pricing.worker("1 hour"))
    pricing.do("select public.cleanup_stuck_pricing_syncs()")
    (part,) = parts(pricing, attempt.job_id)
    assert (part["attempt"], part["status"], part["error_kind"]) == (2, "queued", None)


def test_a_dry_run_s_differences_are_there(pricing: Pricing) -> None:
    attempt = pricing.start(dry_run=True)
    pricing.apply(attempt, [price("m", "1")])
    (part,) = parts(pricing, attempt.job_id)
    assert part["differences_total"] == 1
    assert part["differences"][0]["model_id"] == "m"
