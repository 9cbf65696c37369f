"""What must follow once tables were made again, so that prices, jobs and queue agree."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import psycopg

from service.postgres.rows import the_row

BY = "migrate --repair"

# Without these a list that is as it was would not bring back what is gone.
_PRICES = (
    "model_pricing",
    "model_pricing_history",
    "pricing_catalogue_prices",
    "pricing_held_changes",
    "pricing_overrides",
    "pricing_usd",
)

_REBUILD = """
with rebuilt as (
    insert into public.pricing_sync_jobs (
        job_id, triggered_by, triggered_at, started_at, completed_at, providers,
        providers_total{more}
    )
    select l.job_id, min(l.triggered_by), min(l.queued_at), min(l.sync_started_at),
        case
            when bool_and(l.status not in ('queued', 'in_progress'))
                then max(coalesce(l.sync_completed_at, l.queued_at))
        end,
        array_agg(distinct l.provider_slug), count(distinct l.provider_slug){values}
    from public.pricing_sync_log l
    where not exists (select from public.pricing_sync_jobs j where j.job_id = l.job_id)
    group by l.job_id
    returning job_id
)
select coalesce(array_agg(job_id), '{{}}') from rebuilt
"""
# Since 0.4.0, and then by default who inserts the row.
_SIGNED = "session_login", "acting_role"

# Ended as if somebody had cleared the override: the provider's price is in force again.
_FORGET_OVERRIDES = """
with rows as (
    select jsonb_agg(
        jsonb_build_object('id', m.id, 'prices', m.synced, 'source', m.pricing_source)
    ) as changes
    from public.model_pricing m
    where m.synced is not null
        and not exists (
            select from public.pricing_overrides o where o.model_id = m.id and o.ended_at is null
        )
)
select public.write_model_prices(r.changes, %s) from rows r where r.changes is not null
"""

# As at a sync that says what it said: the override is what is charged.
_RENEW_OVERRIDES = """
with rows as (
    select jsonb_agg(
        jsonb_build_object('id', m.id, 'prices', m.synced, 'source', m.pricing_source)
    ) as changes
    from public.model_pricing m
    join public.pricing_overrides o on o.model_id = m.id and o.ended_at is null
    where m.synced is not null
        and public.pricing_sets_differ(
            public.pricing_price_set(to_jsonb(m)), public.pricing_overridden_set(m.synced, o.prices)
        )
)
select public.write_model_prices(r.changes, %s) from rows r where r.changes is not null
"""

_RECORD = """
select count(public.record_price_in_force(u.provider, u.model, %s))
from public.pricing_unrecorded_prices(2147483647) u
"""


def rebuild_jobs(connection: psycopg.Connection) -> list[UUID]:
    """Make jobs again from their log rows; returns their ids, for ``settle_jobs``."""
    columns = [
        name
        for (name,) in connection.execute(
            "select attname::text from pg_attribute"
            " where attrelid = 'public.pricing_sync_jobs'::regclass and attname = any (%s)",
            [list(_SIGNED)],
        ).fetchall()
    ]
    query = _REBUILD.format(
        more="".join(f", {name}" for name in columns), values=", null" * len(columns)
    )
    job_ids: list[UUID] = the_row(connection.execute(query.encode()).fetchone())[0]
    return job_ids


def settle_jobs(connection: psycopg.Connection, job_ids: list[UUID]) -> list[str]:
    """Bring rebuilt jobs in line with their log rows, and cancel those that had not ended.

    A sync of a dry run must write nothing, and only the job knew: so none of these goes on.
    """
    if not job_ids:
        return []
    told = [
        f"{len(job_ids)} jobs are made again from their attempts; what they were asked for (dry"
        " run, idempotency key) is gone"
    ]
    settled = connection.execute(
        "select j.id, public.project_pricing_job(j.id) from unnest(%s::uuid[]) as j (id)",
        [job_ids],
    ).fetchall()
    open_ids = [job_id for job_id, is_open in settled if is_open]
    for job_id in open_ids:
        connection.execute("select from public.cancel_pricing_sync(%s::uuid, %s)", [job_id, BY])
    if open_ids:
        told.append(f"{len(open_ids)} jobs had not ended and are cancelled: trigger them again")
    return told


def settle_aftermath(connection: psycopg.Connection, made: Collection[str]) -> list[str]:
    """``made``: the objects that were made again. Returns what became of prices and syncs."""
    told = []
    names = {each.partition("public.")[2].partition(".")[0] for each in made}
    # A list that is as it was would not bring back what was dropped, or emptied.
    changed = connection.execute(
        "update public.pricing_providers p"
        " set etag = null, etag_parser = null, content_digest = null"
        " where (content_digest is not null or etag is not null) and (%s or not exists"
        " (select from public.model_pricing m where p.slug in (m.provider_slug, m.listed_by)))",
        [bool(names.intersection(_PRICES))],
    ).rowcount
    if changed or names.intersection(_PRICES):
        told.append("the next sync of each provider reads its whole list again")
    renewed = connection.execute(_RENEW_OVERRIDES, [f"manual:{BY}"]).fetchone()
    if renewed is not None and renewed[0]:
        told.append(f"{renewed[0]} models have the price of their override again")
    forgotten = forget_overrides(connection)
    if forgotten:
        told.append(
            f"{forgotten} models have their provider's price again: their overrides are gone"
        )
    recorded = connection.execute(_RECORD, [BY]).fetchone()
    if recorded is not None and recorded[0]:
        told.append(f"the price in force of {recorded[0]} models begins their history")
    connection.execute("select from public.cleanup_stuck_pricing_syncs()")
    return told


def forget_overrides(connection: psycopg.Connection) -> int:
    """Give models whose override is gone their provider's price; how many that changed."""
    forgotten = connection.execute(_FORGET_OVERRIDES, [f"manual:{BY}"]).fetchone()
    return forgotten[0] if forgotten is not None else 0
