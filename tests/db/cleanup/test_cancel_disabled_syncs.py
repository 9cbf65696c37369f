"""A disabled provider's waiting syncs are cancelled, now or by the next clean-up."""

from __future__ import annotations

import pytest

from tests.db.agreement import assert_agreed
from tests.db.conftest import Another
from tests.db.crowd import defer_many
from tests.db.meanwhile import meanwhile
from tests.db.pricing import Pricing


def cancel_disabled(pricing: Pricing, provider: str | None = None) -> int:
    cancelled: int = pricing.value("select public.cancel_disabled_syncs(%s)", provider)
    return cancelled


def disable_quietly(pricing: Pricing, *providers: str) -> None:
    """Disable a provider as if other sessions had locked all its waiting rows."""
    with pricing.connection.transaction():
        pricing.do("set local session_replication_role = replica")
        pricing.do(
            "update public.pricing_providers set enabled = false where slug = any (%s)",
            list(providers),
        )


def test_only_what_waits_and_only_of_disabled_providers(pricing: Pricing) -> None:
    running = pricing.start("openrouter", "deepinfra")
    waiting = pricing.trigger("openrouter", "catalogue")
    pricing.other_task()
    disable_quietly(pricing, "openrouter")

    assert cancel_disabled(pricing) == 1
    assert pricing.queue_row(running.queue_job_id)["status"] == "doing"
    cancelled, kept = pricing.queue_rows(waiting["job_id"])
    assert (cancelled["status"], kept["status"]) == ("cancelled", "todo")
    log = pricing.log(cancelled["id"])
    assert (log["status"], log["error_kind"]) == ("cancelled", "disabled")
    assert pricing.job(waiting["job_id"])["status"] == "queued"
    assert_agreed(pricing.connection)
    with pricing.nothing_written():
        assert cancel_disabled(pricing) == 0


def test_of_one_provider_or_of_all(pricing: Pricing) -> None:
    job = pricing.trigger("openrouter", "deepinfra")
    disable_quietly(pricing, "openrouter", "deepinfra")
    assert cancel_disabled(pricing, "openrouter") == 1
    assert cancel_disabled(pricing, "catalogue") == 0
    assert [row["status"] for row in pricing.queue_rows(job["job_id"])] == ["cancelled", "todo"]
    assert cancel_disabled(pricing) == 1
    assert pricing.job(job["job_id"])["outcome"] == "cancelled"
    assert_agreed(pricing.connection)


@pytest.mark.parametrize("locked", ["queue row", "job"])
def test_it_does_not_wait_for_locked_rows(pricing: Pricing, another: Another, locked: str) -> None:
    job, other = pricing.trigger("openrouter"), pricing.trigger("openrouter")
    (row,) = pricing.queue_rows(job["job_id"])
    disable_quietly(pricing, "openrouter")
    holder = another()
    warnings: list[str] = []
    pricing.connection.add_notice_handler(lambda d: warnings.append(str(d.message_primary)))
    pricing.do("set lock_timeout = '2s'")
    with holder.connection.transaction():
        if locked == "queue row":
            holder.do(
                "select from procrastinate.procrastinate_jobs where id = %s for update", row["id"]
            )
        else:
            holder.do(
                "select from public.pricing_sync_jobs where job_id = %s for no key update",
                job["job_id"],
            )
        assert cancel_disabled(pricing) == 1
    assert pricing.job(job["job_id"])["status"] == "queued"
    assert pricing.job(other["job_id"])["status"] == "cancelled"
    assert cancel_disabled(pricing) == 1
    assert pricing.job(job["job_id"])["status"] == "cancelled"
    assert_agreed(pricing.connection)
    assert warnings == [], "a wait that was cut short"


def test_the_clean_up_does_it(pricing: Pricing) -> None:
    job = pricing.trigger("openrouter")
    disable_quietly(pricing, "openrouter")
    cleaned = pricing.row("select * from public.cleanup_stuck_pricing_syncs()")
    assert cleaned == {"stuck_syncs_found": 1, "syncs_cleaned": 1}
    assert pricing.job(job["job_id"])["outcome"] == "cancelled"
    assert_agreed(pricing.connection)


def test_one_that_cannot_be_cancelled_does_not_stop_the_rest(own_database: Pricing) -> None:
    pricing = own_database
    lost = pricing.start("deepinfra", worker_id=pricing.worker("1 hour"))
    waiting = pricing.queue_rows(pricing.trigger("openrouter")["job_id"])[0]["id"]
    disable_quietly(pricing, "openrouter")
    pricing.do(
        "alter table public.pricing_sync_log add constraint broken"
        " check (status <> 'cancelled') not valid"
    )

    cleaned = pricing.row("select * from public.cleanup_stuck_pricing_syncs()")
    assert cleaned["syncs_cleaned"] == 1
    assert pricing.queue_row(lost.queue_job_id)["status"] == "todo", "the lost one is rescued"
    assert pricing.queue_row(waiting)["status"] == "todo"


def test_a_clean_up_is_bounded_and_a_persons_own_statement_is_not(pricing: Pricing) -> None:
    defer_many(pricing, "openrouter", 501)
    disable_quietly(pricing, "openrouter")
    assert [cancel_disabled(pricing) for _ in range(3)] == [500, 1, 0]

    pricing.do("update public.pricing_providers set enabled = true")
    defer_many(pricing, "openrouter", 501)
    pricing.do("update public.pricing_providers set enabled = false where slug = 'openrouter'")
    assert pricing.value("select count(*) from public.pricing_sync_jobs where outcome is null") == 0
    assert_agreed(pricing.connection)


@pytest.mark.parametrize("event", ["fetched", "enabled"])
def test_one_that_changes_in_between_is_left_alone(own_database: Pricing, event: str) -> None:
    """The clean-up checks each row again once it has locked it."""
    pricing = own_database
    job = pricing.trigger("openrouter", "deepinfra")
    first, second = pricing.queue_rows(job["job_id"])
    disable_quietly(pricing, "openrouter", "deepinfra")
    if event == "fetched":
        what = "update procrastinate.procrastinate_jobs set status = 'doing'"
        what += f" where id = {second['id']}"
    else:
        what = "update public.pricing_providers set enabled = true where slug = 'deepinfra'"
    meanwhile(pricing, first["id"], what)
    assert cancel_disabled(pricing) == 1
    status = pricing.queue_row(second["id"])["status"]
    assert status == ("doing" if event == "fetched" else "todo")
    assert_agreed(pricing.connection)
