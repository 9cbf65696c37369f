-- Lock order turned round: the job row is held already, so its queue rows are taken with SKIP LOCKED only. Whoever
-- holds a skipped one is about to lock the job row, finds it stopped, and stops its own (project_provider_sync).
create or replace function public.stop_pricing_job()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform public.stop_provider_sync(
        l.queue_job_id,
        case new.status when 'cancelled' then 'cancelled' else 'stopped' end,
        new.error_message
    )
    from (
        select l.queue_job_id
        from public.pricing_sync_log l
        where l.job_id = new.job_id and l.status in ('queued', 'in_progress')
        order by l.queue_job_id
    ) as l;
    return null;
end;
$$;

comment on function public.stop_pricing_job() is
'Trigger: when a person has ended a job, cancel what waits of it and abort what runs.';
