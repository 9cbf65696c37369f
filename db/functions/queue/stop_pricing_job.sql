-- Lock order turned round: the job row is held already, so its queue rows are taken with SKIP LOCKED only. Whoever
-- holds a skipped one is about to lock the job row, finds it stopped, and stops its own (project_provider_sync).
create or replace function public.stop_pricing_job()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_stack text;
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

    -- cancel_pricing_sync comes this way too, and writes an audit row of its own.
    get diagnostics v_stack = pg_context;
    if not public.pricing_is_called_by(v_stack, 'cancel_pricing_sync') then
        insert into public.pricing_audit_log (who, action, subject, details)
        values (
            public.pricing_who(), 'stop_pricing_job', new.job_id::text,
            jsonb_build_object('status', new.status, 'error_message', new.error_message)
        );
    end if;
    return null;
end;
$$;

comment on function public.stop_pricing_job() is
'Trigger: when a person has ended a job, cancel what waits of it and abort what runs.';
