-- The engine's fetch checks for every waiting row whether an earlier one has its lock: 18 ms with 10,000 rows behind 50
-- running locks. This one looks at the first row of each lock only, in an index that has the running row first, and at no
-- row below the mark (raise_low_water_mark). The rule is the engine's: of each lock without a running row the row of highest
-- priority and lowest id, if it is due and in a wanted queue; locked rows are skipped.
-- Fetching a row locks its job, which may be locked: for a moment by another sync of the job, for hours by an open
-- transaction. Other rows go first. When there are none, the function waits for the locked jobs in turn, for a second
-- in all, because no notification tells that a job row was released. With a row in hand it waits for none.
-- A row whose last attempt ended as locked is fetched once its prices and its provider's row are free.
-- A row that no worker can read is ended as failed. The trigger on new rows refuses those, so it is older than that
-- trigger, or was restored.
-- after: sync_lock_holders, queue_row_fault
create or replace function public.fetch_queue_rows(queue_names varchar[], worker_id bigint, most integer)
returns setof procrastinate.procrastinate_jobs
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- Most rows have ended, whatever the statistics of an empty queue said when the plan was made.
set enable_seqscan = off
-- Compiling would take longer than the query, and its estimates are of another moment.
set jit = off
-- Rows come in the order of their index, however few there were when the plan was made.
set enable_sort = off
-- For a locked table; the wait for a row is shorter.
set lock_timeout = '1s'
as $$
declare
    v_until constant timestamptz := clock_timestamp() + interval '1 second';
    v_row procrastinate.procrastinate_jobs;
    v record;
    v_locked_jobs text[];
    v_awaited_job text;
    v_round integer := 0;
    v_fetched integer := 0;
    v_failed integer := 0;
    v_fault text;
    v_set text;
begin
    loop
        v_locked_jobs := '{}';
        for v in
            with recursive mark as (
                select coalesce(
                    (
                        select least(m.lowest_id, (select min(b.queue_job_id) from public.pricing_rows_below_mark b))
                        from public.pricing_low_water_mark m
                        where m.only_row
                    ),
                    '-9223372036854775808'::bigint
                ) as id
            ),
            first_of_lock as (
                (
                    select q.lock, q.status, q.id, q.priority, q.queue_name, q.scheduled_at, q.task_name, q.args, q.attempts
                    from procrastinate.procrastinate_jobs q
                    where q.lock is not null and q.status in ('todo', 'doing') and q.id >= (select m.id from mark m)
                    order by q.lock, q.status <> 'doing', q.priority desc, q.id
                    limit 1
                )
                union all
                select n.*
                from first_of_lock f
                cross join lateral (
                    select q.lock, q.status, q.id, q.priority, q.queue_name, q.scheduled_at, q.task_name, q.args, q.attempts
                    from procrastinate.procrastinate_jobs q
                    where q.lock > f.lock and q.status in ('todo', 'doing') and q.id >= (select m.id from mark m)
                    order by q.lock, q.status <> 'doing', q.priority desc, q.id
                    limit 1
                ) n
            ),
            candidates as (
                select
                    f.id,
                    f.priority,
                    f.queue_name,
                    f.scheduled_at,
                    case when f.task_name = 'sync_provider' then f.args ->> 'job_id' end as job_id,
                    case when f.task_name = 'sync_provider' and f.attempts > 0 then f.args ->> 'provider' end as repeated,
                    f.attempts
                from first_of_lock f
                where f.status = 'todo'
                union all
                (
                    select q.id, q.priority, q.queue_name, q.scheduled_at, null, null, null
                    from procrastinate.procrastinate_jobs q
                    where q.lock is null and q.status = 'todo' and q.id >= (select m.id from mark m)
                    order by q.lock, q.status <> 'doing', q.priority desc, q.id
                )
            )
            select c.id, c.job_id, c.repeated, c.attempts
            from candidates c
            where (fetch_queue_rows.queue_names is null or c.queue_name = any (fetch_queue_rows.queue_names))
                and (c.scheduled_at is null or c.scheduled_at <= now())
            order by c.priority desc, c.id
        loop
            continue when v.job_id = any (v_locked_jobs);
            exit when v_round > 0 and clock_timestamp() > v_until;
            begin
                -- Other locks that are not free within this time are tried again in the next round.
                -- Assigned: an expression costs a fraction of a statement.
                v_set := pg_catalog.set_config('lock_timeout', '50ms', true);
                if v.repeated is not null
                    and exists (
                        select
                        from public.pricing_sync_log l
                        where l.queue_job_id = v.id and l.attempt = v.attempts and l.error_kind = 'locked'
                    )
                    and public.sync_lock_holders(v.repeated) is not null
                then
                    raise no_data_found;
                end if;
                -- The job first, so that this session waits for it without other locks. It never waits for the queue row.
                if v.job_id = v_awaited_job and v_fetched = 0 then
                    perform from public.pricing_sync_jobs j where j.job_id = v.job_id::uuid for no key update;
                else
                    perform
                    from public.pricing_sync_jobs j
                    where j.job_id = v.job_id::uuid
                    for no key update skip locked;
                    if not found and exists (
                        select from public.pricing_sync_jobs j where j.job_id = v.job_id::uuid
                    ) then
                        raise lock_not_available;
                    end if;
                end if;

                -- See the trigger pricing_notify_sync_job.
                v_set := pg_catalog.set_config('pricing.fetching', 'on', true);
                update procrastinate.procrastinate_jobs q
                set status = 'doing', worker_id = fetch_queue_rows.worker_id
                where q.id = (
                    select r.id
                    from procrastinate.procrastinate_jobs r
                    where r.id = v.id and r.status = 'todo'
                    for update skip locked
                )
                returning q.* into v_row;
                if v_row.id is not null then
                    v_set := pg_catalog.set_config('pricing.fetching', '', true);
                    v_fault := public.queue_row_fault(v_row.args, v_row.scheduled_at);
                    if v_fault is null then
                        return next v_row;
                        v_fetched := v_fetched + 1;
                        exit when v_fetched >= coalesce(fetch_queue_rows.most, 1);
                        continue;
                    end if;
                    raise warning 'pricing-sync: queue row % of task % was ended as failed: %', v_row.id, v_row.task_name, v_fault;
                    insert into public.pricing_audit_log (who, action, subject, details)
                    values (
                        'fetch_queue_rows', 'fail_queue_row', v_row.id::text,
                        jsonb_build_object('task', v_row.task_name, 'message', v_fault)
                    );
                    update procrastinate.procrastinate_jobs q set status = 'failed' where q.id = v_row.id;
                    continue;
                end if;
                -- Another session has the row: leave the block, which releases the job.
                raise no_data_found;
            exception
                when lock_not_available then
                    v_locked_jobs := v_locked_jobs || v.job_id;
                when no_data_found then
                    null;
                when unique_violation then
                    -- Another session has fetched a row of the same lock: without a row in hand the worker asks again.
                    exit when v_fetched > 0;
                    raise;
                when transaction_rollback then
                    raise;
                when others then
                    -- A row that cannot be started keeps none of the others; what keeps all of them is an error.
                    v_failed := v_failed + 1;
                    if v_failed >= 100 and v_fetched = 0 then
                        raise;
                    end if;
                    raise warning 'pricing-sync: queue row % cannot be fetched: %', v.id, sqlerrm;
                    exit when v_failed >= 100;
            end;
        end loop;

        exit when v_fetched > 0 or v_failed > 0 or v_locked_jobs = '{}' or clock_timestamp() > v_until;
        v_awaited_job := v_locked_jobs[1 + v_round % cardinality(v_locked_jobs)];
        v_round := v_round + 1;
    end loop;
end;
$$;

comment on function public.fetch_queue_rows(varchar[], bigint, integer) is
'Give a worker the next queue rows that it may run, so many at most, each as procrastinate_fetch_job_v2 gives it, but in a time that does not grow with the queue; no row when there is none.';
