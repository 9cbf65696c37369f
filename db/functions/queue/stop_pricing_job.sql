-- The reverse of the lock order: the job row is locked already, so queue rows are locked with SKIP LOCKED only. The
-- session that has a skipped row will lock the job row, find it ended, and stop its own row (project_provider_sync).
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

    -- cancel_pricing_sync runs this trigger too, and writes an audit row of its own.
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
'Trigger: when a person ends a job, cancel its waiting syncs and abort the running ones.';
