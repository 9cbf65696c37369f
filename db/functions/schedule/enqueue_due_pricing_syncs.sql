-- A slot is taken with its provider's row: that row is locked, and next_sync_at moves on in the transaction that
-- enqueues. Never waits: a provider whose row somebody else holds is left to the next tick, and schedule_slot_holders names it.
-- after: add_pricing_sync_job
create or replace function public.enqueue_due_pricing_syncs()
returns setof public.pricing_sync_jobs
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_held text[];
    v_due text[];
    v_open text[];
    v_enqueued text[];
begin
    select coalesce(array_agg(held.slug), '{}') into v_held
    from (
        select p.slug
        from public.pricing_providers p
        where (p.next_sync_at is null or p.next_sync_at <= v_now)
            and (p.next_allowed_at is null or p.next_allowed_at <= v_now)
            and p.slug in (select s.slug from public.pricing_syncable_providers s)
        order by p.slug
        for no key update of p skip locked
    ) as held;
    if v_held = '{}' then
        return;
    end if;
    -- Those who trigger and look before they queue shall see what is enqueued here. One who has looked already may have
    -- left the transaction open, so the slot does not wait: at worst two syncs come, one behind the other.
    perform public.lock_provider_triggers(v_held, p_wait => false);

    -- These three in this order, each as of its own moment: what another tick enqueues meanwhile is due in the first
    -- answer, or open in the second. A row that is held may have stopped being syncable before it was.
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
            -- Those bring no prices.
            and not q.abort_requested
            and not j.dry_run
            and j.outcome is null
    );

    select coalesce(array_agg(d.slug order by d.slug), '{}') into v_enqueued
    from unnest(v_due) as d (slug)
    where d.slug = any (v_held)
        and d.slug <> all (v_open)
        and (
            d.slug <> 'catalogue'
            -- It speaks for those that cannot speak for themselves; who that is shows when all others have ended.
            or array_remove(v_due || v_open, 'catalogue') = '{}'
            -- Where some other is open or due at every tick it would never come.
            or exists (
                select
                from public.pricing_providers p
                where p.slug = 'catalogue' and coalesce(p.next_sync_at, p.created_at) < v_now - p.sync_interval
            )
        );

    -- Whoever triggered it, a sync that is open when a slot comes serves it.
    update public.pricing_providers p
    set next_sync_at = public.next_pricing_sync_at(
            p.next_sync_at, p.sync_interval, p.sync_jitter, p.consecutive_failures
        )
    where p.slug = any (v_held)
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
'Enqueue the providers whose next_sync_at has come, in one job, and move their slots on; the catalogue when all others have ended, or when it is late by its interval. Returns the job, if there is one.';
