"""``trigger_pricing_sync``: one call creates the job and its provider syncs."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.db.agreement import assert_agreed
from tests.db.clock import time_passes
from tests.db.conftest import Another
from tests.db.pricing import Pricing, refused


def test_without_arguments_it_queues_all_that_can_be_synced(pricing: Pricing) -> None:
    job = pricing.trigger()

    assert isinstance(job["job_id"], UUID)
    assert job["providers"] == ["catalogue", "deepinfra", "openrouter"]
    assert (job["status"], job["outcome"], job["dry_run"]) == ("queued", None, False)
    assert job["triggered_by"] == "pricing_web"
    assert job["providers_total"] == 3
    assert job["triggered_at"] is not None
    assert job["started_at"] is None
    queued = pricing.queue_rows(job["job_id"])
    assert [row["lock"] for row in queued] == [f"pricing_sync:{p}" for p in job["providers"]]
    assert {(row["status"], row["queue_name"], row["task_name"]) for row in queued} == {
        ("todo", "pricing", "sync_provider")
    }
    for row, provider in zip(queued, job["providers"], strict=True):
        log = pricing.log(row["id"])
        assert (log["provider_slug"], log["status"], log["attempt"]) == (provider, "queued", 1)
        assert (log["job_id"], log["triggered_by"]) == (job["job_id"], "pricing_web")
        assert log["sync_started_at"] is None


def test_all_leaves_out_those_that_cannot_be_synced(pricing: Pricing) -> None:
    pricing.do(
        "insert into public.pricing_providers (slug, name, adapter, state, enabled) values"
        " ('no-adapter', 'x', null, 'ok', true), ('no-key', 'x', 'x', 'no_credentials', true),"
        " ('no-api', 'x', 'x', 'no_price_api', true), ('off', 'x', 'x', 'ok', false),"
        " ('failing', 'x', 'x', 'failing', true)"
    )

    assert pricing.trigger()["providers"] == [
        *("catalogue", "deepinfra", "failing", "no-api", "openrouter")
    ]


def test_every_argument_arrives(pricing: Pricing) -> None:
    job = pricing.trigger(
        "openrouter",
        "deepinfra",
        triggered_by="nightly",
        dry_run=True,
        on_conflict="queue",
        idempotency_key="k",
    )

    stored = pricing.job(job["job_id"])
    assert stored["providers"] == ["openrouter", "deepinfra"]
    assert stored["triggered_by"] == "nightly"
    assert stored["dry_run"] is True
    assert stored["idempotency_key"] == "k"
    attempt = pricing.fetch()
    assert attempt is not None
    assert attempt.provider == "openrouter"
    assert pricing.log(attempt.queue_job_id)["triggered_by"] == "nightly"


def test_a_provider_without_credentials_can_be_named(pricing: Pricing) -> None:
    pricing.do(
        "update public.pricing_providers set state = 'no_credentials' where slug = 'deepinfra'"
    )

    assert pricing.trigger("deepinfra")["providers"] == ["deepinfra"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"providers": ["openrouter", "nobody"]}, "'nobody' is not known"),
        ({"providers": ["no-adapter"]}, "'no-adapter' is not known"),
        ({"providers": ["deepinfra", "off"]}, "'off' is disabled"),
        ({"providers": []}, "is empty"),
        ({"providers": ["openrouter", "deepinfra", "openrouter"]}, "'openrouter' is named twice"),
        ({"providers": ["openrouter", None]}, "null"),
        ({"providers": [None]}, "null"),
        ({"on_conflict": "merge"}, "'merge'"),
        ({"on_conflict": None}, "null"),
        ({"triggered_by": ""}, "triggered_by"),
        ({"triggered_by": None}, "triggered_by"),
        ({"triggered_by": "x" * 201}, "triggered_by"),
        ({"idempotency_key": ""}, "idempotency_key"),
        ({"idempotency_key": "x" * 201}, "idempotency_key"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_written(
    pricing: Pricing, arguments: dict[str, Any], says: str
) -> None:
    pricing.do(
        "insert into public.pricing_providers (slug, name, adapter, enabled)"
        " values ('no-adapter', 'x', null, true), ('off', 'x', 'x', false)"
    )

    with pricing.nothing_written(), refused("PT422") as info:
        pricing.trigger(**({"providers": ["openrouter"]} | arguments))
    assert says in str(info.value.diag.message_primary)


def known(pricing: Pricing) -> str:
    rows = pricing.rows(
        "select slug from public.pricing_providers where adapter is not null order by slug"
    )
    return ", ".join(row["slug"] for row in rows)


def test_the_hint_lists_the_known_providers(pricing: Pricing) -> None:
    with refused("PT422") as info:
        pricing.trigger("nobody")
    assert f"Known providers: {known(pricing)}." in str(info.value.diag.message_hint)


def test_nothing_to_sync_is_refused(pricing: Pricing) -> None:
    pricing.do("update public.pricing_providers set enabled = false")

    with pricing.nothing_written(), refused("PT422") as info:
        pricing.trigger()
    assert "nothing to sync" in str(info.value.diag.message_primary)
    assert f"Known providers: {known(pricing)}." in str(info.value.diag.message_hint)


def test_queue_is_always_a_new_job_that_waits_its_turn(pricing: Pricing) -> None:
    first = pricing.start("openrouter")
    second = pricing.trigger("openrouter")

    assert str(second["job_id"]) != first.job_id
    assert pricing.fetch() is None, "the lock is held"
    pricing.succeed(first)
    next_one = pricing.fetch()
    assert next_one is not None
    assert next_one.job_id == str(second["job_id"])


def test_coalesce_finds_the_waiting_job_with_the_same_providers(pricing: Pricing) -> None:
    waiting = pricing.trigger("openrouter", "deepinfra")

    with pricing.nothing_written():
        same = pricing.trigger("deepinfra", "openrouter", on_conflict="coalesce")
    assert same["job_id"] == waiting["job_id"]

    others = [
        pricing.trigger("openrouter", on_conflict="coalesce"),
        pricing.trigger("openrouter", "deepinfra", "catalogue", on_conflict="coalesce"),
        pricing.trigger("openrouter", "deepinfra", dry_run=True, on_conflict="coalesce"),
    ]
    assert len({job["job_id"] for job in [waiting, *others]}) == 4


def test_coalesce_leaves_a_job_that_has_begun(pricing: Pricing) -> None:
    begun = pricing.start("openrouter", "deepinfra")

    job = pricing.trigger("openrouter", "deepinfra", on_conflict="coalesce")
    assert str(job["job_id"]) != begun.job_id


def test_coalesce_leaves_a_job_that_has_lost_a_part(pricing: Pricing) -> None:
    lame = pricing.trigger("openrouter", "deepinfra")
    first, _ = pricing.queue_rows(lame["job_id"])
    pricing.do("select procrastinate.procrastinate_cancel_job_v1(%s, false, false)", first["id"])
    assert pricing.job(lame["job_id"])["status"] == "queued"

    job = pricing.trigger("openrouter", "deepinfra", on_conflict="coalesce")
    assert job["job_id"] != lame["job_id"]


def test_concurrent_coalesce_makes_one_job(
    another: Another, threads: ThreadPoolExecutor, pricing: Pricing
) -> None:
    racers = [another() for _ in range(4)]
    for _ in range(5):
        pricing.do("delete from public.pricing_sync_jobs")
        barrier = Barrier(len(racers))

        def race(racer: Pricing, barrier: Barrier = barrier) -> object:
            barrier.wait(60)
            return racer.trigger("openrouter", "deepinfra", on_conflict="coalesce")["job_id"]

        assert len(set(threads.map(race, racers))) == 1


@pytest.mark.parametrize("running", [True, False])
def test_reject_while_one_of_the_providers_is_queued_or_running(
    pricing: Pricing, running: bool
) -> None:
    holder = pricing.trigger("openrouter")
    if running:
        pricing.fetch()

    with pricing.nothing_written(), refused("PT429") as info:
        pricing.trigger("deepinfra", "openrouter", on_conflict="reject")
    detail = json.loads(str(info.value.diag.message_detail))
    assert detail["lock_key"] == "pricing_sync:openrouter"
    assert detail["locked_by_job"] == str(holder["job_id"])
    assert (detail["locked_at"] is not None) is running

    assert pricing.trigger("deepinfra", on_conflict="reject")["status"] == "queued"


def test_reject_accepts_when_the_holder_has_ended(pricing: Pricing) -> None:
    pricing.succeed(pricing.start("openrouter"))

    assert pricing.trigger("openrouter", on_conflict="reject")["status"] == "queued"


def test_of_concurrent_rejects_one_is_accepted(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    racers = [another() for _ in range(4)]
    for round_number in range(30):
        pricing.do("delete from procrastinate.procrastinate_jobs")
        barrier = Barrier(len(racers))

        def race(racer: Pricing, barrier: Barrier = barrier) -> str:
            barrier.wait(60)
            try:
                racer.trigger("openrouter", on_conflict="reject")
            except psycopg.Error as error:
                return str(error.sqlstate)
            return "accepted"

        answers = sorted(threads.map(race, racers))
        assert answers == ["PT429", "PT429", "PT429", "accepted"], f"round {round_number}"


def test_reject_waits_only_for_other_triggers(pricing: Pricing, another: Another) -> None:
    worker = another()
    attempt = pricing.start("openrouter")
    with worker.connection.transaction():
        worker.do(
            "select from procrastinate.procrastinate_jobs q, public.pricing_sync_log l,"
            " public.pricing_sync_jobs j where q.id = %s and l.queue_job_id = q.id"
            " and j.job_id = l.job_id for update",
            attempt.queue_job_id,
        )
        pricing.do("set lock_timeout = '2s'")
        with refused("PT429"):
            pricing.trigger("openrouter", on_conflict="reject")


def test_the_same_idempotency_key_and_body_is_the_same_job(pricing: Pricing) -> None:
    first = pricing.trigger("openrouter", "deepinfra", idempotency_key="k")

    with pricing.nothing_written():
        again = pricing.trigger(
            "openrouter", "deepinfra", idempotency_key="k", triggered_by="somebody else"
        )
    assert again == first
    assert pricing.trigger("openrouter", idempotency_key="l")["job_id"] != first["job_id"]


def test_a_key_belongs_to_who_used_it(pricing: Pricing, another: Another) -> None:
    """The server identifies the caller; the caller's own claim does not count."""
    callers = [
        ("pricing_web", "api:one"),
        ("pricing_web", "api:two"),
        ("service_role", "api:one"),
    ]
    jobs = [
        pricing.trigger("openrouter", idempotency_key="k", role=role, triggered_by=says)["job_id"]
        for role, says in callers
    ]
    assert len(set(jobs)) == len(callers)
    # Nor does one caller's key make another caller wait.
    holder = another()
    with holder.connection.transaction():
        holder.trigger(idempotency_key="l", role="service_role")
        pricing.trigger(idempotency_key="l", role="pricing_web")
    again = pricing.trigger(
        "openrouter", idempotency_key="k", role="service_role", triggered_by="somebody"
    )
    assert again["job_id"] == jobs[2]
    with refused("PT409"):
        pricing.trigger("deepinfra", idempotency_key="k", triggered_by="api:two")


@pytest.mark.parametrize(
    "options", [{"idempotency_key": "k"}, {"on_conflict": "reject"}, {"on_conflict": "coalesce"}]
)
def test_an_open_trigger_in_the_way_is_named_in_time(
    pricing: Pricing, another: Another, options: dict[str, Any]
) -> None:
    holder = another()
    with holder.connection.transaction():
        holder.trigger("openrouter", **options)
        with refused("55P03") as caught:
            pricing.trigger("openrouter", **options)
    assert f"locked by pid {holder.backend} (" in str(caught.value)


def test_also_when_that_job_has_ended(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter", idempotency_key="k")
    pricing.succeed(attempt)

    again = pricing.trigger("openrouter", idempotency_key="k")
    assert (str(again["job_id"]), again["status"]) == (attempt.job_id, "completed")


@pytest.mark.parametrize(
    "other",
    [
        {"providers": ["deepinfra"]},
        {"providers": None},
        {"dry_run": True},
        {"on_conflict": "reject"},
    ],
)
def test_the_same_idempotency_key_with_another_body_is_a_conflict(
    pricing: Pricing, other: dict[str, Any]
) -> None:
    body: dict[str, Any] = {"providers": ["openrouter"], "idempotency_key": "k"}
    pricing.trigger(**body)

    with pricing.nothing_written(), refused("PT409"):
        pricing.trigger(**(body | other))


def test_all_providers_are_the_same_body_whatever_they_are_by_then(pricing: Pricing) -> None:
    first = pricing.trigger(idempotency_key="k")
    pricing.do("update public.pricing_providers set enabled = false where slug = 'deepinfra'")
    assert pricing.trigger(idempotency_key="k")["job_id"] == first["job_id"]
    with refused("PT409"):
        pricing.trigger(*first["providers"], idempotency_key="k")


def test_an_idempotency_key_is_forgotten_after_24_hours(pricing: Pricing) -> None:
    first = pricing.trigger("openrouter", idempotency_key="k")
    age = "update public.pricing_idempotency_keys set used_at = clock_timestamp() - %s::interval"

    pricing.do(age, "23:59")
    assert pricing.trigger("openrouter", idempotency_key="k")["job_id"] == first["job_id"]
    pricing.do(age, "24:01")
    assert pricing.trigger("openrouter", idempotency_key="k")["job_id"] != first["job_id"]


def test_concurrent_calls_with_one_key_make_one_job(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    first, second = another(), another()
    with first.connection.transaction():
        job = first.trigger("openrouter", idempotency_key="k")
        waiting = threads.submit(second.trigger, "openrouter", idempotency_key="k")
        first.wait_until_blocked(second)
    assert waiting.result(60)["job_id"] == job["job_id"]
    assert pricing.value("select count(*) from public.pricing_sync_jobs") == 1


def test_a_trigger_that_is_rolled_back_leaves_nothing(pricing: Pricing) -> None:
    with pricing.nothing_written(), pricing.connection.transaction(force_rollback=True):
        pricing.trigger(idempotency_key=str(uuid4()))


def test_triggers_do_not_wait_for_each_other(pricing: Pricing, another: Another) -> None:
    other = another()
    other.do("set lock_timeout = '2s'")
    with pricing.connection.transaction():
        pricing.trigger("openrouter")
        assert other.trigger("openrouter")["status"] == "queued"


def test_reject_says_who_has_the_lock_since_when(pricing: Pricing) -> None:
    holder = pricing.start("openrouter")
    pricing.trigger("openrouter")
    since = pricing.log(holder.queue_job_id)["sync_started_at"]
    with refused("PT429") as info:
        pricing.trigger("openrouter", on_conflict="reject")
    detail = json.loads(str(info.value.diag.message_detail))
    assert detail["locked_by_job"] == holder.job_id, "the one that runs, not the one that waits"
    assert datetime.fromisoformat(detail["locked_at"]) == since
    assert detail["lock_key"] in str(info.value.diag.message_primary)


def test_reject_names_the_one_that_runs_whichever_came_first(pricing: Pricing) -> None:
    waiting = pricing.start("deepinfra")
    pricing.trigger("deepinfra")
    running = pricing.start("openrouter")
    pricing.end(waiting, "queued")
    with refused("PT429") as info:
        pricing.trigger("deepinfra", "openrouter", on_conflict="reject")
    assert json.loads(str(info.value.diag.message_detail))["locked_by_job"] == running.job_id


def test_coalesce_leaves_a_job_that_was_queued_again(pricing: Pricing) -> None:
    """It waits, but it has run, and an earlier worker may still apply what it read before."""
    attempt = pricing.start("openrouter")
    pricing.end(attempt, "queued")
    job = pricing.trigger("openrouter", on_conflict="coalesce")
    assert str(job["job_id"]) != attempt.job_id


def test_coalesce_leaves_a_job_that_has_ended(pricing: Pricing) -> None:
    job = pricing.trigger("openrouter")
    pricing.do("select public.cancel_pricing_sync(%s)", job["job_id"])
    again = pricing.trigger("openrouter", on_conflict="coalesce")
    assert again["job_id"] != job["job_id"]


def test_coalesce_keeps_the_key_with_the_job_that_it_found(pricing: Pricing) -> None:
    found = pricing.trigger("openrouter")
    keyed = {"on_conflict": "coalesce", "idempotency_key": "k"}
    assert pricing.trigger("openrouter", **keyed)["job_id"] == found["job_id"]
    attempt = pricing.fetch()
    assert attempt is not None
    pricing.succeed(attempt)

    again = pricing.trigger("openrouter", **keyed)
    assert (again["job_id"], again["status"]) == (found["job_id"], "completed")
    with refused("PT409"):
        pricing.trigger("deepinfra", **keyed)
    other = pricing.trigger("openrouter", on_conflict="coalesce", idempotency_key="l")
    assert other["job_id"] != found["job_id"]


def test_several_keys_may_have_found_one_job(pricing: Pricing) -> None:
    jobs = {
        pricing.trigger("openrouter", on_conflict="coalesce", idempotency_key=key)["job_id"]
        for key in ("a", "b", "a", "b")
    }
    assert len(jobs) == 1
    assert pricing.value("select count(*) from public.pricing_idempotency_keys") == 2


def test_a_rejected_trigger_keeps_no_key(pricing: Pricing) -> None:
    holder = pricing.start("openrouter")
    keyed = {"on_conflict": "reject", "idempotency_key": "k"}
    with pricing.nothing_written(), refused("PT429"):
        pricing.trigger("openrouter", **keyed)
    pricing.succeed(holder)
    accepted = pricing.trigger("openrouter", **keyed)
    assert accepted["status"] == "queued"
    assert pricing.trigger("openrouter", **keyed)["job_id"] == accepted["job_id"], "not PT429"


def test_a_refused_trigger_keeps_no_key(pricing: Pricing) -> None:
    with pricing.nothing_written(), refused("PT422"):
        pricing.trigger("nobody", idempotency_key="k")
    assert pricing.trigger("openrouter", idempotency_key="k")["status"] == "queued"


def test_a_key_that_is_used_again_after_24_hours_starts_its_24_hours_anew(
    pricing: Pricing,
) -> None:
    pricing.trigger("openrouter", idempotency_key="k")
    time_passes(pricing, "24:01")
    second = pricing.trigger("deepinfra", idempotency_key="k")
    time_passes(pricing, "23:59")
    assert pricing.trigger("deepinfra", idempotency_key="k")["job_id"] == second["job_id"]
    with refused("PT409"):
        pricing.trigger("openrouter", idempotency_key="k")


def test_a_key_whose_job_was_deleted_is_free(pricing: Pricing) -> None:
    job = pricing.trigger("openrouter", idempotency_key="k")
    pricing.do("delete from public.pricing_sync_jobs")
    assert pricing.trigger("openrouter", idempotency_key="k")["job_id"] != job["job_id"]


def test_concurrent_coalesces_and_rejects_of_overlapping_lists_end(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    """Lists in every order: no circular wait."""
    lists = [("openrouter", "deepinfra"), ("deepinfra", "openrouter", "catalogue"), ("catalogue",)]
    racers = [(another(), named, how) for named in lists for how in ("coalesce", "reject")]
    for _ in range(15):
        pricing.do("delete from public.pricing_sync_jobs")
        pricing.do("delete from procrastinate.procrastinate_jobs")
        barrier = Barrier(len(racers))

        def race(
            racer: tuple[Pricing, tuple[str, ...], str], barrier: Barrier = barrier
        ) -> str | None:
            connection, named, how = racer
            barrier.wait(60)
            try:
                connection.trigger(*named, on_conflict=how)
            except psycopg.Error as error:
                return error.sqlstate
            return None

        assert set(threads.map(race, racers)) <= {None, "PT429"}
        assert_agreed(pricing.connection)


def test_a_list_is_kept_as_programs_read_it(pricing: Pricing) -> None:
    """A PostgreSQL array may begin at any index and have several dimensions."""
    job = pricing.row("select * from public.trigger_pricing_sync('[5:6]={deepinfra,openrouter}')")
    assert (
        pricing.value(
            "select array_lower(providers, 1) from public.pricing_sync_jobs where job_id = %s",
            job["job_id"],
        )
        == 1
    )
    assert job["providers"] == ["deepinfra", "openrouter"]
    with pricing.nothing_written(), refused("PT422"):
        pricing.do("select public.trigger_pricing_sync('{{deepinfra},{openrouter}}')")
