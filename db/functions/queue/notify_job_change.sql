create or replace function public.notify_job_change(p_job public.pricing_sync_jobs)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_catalog.pg_notify(
        'pricing_sync_job',
        json_build_object('job_id', p_job.job_id, 'status', p_job.status, 'revision', p_job.revision)::text
    );
end;
$$;

comment on function public.notify_job_change(public.pricing_sync_jobs) is
'Notify channel pricing_sync_job of a changed job, after commit.';
