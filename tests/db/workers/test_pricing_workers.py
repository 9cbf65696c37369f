"""The registered workers, and what each runs."""

from __future__ import annotations

from tests.db.pricing import Pricing, Row


def workers(pricing: Pricing) -> list[Row]:
    with pricing.as_role("pricing_web"):
        return pricing.rows("select * from public.pricing_workers order by worker_id")


def test_who_is_alive_and_what_it_runs(pricing: Pricing) -> None:
    busy, idle, lost = pricing.worker(), pricing.worker(), pricing.worker("1 hour")
    job = pricing.trigger("openrouter", "deepinfra")
    for _ in range(2):
        pricing.fetch(busy)
    pricing.other_task("doing", idle)
    rows = {row["worker_id"]: row for row in workers(pricing)}
    assert {id: row["is_alive"] for id, row in rows.items()} == {
        busy: True,
        idle: True,
        lost: False,
    }
    assert [(run["provider"], run["job_id"], run["attempt"]) for run in rows[busy]["running"]] == [
        ("openrouter", str(job["job_id"]), 1),
        ("deepinfra", str(job["job_id"]), 1),
    ]
    assert all(run["started_at"] for run in rows[busy]["running"])
    assert rows[idle]["running"] == rows[lost]["running"] == []
    assert rows[lost]["lease_ends_at"] < rows[busy]["last_heartbeat"] < rows[busy]["lease_ends_at"]


def test_a_heartbeat_in_the_future_or_at_infinity(pricing: Pricing) -> None:
    for time in ("now() + interval '1 hour'", "'infinity'", "'-infinity'"):
        pricing.do(
            f"insert into procrastinate.procrastinate_workers (last_heartbeat) values ({time})"
        )
    assert [row["is_alive"] for row in workers(pricing)] == [False] * 3
