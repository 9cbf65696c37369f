-- Locks a due provider's row and moves next_sync_at on in the transaction that enqueues, so that no slot is used twice. It
-- never waits: the next tick tries a locked provider again, and schedule_slot_holders names the session.
-- after: add_pricing_sync_job
create or replace function public.enqueue_due_pricing_syncs()
returns setof public.pricing_sync_jobs
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_locked text[];
    v_due text[];
    v_open text[];
    v_enqueued text[];
begin
    select coalesce(array_agg(locked.slug), '{}') into v_locked
    from (
        select p.slug
        from public.pricing_providers p
        where (p.next_sync_at is null or p.next_sync_at <= v_now)
            and (p.next_allowed_at is null or p.next_allowed_at <= v_now)
            and p.slug in (select s.slug from public.pricing_syncable_providers s)
        order by p.slug
        for no key update of p skip locked
    ) as locked;
    if v_locked = '{}' then
        return;
    end if;
    -- So that sync requests with reject or coalesce see what is enqueued here. It does not wait, because such a request may
    -- be in an open transaction: at worst two syncs are queued, one behind the other.
    perform public.lock_provider_triggers(v_locked, p_wait => false);

    -- Three statements in this order, each with its own snapshot: what another tick enqueues meanwhile is due in the first
    -- result or open in the second. A locked row may have stopped being syncable before it was locked.
    select coalesce(array_agg(p.slug order by p.slug), '{}') into v_due
    from public.pricing_providers p
    join public.pricing_syncable_providers s on s.slug = p.slug
    where (p.next_sync_at is null or p.next_sync_at <= v_now)
        and (p.next_allowed_at is null or p.next_allowed_at <= v_now);

    select coalesce(array_agg(p.slug), '{}') into v_open
    from public.pricing_providers p
    where exists (
        select
        from procrastinate.procrastinate_jobs q
        join public.pricing_sync_jobs j on j.job_id = (q.args ->> 'job_id')::uuid
        where q.lock = 'pricing_sync:' || p.slug
            and q.status in ('todo', 'doing')
            and q.task_name = 'sync_provider'
            -- Such syncs write no prices.
            and not q.abort_requested
            and not j.dry_run
            and j.outcome is null
    );

    select coalesce(array_agg(d.slug order by d.slug), '{}') into v_enqueued
    from unnest(v_due) as d (slug)
    where d.slug = any (v_locked)
        and d.slug <> all (v_open)
        and (
            d.slug <> 'catalogue'
            -- It gives prices to models whose providers publish none, which is known once all other syncs have ended.
            or array_remove(v_due || v_open, 'catalogue') = '{}'
            -- Otherwise it would never run where another sync is open or due at every tick.
            or exists (
                select
                from public.pricing_providers p
                where p.slug = 'catalogue' and coalesce(p.next_sync_at, p.created_at) < v_now - p.sync_interval
            )
        );

    -- An open sync serves the slot, whatever triggered it.
    update public.pricing_providers p
    set next_sync_at = public.next_pricing_sync_at(
            p.next_sync_at, p.sync_interval, p.sync_jitter, p.consecutive_failures
        )
    where p.slug = any (v_locked)
        and p.slug = any (v_due)
        and (p.slug = any (v_open) or p.slug = any (v_enqueued));

    if v_enqueued <> '{}' then
        return query
        select *
        from public.add_pricing_sync_job(
            v_enqueued,
            'schedule',
            jsonb_build_object('providers', v_enqueued, 'dry_run', false, 'on_conflict', 'queue')
        );
    end if;
end;
$$;

comment on function public.enqueue_due_pricing_syncs() is
'Enqueue the due providers in one job and move their next_sync_at on; the catalogue once all others have ended, or when it is late by its interval. Returns the job, if there is one.';
