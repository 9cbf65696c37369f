-- The job row summarises its log rows, and is written again whenever one of them changes. It is locked first: providers
-- of one job may end at the same moment, and the last to count must see what the others wrote.
-- Reading the attempts of 32 providers at each start and each end takes 0.8 ms, with the job locked. So while other syncs
-- of the job are open and none has failed, only what the one provider changed is written. The first start and the last end
-- read them all.
-- after: attempt_result
create or replace function public.project_pricing_job(p_job_id uuid, p_provider text default null)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_job public.pricing_sync_jobs;
    v_was jsonb;
    v_is jsonb;
    v record;
    v_status text;
    v_outcome text;
begin
    select j.* into v_job from public.pricing_sync_jobs j where j.job_id = p_job_id for no key update;
    if not found then
        return false;
    end if;

    v_was := v_job.result_data #> array['providers', p_provider];
    if v_was is not null
        and v_job.outcome is null
        and v_job.started_at is not null
        and v_job.providers_failed = 0
        and v_job.providers_synced + 1 < v_job.providers_total
    then
        select public.attempt_result(l) into v_is
        from public.pricing_sync_log l
        where l.job_id = p_job_id and l.provider_slug = p_provider
        order by l.id desc
        limit 1;
        if v_is ->> 'status' in ('queued', 'in_progress', 'success')
            and v_job.providers_synced + (v_is ->> 'status' = 'success')::integer < v_job.providers_total
        then
            update public.pricing_sync_jobs j
            set providers_synced = j.providers_synced
                    + (v_is ->> 'status' = 'success')::integer - (v_was ->> 'status' = 'success')::integer,
                models_fetched = j.models_fetched + (v_is -> 'models_fetched')::integer - (v_was -> 'models_fetched')::integer,
                models_updated = j.models_updated + (v_is -> 'models_updated')::integer - (v_was -> 'models_updated')::integer,
                models_skipped = j.models_skipped + (v_is -> 'models_skipped')::integer - (v_was -> 'models_skipped')::integer,
                result_data = jsonb_set(j.result_data, array['providers', p_provider], v_is),
                revision = j.revision + 1
            where j.job_id = p_job_id;
            return true;
        end if;
    end if;

    with latest as (
        select distinct on (l.provider_slug) l.*, public.attempt_result(l) as result
        from public.pricing_sync_log l
        where l.job_id = p_job_id
        order by l.provider_slug, l.id desc
    )
    select
        count(*)::integer as total,
        count(*) filter (where status = 'success')::integer as succeeded,
        count(*) filter (where status = 'failed')::integer as failed,
        count(*) filter (where status = 'cancelled')::integer as cancelled,
        count(*) filter (where status in ('queued', 'in_progress'))::integer as open,
        (select min(l.sync_started_at) from public.pricing_sync_log l where l.job_id = p_job_id) as started_at,
        coalesce(sum(models_fetched), 0)::integer as models_fetched,
        coalesce(sum(models_updated), 0)::integer as models_updated,
        coalesce(sum(models_skipped), 0)::integer as models_skipped,
        string_agg(provider_slug || ': ' || error_message, '; ' order by provider_slug)
            filter (where status in ('failed', 'cancelled')) as error_message,
        coalesce(jsonb_object_agg(provider_slug, result), '{}') as results
    into v
    from latest;

    if v_job.outcome is not null then
        -- A job that has ended keeps status, time and message; later attempts change its counts only.
        v_status := v_job.status;
        v_outcome := v_job.outcome;
    elsif v.open > 0 then
        v_status := case when coalesce(v_job.started_at, v.started_at) is null then 'queued' else 'running' end;
    elsif v.succeeded > 0 then
        v_status := 'completed';
        v_outcome := case when v.succeeded = v.total then 'success' else 'partial' end;
    elsif v.failed > 0 then
        v_status := 'failed';
        v_outcome := 'failed';
    else
        v_status := 'cancelled';
        v_outcome := 'cancelled';
    end if;

    update public.pricing_sync_jobs j
    set status = v_status,
        outcome = v_outcome,
        -- A row that was being fetched when the job ended may start after that end.
        started_at = coalesce(j.started_at, case when j.outcome is null then v.started_at end),
        completed_at = case when v_outcome is not null then coalesce(j.completed_at, clock_timestamp()) end,
        providers_total = v.total,
        providers_synced = v.succeeded,
        providers_failed = v.failed + v.cancelled,
        models_fetched = v.models_fetched,
        models_updated = v.models_updated,
        models_skipped = v.models_skipped,
        total_errors = v.failed,
        error_message = case
            when j.outcome is not null then j.error_message
            when v.total = 0 then 'Its log rows are gone'
            else left(v.error_message, 500)
        end,
        result_data = jsonb_build_object('providers', v.results),
        revision = j.revision + 1
    where j.job_id = p_job_id
        and (j.outcome is null or j.result_data <> jsonb_build_object('providers', v.results));
    return v_outcome is null;
end;
$$;

comment on function public.project_pricing_job(uuid, text) is
'Write into a job what the last attempts of its providers say, or of the one that has changed: all of it while the job is open, its counts once it has ended. Returns whether it is open.';
