-- Requeues what give_up_sync could only note. Their workers have gone on to other syncs.
-- after: requeue_given_up_sync
create or replace function public.requeue_given_up_syncs()
returns table (syncs_found integer, syncs_requeued integer)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v record;
    v_row procrastinate.procrastinate_jobs;
begin
    syncs_found := 0;
    syncs_requeued := 0;
    -- Notes of attempts that the locking session has ended itself, such as a cancellation.
    delete from public.pricing_given_up_syncs g
    where (g.queue_job_id, g.attempt) in (
        select o.queue_job_id, o.attempt
        from public.pricing_given_up_syncs o
        where not exists (
            select
            from procrastinate.procrastinate_jobs q
            where q.id = o.queue_job_id and q.status = 'doing' and q.attempts + 1 = o.attempt
        )
        limit 500
        for update skip locked
    );
    for v in
        select e.queue_job_id, e.attempt
        from public.pricing_sync_expiry e
        where e.reason = 'given_up'
        order by e.queue_job_id
        limit 500
    loop
        syncs_found := syncs_found + 1;
        begin
            v_row := public.lock_stuck_sync('given_up', v.queue_job_id, v.attempt);
            continue when v_row.id is null;
            perform public.requeue_given_up_sync(v_row, g.message)
            from public.pricing_given_up_syncs g
            where g.queue_job_id = v.queue_job_id and g.attempt = v.attempt;
            delete from public.pricing_given_up_syncs g
            where g.queue_job_id = v.queue_job_id and g.attempt = v.attempt;
            syncs_requeued := syncs_requeued + 1;
        exception
            when transaction_rollback then
                raise;
            when others then
                raise warning 'pricing-sync: queue row %, which was given up, could not be queued again: %',
                    v.queue_job_id, sqlerrm;
        end;
    end loop;
    return next;
end;
$$;

comment on function public.requeue_given_up_syncs() is
'Queue the syncs again that a worker gave up because their rows were locked, once the rows are free.';
