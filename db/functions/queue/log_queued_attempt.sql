create or replace function public.log_queued_attempt(
    p_queue_job_id bigint, p_attempt integer, p_job_id uuid, p_provider text
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.pricing_sync_log (job_id, provider_slug, queue_job_id, attempt, triggered_by)
    select j.job_id, p_provider, p_queue_job_id, p_attempt, j.triggered_by
    from public.pricing_sync_jobs j
    where j.job_id = p_job_id
    on conflict (queue_job_id, attempt) do nothing;
end;
$$;

comment on function public.log_queued_attempt(bigint, integer, uuid, text) is
'Add the log row of a waiting attempt, unless it exists.';
