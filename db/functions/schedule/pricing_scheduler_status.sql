-- The scheduler's route returns it unchanged.
-- after: pricing_waiting_summary
create or replace function public.pricing_scheduler_status()
returns jsonb
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
    with scheduled as (
        select
            provider.slug,
            provider.sync_interval,
            public.capped_expiry(nullif(
                case
                    when provider.next_allowed_at > clock_timestamp()
                        then greatest(provider.next_sync_at, provider.next_allowed_at)
                    else provider.next_sync_at
                end,
                '-infinity'
            )) as next_run,
            -- A provider that lacks what it needs, or is postponed for ever, has no next run.
            syncable.slug is not null
                and 'infinity' not in (
                    coalesce(provider.next_sync_at, 'epoch'), coalesce(provider.next_allowed_at, 'epoch')
                ) as has_next_run,
            public.capped_expiry(provider.last_success_at) as last_success_at
        from public.pricing_providers as provider
        left join public.pricing_syncable_providers as syncable on syncable.slug = provider.slug
        where provider.enabled
    ),
    alive as (
        select public.pricing_workers_alive() as workers
    ),
    ticking as (
        select
            count(*) > 0 as is_ticking,
            coalesce(bool_or(tick.scheduler = 'pg_cron'), false) as is_cron
        from public.pricing_scheduler_ticks as tick
        where tick.last_tick_at between
            clock_timestamp() - interval '90 seconds' and clock_timestamp() + interval '90 seconds'
    )
    select jsonb_build_object(
        'enabled', settings.scheduler_enabled and totals.providers > 0,
        'interval_hours', totals.interval_hours,
        'running', settings.scheduler_enabled and totals.providers > 0 and ticking.is_ticking,
        'workers', alive.workers,
        'cron', case when ticking.is_cron then 'pg_cron' else 'worker' end,
        'providers', totals.slugs,
        'next_runs', case when settings.scheduler_enabled then totals.next_runs else '{}' end,
        'last_syncs', totals.last_syncs,
        'held', jsonb_build_object(
            'changes', waiting.held,
            'rejected', waiting.rejected,
            'oldest_seconds', waiting.oldest_held_seconds,
            'standing_still', waiting.standing_still,
            'providers', (
                select coalesce(
                    jsonb_object_agg(
                        w.provider,
                        jsonb_build_object(
                            'changes', w.held,
                            'rejected', w.rejected,
                            'oldest_held_at', public.capped_expiry(w.oldest_held_at),
                            'stands_still', w.stands_still
                        )
                    ),
                    '{}'
                )
                from public.pricing_waiting w
            )
        )
    )
    from public.pricing_settings as settings
    cross join alive
    cross join ticking
    cross join public.pricing_waiting_summary() as waiting
    cross join (
        select
            count(*) as providers,
            round(
                extract(epoch from mode() within group (order by scheduled.sync_interval)) / 3600, 3
            ) as interval_hours,
            coalesce(jsonb_agg(scheduled.slug order by scheduled.slug), '[]') as slugs,
            coalesce(
                jsonb_object_agg(scheduled.slug, scheduled.next_run) filter (where scheduled.has_next_run), '{}'
            ) as next_runs,
            coalesce(
                jsonb_object_agg(
                    scheduled.slug,
                    jsonb_build_object(
                        'timestamp', scheduled.last_success_at,
                        'seconds_ago', round(extract(epoch from clock_timestamp() - scheduled.last_success_at))
                    )
                ),
                '{}'
            ) as last_syncs
        from scheduled
    ) as totals;
$$;

comment on function public.pricing_scheduler_status() is
'Which providers are scheduled, what runs the schedule, when each provider is next due and when it last succeeded, and what waits for a person.';
