-- The loop of the clean-up: pricing_sync_expiry says what is stuck and what is to be done. Row by row, without rows that
-- another session changes: a row that fails does not stop the others.
-- after: list_stuck_syncs, lock_stuck_sync, reconcile_stuck_sync, requeue_given_up_sync
create or replace function public.settle_stuck_syncs(
    p_reason text, p_provider text default null, p_timeout interval default null
)
returns table (syncs_found integer, syncs_settled integer)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v record;
    v_stuck record;
    v_row procrastinate.procrastinate_jobs;
    v_is_settled boolean;
begin
    syncs_found := 0;
    syncs_settled := 0;
    for v in select s.* from public.list_stuck_syncs(p_reason, p_provider, p_timeout) s loop
        syncs_found := syncs_found + 1;
        begin
            select l.* into v_stuck
            from public.lock_stuck_sync(p_reason, v.queue_job_id, v.attempt, p_timeout, v.job_id) l;
            continue when not found;
            select q.* into v_row from procrastinate.procrastinate_jobs q where q.id = v.queue_job_id;

            v_is_settled := true;
            if v_stuck.action = 'reconciled' then
                perform public.reconcile_stuck_sync(
                    p_reason, v.queue_job_id, v.attempt, v.job_id, v_stuck.error_kind, v_stuck.message
                );
            elsif v_stuck.action = 'cancelled' then
                v_is_settled := public.stop_provider_sync(v_row.id, v_stuck.error_kind, v_stuck.message);
            elsif v_stuck.action = 'requeued' and p_reason = 'given_up' then
                -- Its worker has gone on to other syncs, this one among them perhaps, and is not told.
                perform public.requeue_given_up_sync(v_row, v_stuck.message);
            elsif v_stuck.action = 'requeued' then
                perform public.requeue_provider_sync(
                    v_row.id, v.attempt, 'failed', v_stuck.error_kind, v_stuck.message
                );
            elsif v_row.status = 'doing' then
                -- For a live worker, as in stop_provider_sync.
                update procrastinate.procrastinate_jobs q set abort_requested = true where q.id = v_row.id;
                perform public.end_provider_sync(
                    v_row.id, v.attempt, 'failed', v_stuck.error_kind, v_stuck.message
                );
            else
                perform public.log_ended_attempt(
                    v_row.id, v.attempt, 'failed', v_stuck.error_kind, v_stuck.message
                );
                update procrastinate.procrastinate_jobs q set status = 'failed' where q.id = v_row.id;
            end if;
            syncs_settled := syncs_settled + v_is_settled::integer;
        exception
            when transaction_rollback then
                raise;
            when others then
                raise warning 'pricing-sync: % could not be %: %',
                    coalesce('queue row ' || v.queue_job_id, 'job ' || v.job_id),
                    coalesce(v_stuck.action, 'locked'),
                    sqlerrm;
        end;
    end loop;
    return next;
end;
$$;

comment on function public.settle_stuck_syncs(text, text, interval) is
'End, requeue or reconcile what is stuck for this reason (of pricing_sync_expiry), of one provider if named. p_timeout: instead of the allowed time.';
