"""A new row of any task gets an id that no row had before."""

from __future__ import annotations

import psycopg
from psycopg.rows import dict_row

from tests.db.pricing import Pricing
from tests.support.postgres import Cluster


def test_a_login_s_own_number_is_replaced(
    own_database: Pricing, database: str, migrated_cluster: Cluster
) -> None:
    """An id that was used before would make the earlier row's attempts its own."""
    owner = own_database
    ended = owner.start("deepinfra")
    owner.end(ended)
    with migrated_cluster.login_role(can_create_roles=False) as (user, password):
        migrated_cluster.execute("grant pricing_worker to {}", user)
        url = migrated_cluster.url_of(database.rpartition("/")[2], user=user, password=password)
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            login = Pricing(connection)
            login.do(
                "delete from procrastinate.procrastinate_jobs where id = %s", ended.queue_job_id
            )
            given = [
                login.value(
                    "insert into procrastinate.procrastinate_jobs (id, queue_name, task_name, args)"
                    " values (%s, 'pricing', %s, %s) returning id",
                    *row,
                )
                for row in (
                    (ended.queue_job_id, "sync_provider", '{"provider": "openrouter"}'),
                    (ended.queue_job_id + 1000, "other", "{}"),
                )
            ]
    assert ended.queue_job_id < given[0] < given[1] < ended.queue_job_id + 1000
    assert owner.log(ended.queue_job_id)["provider_slug"] == "deepinfra"
    assert owner.log(given[0])["provider_slug"] == "openrouter"


def test_a_restore_keeps_its_numbers(pricing: Pricing) -> None:
    row = pricing.row(
        "insert into procrastinate.procrastinate_jobs (id, queue_name, task_name)"
        " values (1000000, 'q', 'other') returning id"
    )
    assert row["id"] == 1000000
