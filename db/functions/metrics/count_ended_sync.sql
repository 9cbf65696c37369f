-- The projection calls it when a queue row ends, and the clean-up for a row whose end could not be projected. The log row
-- of its last attempt has ended by then, and has the outcome.
create or replace function public.count_ended_sync(p_queue_job_id bigint, p_attempt integer)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.pricing_metric_totals (provider_slug, metric, label, amount)
    select l.provider_slug, 'syncs', l.status, 1
    from public.pricing_sync_log l
    where l.queue_job_id = p_queue_job_id
        and l.attempt = p_attempt
        and l.status in ('success', 'failed', 'cancelled')
        -- The clean-up ends earlier attempts too.
        and not exists (
            select from public.pricing_sync_log n where n.queue_job_id = p_queue_job_id and n.attempt > p_attempt
        )
        and not exists (
            select
            from procrastinate.procrastinate_jobs q
            where q.id = p_queue_job_id and q.status in ('todo', 'doing')
        );
end;
$$;

comment on function public.count_ended_sync(bigint, integer) is
'Count a provider sync, for /metrics, if it has ended with this attempt.';
