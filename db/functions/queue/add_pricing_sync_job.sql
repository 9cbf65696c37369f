-- Called by trigger_pricing_sync and by the schedule once the providers are chosen.
-- after: defer_provider_syncs
create or replace function public.add_pricing_sync_job(
    p_providers text[],
    p_triggered_by text,
    p_request jsonb,
    p_job_id uuid default gen_random_uuid(),
    p_idempotency_key text default null
)
returns public.pricing_sync_jobs
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_job public.pricing_sync_jobs;
begin
    insert into public.pricing_sync_jobs as j (
        job_id, triggered_by, dry_run, request, providers, providers_total, idempotency_key
    )
    values (
        p_job_id,
        p_triggered_by,
        (p_request ->> 'dry_run')::boolean,
        p_request,
        p_providers,
        cardinality(p_providers),
        p_idempotency_key
    )
    returning j.* into v_job;
    perform public.defer_provider_syncs(v_job.job_id, p_providers);
    return v_job;
end;
$$;

comment on function public.add_pricing_sync_job(text[], text, jsonb, uuid, text) is
'Insert a job and a queue row for each of these providers, which the caller has checked; returns the job.';
