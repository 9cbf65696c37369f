-- A fetch whose answer is lost has given rows to a worker that does not know of them. When that worker signs off, they go
-- back to the queue at once, and do not count as syncs that lost their worker. What another session locks stays, for the
-- clean-up.
-- after: end_provider_sync
create or replace function public.return_queue_rows(worker_id bigint, known bigint[])
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v record;
    v_returned integer := 0;
begin
    for v in
        select q.id, q.attempts + 1 as attempt, q.args ->> 'job_id' as job_id, q.args ->> 'provider' as provider
        from procrastinate.procrastinate_jobs q
        where q.worker_id = return_queue_rows.worker_id
            and q.status = 'doing'
            and q.task_name = 'sync_provider'
            and q.id <> all (return_queue_rows.known)
            and not exists (
                select
                from public.pricing_given_up_syncs g
                where g.queue_job_id = q.id and g.attempt = q.attempts + 1
            )
        order by q.id
        for no key update of q skip locked
    loop
        begin
            -- In the lock order, and without a wait: a worker signs off within seconds, and many rows may be locked.
            perform
            from public.pricing_sync_log l
            where l.queue_job_id = v.id and l.attempt = v.attempt
            for no key update nowait;
            perform from public.pricing_sync_jobs j where j.job_id = v.job_id::uuid for no key update nowait;
            perform from public.pricing_providers p where p.slug = v.provider for no key update nowait;
            v_returned := v_returned + public.end_provider_sync(
                v.id, v.attempt, 'queued', 'handed_back',
                'The worker lost its connection before the sync began; it was queued again'
            )::integer;
        exception
            when lock_not_available then
                null;
        end;
    end loop;
    return v_returned;
end;
$$;

comment on function public.return_queue_rows(bigint, bigint[]) is
'Queue the provider syncs again that a worker was given and does not know of; returns how many.';
