-- A starting worker registers before its first clean-up, so that it runs what waited for it.
create or replace function public.fail_unattended_syncs()
returns table (syncs_found integer, syncs_failed integer)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v record;
begin
    syncs_found := 0;
    syncs_failed := 0;
    for v in
        select e.queue_job_id, e.attempt, e.allowed
        from public.pricing_sync_expiry e
        where e.reason = 'no_worker' and e.since < clock_timestamp() - e.allowed
        order by e.queue_job_id
        limit 500
    loop
        syncs_found := syncs_found + 1;
        begin
            continue when (public.lock_stuck_sync('no_worker', v.queue_job_id, v.attempt)).id is null;
            perform public.log_ended_attempt(
                v.queue_job_id, v.attempt, 'failed', 'no_worker',
                format(
                    'No worker has been alive for %s hours',
                    trim_scale(round((extract(epoch from v.allowed) / 3600)::numeric, 2))
                )
            );
            update procrastinate.procrastinate_jobs q set status = 'failed' where q.id = v.queue_job_id;
            syncs_failed := syncs_failed + 1;
        exception
            when transaction_rollback then
                raise;
            when others then
                raise warning 'pricing-sync: unattended queue row % could not be failed: %', v.queue_job_id, sqlerrm;
        end;
    end loop;
    return next;
end;
$$;

comment on function public.fail_unattended_syncs() is
'Fail the syncs that have waited for queued_timeout while no worker was alive.';
