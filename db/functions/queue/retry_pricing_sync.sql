-- Inserts new queue rows, because the engine's retry refuses cancelled ones. So it may lock the job first: no session can
-- wait for a queue row that does not exist yet.
-- after: require_author
create or replace function public.retry_pricing_sync(job_id uuid, retried_by text default current_user)
returns public.pricing_sync_jobs
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- An open transaction may lock the job for hours: the caller gets an error instead.
set lock_timeout = '5s'
as $$
declare
    v_job public.pricing_sync_jobs;
    v_providers text[];
begin
    perform public.require_author(
        'retried_by', retry_pricing_sync.retried_by, 'Name the person or program that retries.'
    );

    select j.* into v_job
    from public.pricing_sync_jobs j
    where j.job_id = retry_pricing_sync.job_id
    for no key update;
    if not found then
        raise exception 'There is no job %', coalesce(retry_pricing_sync.job_id::text, 'null')
            using errcode = 'PT404', hint = 'select * from pricing_sync_jobs order by triggered_at desc shows the newest.';
    end if;

    select array_agg(latest.provider_slug order by array_position(v_job.providers, latest.provider_slug))
    into v_providers
    from (
        select distinct on (l.provider_slug) l.provider_slug, l.status
        from public.pricing_sync_log l
        where l.job_id = v_job.job_id
        order by l.provider_slug, l.id desc
    ) as latest
    where latest.status in ('failed', 'cancelled');
    if v_providers is null then
        raise exception 'Job % has nothing to retry: no provider of it failed or was cancelled', v_job.job_id
            using errcode = 'PT409', hint = 'Trigger a new sync to read the prices again.';
    end if;

    perform public.reopen_pricing_job(v_job.job_id);
    perform public.defer_provider_syncs(v_job.job_id, v_providers);
    perform public.project_pricing_job(v_job.job_id);
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        retry_pricing_sync.retried_by, 'retry_pricing_sync', v_job.job_id::text,
        jsonb_build_object('providers', v_providers)
    );
    select j.* into v_job from public.pricing_sync_jobs j where j.job_id = retry_pricing_sync.job_id;
    return v_job;
end;
$$;

comment on function public.retry_pricing_sync(uuid, text) is
'Queue the failed and cancelled providers of a job again, under the same job; returns it, open again.';
