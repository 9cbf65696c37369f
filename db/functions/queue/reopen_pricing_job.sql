create or replace function public.reopen_pricing_job(p_job_id uuid)
returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    update public.pricing_sync_jobs j
    set status = 'running',
        outcome = null,
        completed_at = null,
        error_message = null,
        stopped_at = null,
        revision = j.revision + 1
    where j.job_id = p_job_id and j.status in ('completed', 'failed', 'cancelled');
$$;

comment on function public.reopen_pricing_job(uuid) is 'Open a job that has ended, because one of its provider syncs is retried.';
