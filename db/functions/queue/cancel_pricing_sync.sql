-- The same UPDATE that a person may run by hand: the triggers on the job do the rest.
-- after: require_author
create or replace function public.cancel_pricing_sync(job_id uuid, cancelled_by text default current_user)
returns public.pricing_sync_jobs
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- An open transaction may lock the job for hours: the caller gets an error instead.
set lock_timeout = '5s'
as $$
declare
    v_job public.pricing_sync_jobs;
begin
    perform public.require_author(
        'cancelled_by', cancel_pricing_sync.cancelled_by, 'Name the person or program that cancels.'
    );

    update public.pricing_sync_jobs j
    set status = 'cancelled', error_message = format('Cancelled by %s', cancel_pricing_sync.cancelled_by)
    where j.job_id = cancel_pricing_sync.job_id and j.status in ('queued', 'running');
    if found then
        insert into public.pricing_audit_log (who, action, subject)
        values (cancel_pricing_sync.cancelled_by, 'cancel_pricing_sync', cancel_pricing_sync.job_id::text);
        select j.* into v_job from public.pricing_sync_jobs j where j.job_id = cancel_pricing_sync.job_id;
        return v_job;
    end if;

    select j.* into v_job from public.pricing_sync_jobs j where j.job_id = cancel_pricing_sync.job_id;
    if not found then
        raise exception 'There is no job %', coalesce(cancel_pricing_sync.job_id::text, 'null')
            using errcode = 'PT404', hint = 'select * from pricing_sync_jobs order by triggered_at desc shows the newest.';
    end if;
    raise exception 'Job % has ended already, as %', v_job.job_id, v_job.status
        using errcode = 'PT409', hint = 'There is nothing left to cancel.';
end;
$$;

comment on function public.cancel_pricing_sync(uuid, text) is
'Cancel the waiting syncs of a job and abort the running ones, at once; returns the job.';
