-- The scheduler's route shows it as it is, and nothing ticks the schedule in this version: syncs are triggered
-- by people, by HTTP or from a cron job of the operator's.
create or replace function public.pricing_scheduler_status()
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
    with scheduled as (
        select
            provider.slug,
            provider.sync_interval,
            provider.next_sync_at,
            provider.last_success_at
        from public.pricing_providers as provider
        where provider.enabled
    ),
    alive as (
        select public.pricing_workers_alive() as workers
    )
    select jsonb_build_object(
        'enabled', count(scheduled.slug) > 0,
        'interval_hours', round(
            extract(epoch from mode() within group (order by scheduled.sync_interval)) / 3600, 3
        ),
        'running', false,
        'workers', min(alive.workers),
        'cron', 'worker',
        'providers', coalesce(
            jsonb_agg(scheduled.slug order by scheduled.slug) filter (where scheduled.slug is not null), '[]'
        ),
        'next_runs', coalesce(
            jsonb_object_agg(scheduled.slug, scheduled.next_sync_at) filter (where scheduled.slug is not null),
            '{}'
        ),
        'last_syncs', coalesce(
            jsonb_object_agg(
                scheduled.slug,
                jsonb_build_object(
                    'timestamp', scheduled.last_success_at,
                    'seconds_ago', round(extract(epoch from clock_timestamp() - scheduled.last_success_at))
                )
            ) filter (where scheduled.slug is not null),
            '{}'
        )
    )
    from alive
    left join scheduled on true;
$$;

comment on function public.pricing_scheduler_status() is
'Who is scheduled, who runs the schedule, when each provider comes next and when it last succeeded.';
