-- For a caller that has locked what it names. The queue row may be gone.
create or replace function public.reconcile_stuck_sync(
    p_reason text, p_queue_job_id bigint, p_attempt integer, p_job_id uuid, p_error_kind text, p_message text
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_row procrastinate.procrastinate_jobs;
begin
    if p_reason = 'queue_row_adrift' then
        select q.* into v_row from procrastinate.procrastinate_jobs q where q.id = p_queue_job_id;
        perform public.log_queued_attempt(p_queue_job_id, p_attempt, p_job_id, v_row.args ->> 'provider');
        if v_row.status = 'doing' then
            update public.pricing_sync_log l
            set status = 'in_progress',
                worker_id = v_row.worker_id,
                sync_started_at = coalesce(
                    (
                        select max(e.at)
                        from procrastinate.procrastinate_events e
                        where e.job_id = p_queue_job_id and e.type = 'started'
                    ),
                    clock_timestamp()
                )
            where l.queue_job_id = p_queue_job_id and l.attempt = p_attempt and l.status = 'queued';
        end if;
    elsif p_reason = 'log_row_adrift' then
        perform public.log_ended_attempt(p_queue_job_id, p_attempt, 'failed', p_error_kind, p_message);
        perform public.count_ended_sync(p_queue_job_id, p_attempt);
    end if;
    perform public.project_pricing_job(p_job_id);
end;
$$;

comment on function public.reconcile_stuck_sync(text, bigint, integer, uuid, text, text) is
'Write the log row that a queue row lacks, or end the log row that it left open, and bring the job in line.';
