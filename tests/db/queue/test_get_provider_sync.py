"""What a worker reads about the attempt that it fetched."""

from __future__ import annotations

from uuid import UUID

from tests.db.pricing import Attempt, Pricing, Row, price


def ask(pricing: Pricing, attempt: Attempt) -> list[Row]:
    with pricing.as_role("pricing_worker"):
        return pricing.rows(
            "select * from public.get_provider_sync(%s, %s)", attempt.queue_job_id, attempt.number
        )


def test_where_to_fetch_and_how(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("m")], etag="e", etag_parser="p")
    pricing.do(
        "update public.pricing_providers set timeout = '90 seconds', credential_variable = 'KEY'"
    )
    attempt = pricing.start()

    assert ask(pricing, attempt) == [
        {
            "job_id": UUID(attempt.job_id),
            "provider_slug": "openrouter",
            "adapter": "openrouter",
            "base_url": "https://openrouter.ai",
            "credential_variable": "KEY",
            "timeout_seconds": 90.0,
            "etag": "e",
            "etag_parser": "p",
            "content_digest": None,
            "enabled": True,
        }
    ]


def test_a_dry_run_fetches_without_conditions(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("m")], etag="e", etag_parser="p")
    (row,) = ask(pricing, pricing.start(dry_run=True))
    assert (row["etag"], row["etag_parser"]) == (None, None)


def test_once_a_day_it_fetches_without_conditions(pricing: Pricing) -> None:
    """An ETag that stays while the list changes would freeze its prices."""
    pricing.sync("openrouter", [price("m")], etag="e", etag_parser="p")
    age = "update public.pricing_providers set last_list_at = now() - %s::interval"
    pricing.do(age, "23 hours 59 minutes")
    # That a list is unchanged is not the list.
    pricing.sync("openrouter", None)
    attempt = pricing.start()
    (row,) = ask(pricing, attempt)
    assert (row["etag"], row["etag_parser"]) == ("e", "p")
    pricing.do(age, "1 day")
    (row,) = ask(pricing, attempt)
    assert (row["etag"], row["etag_parser"]) == (None, None)
    pricing.apply(attempt, [price("m")], etag="e", etag_parser="p")
    (row,) = ask(pricing, pricing.start())
    assert (row["etag"], row["etag_parser"]) == ("e", "p")


def test_a_dry_run_does_not_count_as_one(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("m")])
    pricing.do("update public.pricing_providers set last_list_at = '2026-01-01T00:00:00Z'")
    was = pricing.provider("openrouter")["last_list_at"]
    pricing.apply(pricing.start(dry_run=True), [price("m")])
    assert pricing.provider("openrouter")["last_list_at"] == was


def test_a_disabled_provider_is_told(pricing: Pricing) -> None:
    attempt = pricing.start()
    pricing.do("update public.pricing_providers set enabled = false")
    (row,) = ask(pricing, attempt)
    assert row["enabled"] is False


def test_of_a_deleted_provider_nothing_else_is_known(pricing: Pricing) -> None:
    attempt = pricing.start()
    pricing.do("delete from public.pricing_providers where slug = 'openrouter'")
    (row,) = ask(pricing, attempt)
    assert (row["provider_slug"], row["enabled"]) == ("openrouter", False)
    assert (row["adapter"], row["timeout_seconds"]) == (None, None)


def test_no_row_for_what_does_not_run(pricing: Pricing) -> None:
    attempt = pricing.start()
    other = Attempt(attempt.queue_job_id, 2, attempt.provider, attempt.job_id)
    foreign = Attempt(pricing.other_task("doing"), 1, attempt.provider, attempt.job_id)
    assert ask(pricing, other) == ask(pricing, foreign) == []
    pricing.end(attempt, "queued")
    assert ask(pricing, attempt) == ask(pricing, other) == []
