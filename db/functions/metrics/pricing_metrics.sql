-- GET /metrics shows it, name by name; docs/api.md says what each means. One statement, so all of it is of one moment.
-- after: pricing_duration_buckets, pricing_error_kinds, pricing_model_numbers, pricing_overdue_models, pricing_unconfirmed, pricing_workers_alive
create or replace function public.pricing_metrics()
returns table (name text, labels jsonb, value double precision)
language sql
stable
rows 2000
security invoker
set search_path = pg_catalog, pg_temp
set jit = off
as $$
    with provider as materialized (
        select
            p.slug,
            extract(epoch from p.sync_interval)::double precision as interval_seconds,
            case when isfinite(p.last_success_at) then extract(epoch from p.last_success_at)::double precision end as succeeded,
            case when isfinite(p.last_changed_at) then extract(epoch from p.last_changed_at)::double precision end as changed
        from public.pricing_providers p
    ),
    total as materialized (
        select
            t.provider_slug as slug,
            t.metric,
            case
                when t.metric = 'errors' and t.label not in (select k.kind from public.pricing_error_kinds() as k (kind)) then 'other'
                else t.label
            end as label,
            -- Exact, as in merge_metric_totals: a sum of floats depends on the order, and a counter that falls a little counts anew.
            sum(round(t.amount::numeric, 3))::double precision as amount
        from public.pricing_metric_totals t
        group by 1, 2, 3
    ),
    -- Counters of every provider are there from 0 on: the first increase of a counter that appears with it is never seen.
    counter (metric, name, label_name, label) as (
        select 'syncs', 'pricing_sync_total', 'outcome', o.outcome
        from unnest('{success, failed, cancelled}'::text[]) as o (outcome)
        union all
        select 'errors', 'pricing_sync_errors_total', 'kind', k.kind
        from public.pricing_error_kinds() as k (kind)
        union all
        values
            ('attempts', 'pricing_sync_attempts_total', null, ''),
            ('price_changes', 'pricing_sync_price_changes_total', null, ''),
            ('duration_seconds', 'pricing_sync_duration_seconds_sum', null, '')
    ),
    counted as (
        select p.slug, c.name, c.label_name, c.label, coalesce(t.amount, 0) as amount
        from provider p
        cross join counter c
        left join total t on t.slug = p.slug and t.metric = c.metric and t.label = c.label
        union all
        select t.slug, 'pricing_sync_errors_total', 'kind', 'other', t.amount
        from total t
        join provider p on p.slug = t.slug
        where t.metric = 'errors' and t.label = 'other'
        union all
        select
            p.slug, 'pricing_sync_duration_seconds_bucket', 'le', b.label,
            sum(coalesce(t.amount, 0)) over (partition by p.slug order by b.bound)
        from provider p
        cross join public.pricing_duration_buckets() b
        left join total t on t.slug = p.slug and t.metric = 'durations' and t.label = b.label
        union all
        select
            p.slug, 'pricing_sync_duration_seconds_count', null, '', coalesce(
                (select sum(t.amount) from total t where t.slug = p.slug and t.metric = 'durations'), 0
            )
        from provider p
    ),
    -- A held one counts as held, and not by its price.
    model as (
        select c.provider, c.state, sum(c.models) as models
        from (
            select n.provider, n.state, n.models from public.pricing_model_numbers n
            union all
            select m.provider, s.state, s.models
            from public.model_prices m
            cross join lateral (values ('held', 1), (m.price_state, -1)) as s (state, models)
            where m.is_held and m.is_active
        ) as c
        group by c.provider, c.state
    ),
    stale as (
        select s.provider, sum(s.models) as models
        from (
            select o.provider, o.models from public.pricing_overdue_models o
            union all
            select u.provider, 1 from public.pricing_unconfirmed(p_with_overdue => false) u where u.model is not null
        ) as s
        group by s.provider
    ),
    locked as (
        select k.lock_key, min(k.locked_at) as locked_at
        from public.pricing_sync_lock k
        group by k.lock_key
    ),
    open_sync as materialized (
        select l.status, l.queued_at
        from public.pricing_sync_log l
        where l.status in ('queued', 'in_progress')
    ),
    gauge as (
        select p.slug, g.name, g.amount
        from provider p
        left join stale s on s.provider = p.slug
        left join public.pricing_waiting w on w.provider = p.slug
        left join locked k on k.lock_key = 'pricing_sync:' || p.slug
        cross join lateral (
            values
                ('pricing_sync_last_success_timestamp_seconds', p.succeeded),
                ('pricing_sync_last_change_timestamp_seconds', p.changed),
                ('pricing_stale_models', coalesce(s.models, 0)),
                ('pricing_held_changes', coalesce(w.held, 0)),
                (
                    'pricing_held_oldest_seconds',
                    case when isfinite(w.oldest_held_at) then extract(epoch from clock_timestamp() - w.oldest_held_at) else 0 end
                ),
                (
                    'pricing_sync_lock_held_seconds',
                    case when isfinite(k.locked_at) then extract(epoch from clock_timestamp() - k.locked_at) else 0 end
                ),
                (
                    'pricing_provider_interval_seconds',
                    case
                        when p.slug in (select y.slug from public.pricing_syncable_providers y) then p.interval_seconds
                    end
                )
        ) as g (name, amount)
        -- No success and no change has no time, and what the schedule does not sync no interval.
        where g.amount is not null
    )
    select
        c.name,
        jsonb_build_object('provider', c.slug)
            || case when c.label_name is null then '{}' else jsonb_build_object(c.label_name, c.label) end,
        c.amount
    from counted c
    union all
    select g.name, jsonb_build_object('provider', g.slug), greatest(g.amount, 0)
    from gauge g
    union all
    select 'pricing_sync_models', jsonb_build_object('provider', p.slug, 'state', s.state), coalesce(m.models, 0)
    from provider p
    cross join unnest('{priced, free, unknown, held, inactive}'::text[]) as s (state)
    left join model m on m.provider = p.slug and m.state = s.state
    union all
    select
        'pricing_sync_queue_size',
        jsonb_build_object('status', s.status),
        (select count(*) from open_sync o where o.status = s.status)
    from unnest('{queued, in_progress}'::text[]) as s (status)
    union all
    select
        'pricing_sync_oldest_queued_seconds', '{}', coalesce(
            greatest(extract(epoch from clock_timestamp() - min(o.queued_at) filter (where isfinite(o.queued_at))), 0), 0
        )
    from open_sync o
    where o.status = 'queued'
    union all
    select 'pricing_workers_alive', '{}', public.pricing_workers_alive()
    union all
    select
        'pricing_cron_last_tick_timestamp_seconds',
        jsonb_build_object('scheduler', t.scheduler),
        extract(epoch from t.last_tick_at)
    from public.pricing_scheduler_ticks t
    where isfinite(t.last_tick_at)
    union all
    select 'pricing_scheduler_enabled', '{}', s.scheduler_enabled::integer
    from public.pricing_settings s;
$$;

comment on function public.pricing_metrics() is
'The samples that GET /metrics shows of the database, under the names that it shows; times are in seconds since 1970. Requests are counted by the web process.';
