-- A worker calls it when it has waited too long for locks of other sessions. It never waits itself: where queue row, log
-- row or job are locked too, it notes the attempt, and a later clean-up requeues it (requeue_given_up_syncs). It never
-- ends a sync: the sync is queued again, however often. Workers of 0.5.0 know the outcome held by that name.
-- after: sync_lock_holders, pricing_table_holders, requeue_given_up_sync
create or replace function public.give_up_sync(queue_job_id bigint, attempt integer)
returns table (outcome text, message text)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- For a locked table.
set lock_timeout = '500ms'
as $$
declare
    v_row procrastinate.procrastinate_jobs;
    v_job_id uuid;
    v_provider text;
begin
    select (q.args ->> 'job_id')::uuid, q.args ->> 'provider' into v_job_id, v_provider
    from procrastinate.procrastinate_jobs q
    where q.id = give_up_sync.queue_job_id and public.passes_fence(q, give_up_sync.attempt);
    if not found then
        outcome := 'late';
        return next;
        return;
    end if;

    select q.* into v_row
    from procrastinate.procrastinate_jobs q
    where q.id = give_up_sync.queue_job_id and public.passes_fence(q, give_up_sync.attempt)
    for no key update skip locked;
    if not found then
        message := 'Its queue row is locked by ' || public.pricing_lock_holders(
            'procrastinate.procrastinate_jobs'::regclass,
            (select q.xmax from procrastinate.procrastinate_jobs q where q.id = give_up_sync.queue_job_id)
        );
    elsif not public.lock_log_row(give_up_sync.queue_job_id, give_up_sync.attempt) then
        message := 'Its log row is locked by ' || public.pricing_lock_holders(
            'public.pricing_sync_log'::regclass,
            (
                select l.xmax
                from public.pricing_sync_log l
                where l.queue_job_id = give_up_sync.queue_job_id and l.attempt = give_up_sync.attempt
            )
        );
    else
        perform from public.pricing_sync_jobs j where j.job_id = v_job_id for no key update skip locked;
        if not found and exists (select from public.pricing_sync_jobs j where j.job_id = v_job_id) then
            message := 'Its job is locked by ' || public.pricing_lock_holders(
                'public.pricing_sync_jobs'::regclass,
                (select j.xmax from public.pricing_sync_jobs j where j.job_id = v_job_id)
            );
        end if;
    end if;

    if message is not null then
        outcome := 'noted';
        insert into public.pricing_given_up_syncs (queue_job_id, attempt, message)
        values (give_up_sync.queue_job_id, give_up_sync.attempt, give_up_sync.message)
        on conflict do nothing;
    else
        outcome := 'queued';
        message := coalesce(
            public.sync_lock_holders(v_provider),
            'What it waited for was locked by a session that has released it since'
        );
        perform public.requeue_given_up_sync(v_row, message);
    end if;
    return next;
exception
    when lock_not_available then
        outcome := 'held';
        message := coalesce(public.pricing_table_holders(), 'a table was locked by a session that has released it since');
        return next;
end;
$$;

comment on function public.give_up_sync(bigint, integer) is
'Give up a running attempt that has waited too long for a lock, and queue its provider sync again; message names the session. outcome: queued, noted (a clean-up queues it), held (a table is locked, so nothing could be written) or late (it no longer runs).';
