-- The job row summarises its log rows, and is written again whenever one of them changes. It is locked first: providers
-- of one job may end at the same moment, and the last to count must see what the others wrote.
create or replace function public.project_pricing_job(p_job_id uuid)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_job public.pricing_sync_jobs;
    v record;
    v_status text;
    v_outcome text;
begin
    select j.* into v_job from public.pricing_sync_jobs j where j.job_id = p_job_id for no key update;
    if not found then
        return false;
    end if;

    with latest as (
        select distinct on (l.provider_slug) l.*
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
        coalesce(jsonb_object_agg(provider_slug, jsonb_strip_nulls(jsonb_build_object(
            'status', status,
            'attempt', attempt,
            'models_fetched', models_fetched,
            'models_updated', models_updated,
            'models_unchanged', models_unchanged,
            'models_skipped', models_skipped,
            'models_held', models_held,
            'error_kind', error_kind,
            'error_message', error_message,
            'duration_ms', round(duration_ms, 3),
            'differences', details -> 'differences',
            'differences_total', details -> 'differences_total'
        ))), '{}') as results
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

comment on function public.project_pricing_job(uuid) is
'Write into a job what the last attempts of its providers say: all of it while the job is open, its counts once it has ended. Returns whether it is open.';
