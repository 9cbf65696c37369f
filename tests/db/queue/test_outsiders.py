"""A role without rights on our functions and tables delays no sync."""

from __future__ import annotations

import psycopg
import pytest

from service.migrations.migrate import migrate
from tests.db.conftest import Another, SharedDatabase
from tests.db.outsiders import login, take_every_lock
from tests.db.price_decisions import override, said
from tests.db.price_decisions import prices as price_set
from tests.db.pricing import Pricing, catalogue_price, price
from tests.support.postgres import Cluster


@pytest.mark.parametrize(
    "rights",
    [{}, {"member_of": "anon"}, {"member_of": "authenticated"}, {"reads": True}],
    ids=["connects", "anon", "authenticated", "reads"],
)
def test_an_open_transaction_with_every_lock_that_it_can_get(
    pricing: Pricing,
    another: Another,
    shared_database: SharedDatabase,
    migrated_cluster: Cluster,
    rights: dict[str, object],
) -> None:
    said(pricing, {"old": price_set(1, 2)})
    override(pricing, "old", input_per_1m=3)
    slugs = [row["slug"] for row in pricing.rows("select slug from public.pricing_providers")]
    worker = another()
    with login(migrated_cluster, shared_database.url, **rights) as outsider:  # type: ignore[arg-type]
        outsider.execute("set transaction isolation level repeatable read")
        outsider.execute("select count(*) from pg_catalog.pg_class")
        allowed = take_every_lock(outsider, slugs)
        assert any("advisory" in statement for statement in allowed)
        assert not any(" for " in statement and "public" in statement for statement in allowed)

        # A lock that cannot be had raises 55P03 or is skipped.
        job = pricing.trigger(
            "openrouter", "deepinfra", "catalogue", on_conflict="reject", idempotency_key="k"
        )
        synced = []
        while (attempt := worker.fetch()) is not None:
            if attempt.provider == "deepinfra":
                assert worker.end(attempt, "failed", "timeout") is True
            elif attempt.provider == "catalogue":
                worker.apply(attempt, [catalogue_price("groq", "m", "1")])
            else:
                worker.apply(attempt, [price("old"), price("new")])
            synced.append(attempt.provider)
        assert sorted(synced) == ["catalogue", "deepinfra", "openrouter"]
        assert pricing.job(job["job_id"])["outcome"] == "partial"
        pricing.do(
            "update public.pricing_overrides set expires_at = clock_timestamp() - interval '1 s'"
        )
        pricing.do("update public.pricing_providers set next_sync_at = null")
        pricing.do("update public.pricing_settings set scheduler_enabled = true")
        assert pricing.row("select * from public.cleanup_stuck_pricing_syncs()")
        for scheduler in ("worker", "pg_cron"):
            pricing.value("select public.tick_pricing_schedule(%s)", scheduler)
        ticks = pricing.rows("select scheduler, last_error from public.pricing_scheduler_ticks")
        assert {row["scheduler"] for row in ticks} == {"worker", "pg_cron"}
        assert [row["last_error"] for row in ticks] == [None, None]
        assert pricing.rows("select from public.pricing_overrides where ended_at is null") == []
        assert pricing.value(
            "select count(*) from procrastinate.procrastinate_jobs where status = 'todo'"
        )


# Each waits for a strong lock before rights are checked.
QUEUES = (
    "create rule mine as on insert to public.model_pricing do also nothing",
    "create trigger mine before insert on public.model_pricing for each row"
    " execute function pg_catalog.suppress_redundant_updates_trigger()",
    "create temp table mine (id uuid references public.pricing_sync_jobs)",
)


def test_who_may_not_use_the_schema_queues_for_no_table(
    migrated_cluster: Cluster, database: str
) -> None:
    with login(migrated_cluster, database) as outsider, psycopg.connect(database) as person:
        person.execute("update public.pricing_sync_jobs set triggered_by = triggered_by")
        person.execute("lock table public.model_pricing in row exclusive mode")

        def refusals() -> set[str | None]:
            codes = set()
            for statement in QUEUES:
                with pytest.raises(psycopg.Error) as refused:
                    outsider.execute(statement.encode())
                outsider.rollback()
                codes.add(refused.value.sqlstate)
            return codes

        outsider.execute("set lock_timeout = '100ms'")
        outsider.commit()
        assert refusals() == {"55P03"}
        person.rollback()
        person.execute("revoke usage on schema public from public")
        person.commit()
        # The migration leaves that right to our roles alone.
        migrate(database)
        assert person.execute("select * from pricing_access_differences()").fetchall() == []
        person.execute("lock table public.model_pricing, public.pricing_sync_jobs in share mode")
        assert refusals() == {"42501"}
