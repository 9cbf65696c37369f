-- Requeues what give_up_sync could only note. Their workers have gone on to other syncs.
-- after: settle_stuck_syncs
create or replace function public.requeue_given_up_syncs()
returns table (syncs_found integer, syncs_requeued integer)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    select s.syncs_found, s.syncs_settled into syncs_found, syncs_requeued
    from public.settle_stuck_syncs('given_up') s;
    -- The notes of these, and of attempts that the locking session has ended itself, such as a cancellation.
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
    return next;
end;
$$;

comment on function public.requeue_given_up_syncs() is
'Queue the syncs again that a worker gave up because their rows were locked, once the rows are free.';
