-- The trigger route returns it to callers that will wait; 30-120 is what the older documents promise.
create or replace function public.pricing_sync_estimate()
returns text
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
    with recent as (
        select job.duration_seconds
        from public.pricing_sync_jobs as job
        where job.completed_at is not null
          and job.status = 'completed'
          and job.duration_seconds is not null
        order by job.completed_at desc
        limit 20
    ),
    spread as (
        select percentile_cont(array[0.5, 0.95]) within group (order by recent.duration_seconds) as seconds
        from recent
    )
    select case
        -- greatest skips null and would return the 1.
        when spread.seconds is null then '30-120'
        else concat_ws('-', greatest(ceil(spread.seconds[1]), 1), greatest(ceil(spread.seconds[2]), 1))
    end
    from spread;
$$;

comment on function public.pricing_sync_estimate() is
'Seconds that a job is likely to take: p50-p95 of the last 20 completed jobs; 30-120 while there are none.';
