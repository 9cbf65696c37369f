-- Writes what the projection could not, and corrects what manual changes left behind. Row by row, so that a row that
-- fails does not stop the others.
create or replace function public.reconcile_pricing_jobs()
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v record;
    v_row procrastinate.procrastinate_jobs;
    v_is_gone boolean;
    v_reconciled integer := 0;
begin
    -- Queue rows before log rows: ending a job's last open log row ends the job, which would stop its waiting queue rows.
    for v in
        select e.provider_slug, e.queue_job_id, e.attempt, e.job_id
        from public.pricing_sync_expiry e
        where e.reason = 'queue_row_adrift' and e.since < clock_timestamp() - e.allowed
        order by e.queue_job_id
        limit 500
    loop
        begin
            v_row := public.lock_stuck_sync('queue_row_adrift', v.queue_job_id, v.attempt);
            continue when v_row.id is null;
            if not exists (select from public.pricing_sync_jobs j where j.job_id = v.job_id and j.outcome is null) then
                v_reconciled := v_reconciled
                    + public.stop_provider_sync(v.queue_job_id, 'stopped', 'Its job has ended or is gone')::integer;
                continue;
            end if;
            perform public.log_queued_attempt(v.queue_job_id, v.attempt, v.job_id, v.provider_slug);
            if v_row.status = 'doing' then
                update public.pricing_sync_log l
                set status = 'in_progress',
                    worker_id = v_row.worker_id,
                    sync_started_at = coalesce(
                        (
                            select max(e.at)
                            from procrastinate.procrastinate_events e
                            where e.job_id = v.queue_job_id and e.type = 'started'
                        ),
                        clock_timestamp()
                    )
                where l.queue_job_id = v.queue_job_id and l.attempt = v.attempt and l.status = 'queued';
            end if;
            perform public.project_pricing_job(v.job_id);
            v_reconciled := v_reconciled + 1;
        exception
            when transaction_rollback then
                raise;
            when others then
                raise warning 'pricing-sync: log and job of queue row % could not be reconciled: %', v.queue_job_id, sqlerrm;
        end;
    end loop;

    for v in
        select e.queue_job_id, e.attempt, e.job_id
        from public.pricing_sync_expiry e
        where e.reason = 'log_row_adrift' and e.since < clock_timestamp() - e.allowed
        order by e.queue_job_id, e.attempt
        limit 500
    loop
        begin
            v_is_gone := not exists (select from procrastinate.procrastinate_jobs q where q.id = v.queue_job_id);
            if v_is_gone then
                perform from public.pricing_sync_jobs j where j.job_id = v.job_id for no key update skip locked;
                continue when not found or not public.lock_log_row(v.queue_job_id, v.attempt);
            else
                continue when (public.lock_stuck_sync('log_row_adrift', v.queue_job_id, v.attempt)).id is null;
            end if;
            perform public.log_ended_attempt(
                v.queue_job_id, v.attempt, 'failed',
                case when v_is_gone then 'queue_row_deleted' else 'ended_outside' end,
                case when v_is_gone
                    then 'The queue row was deleted before the sync ended'
                    else 'The queue row was ended outside of pricing-sync'
                end
            );
            perform public.count_ended_sync(v.queue_job_id, v.attempt);
            perform public.project_pricing_job(v.job_id);
            v_reconciled := v_reconciled + 1;
        exception
            when transaction_rollback then
                raise;
            when others then
                raise warning 'pricing-sync: log row % could not be reconciled: %',
                    (
                        select l.id
                        from public.pricing_sync_log l
                        where l.queue_job_id = v.queue_job_id and l.attempt = v.attempt
                    ),
                    sqlerrm;
        end;
    end loop;

    for v in
        select e.job_id
        from public.pricing_sync_expiry e
        where e.reason = 'job_adrift' and e.since < clock_timestamp() - e.allowed
        order by e.job_id
        limit 500
    loop
        begin
            perform from public.pricing_sync_jobs j where j.job_id = v.job_id for no key update skip locked;
            continue when not found;
            perform public.project_pricing_job(v.job_id);
            v_reconciled := v_reconciled + 1;
        exception
            when transaction_rollback then
                raise;
            when others then
                raise warning 'pricing-sync: job % could not be reconciled: %', v.job_id, sqlerrm;
        end;
    end loop;
    return v_reconciled;
end;
$$;

comment on function public.reconcile_pricing_jobs() is
'Reconcile log rows and jobs with queue rows that ended, moved or disappeared without them; returns how many it changed.';
