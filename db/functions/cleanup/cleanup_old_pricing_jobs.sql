-- The retention of jobs. Price history is never pruned.
-- after: merge_metric_totals, merge_model_counts, require_interval
create or replace function public.cleanup_old_pricing_jobs(keep interval default '30 days')
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- The audit log stores intervals as text, independent of the caller's settings.
set IntervalStyle = 'postgres'
-- Deleting a job waits for its locked log rows; the next call tries again.
set lock_timeout = '2s'
as $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_retention constant interval := (select s.retention from public.pricing_settings s);
    v_is_owner constant boolean := pg_catalog.pg_has_role(
        public.pricing_who()::name,
        (select c.relowner from pg_catalog.pg_class c where c.oid = 'public.pricing_sync_jobs'::regclass),
        'usage'
    );
    -- Cut-offs are variables: no index serves a volatile clock.
    v_before timestamptz;
    v_keys_before constant timestamptz := v_now - interval '24 hours';
    v_others_before constant timestamptz := v_now - interval '1 day';
    v_oldest_logged bigint;
    v_is_early boolean;
    v_job_ids uuid[];
    v_row_ids bigint[];
    v_keys tid[];
    v_pruned integer := 0;
begin
    if keep is null then
        raise exception 'keep must be an interval of zero or more' using errcode = 'PT422', hint = 'For example 30 days.';
    end if;
    -- Compares times, not intervals: 30 days may be more or less than a month.
    v_before := v_now - public.require_interval('keep', cleanup_old_pricing_jobs.keep);
    v_is_early := v_before > v_now - v_retention;
    -- Other callers may run the retention, but not remove younger jobs.
    if v_is_early and not v_is_owner then
        raise exception '% may not prune within the retention of %', public.pricing_who(), v_retention
            using errcode = 'PT409', hint = 'pricing_settings.retention is the owner''s to change.';
    end if;

    -- Ten batches a call keep the transaction short; the next call goes on.
    for i in 1..10 loop
        select array_agg(old.job_id) into v_job_ids
        from (
            select j.job_id
            from public.pricing_sync_jobs j
            where j.status in ('completed', 'failed', 'cancelled')
                and j.completed_at < v_before
                -- An idempotency key must find its job for 24 hours, however short the retention is.
                and coalesce(
                    (select max(k.used_at) from public.pricing_idempotency_keys k where k.job_id = j.job_id)
                        <= v_keys_before,
                    true
                )
            order by j.completed_at
            limit 1000
        ) as old;
        exit when v_job_ids is null;

        -- Queue rows first, in the lock order: a person who retries one locks it and then its job.
        select coalesce(array_agg(locked.id), '{}') into v_row_ids
        from (
            select q.id
            from procrastinate.procrastinate_jobs q
            where q.id in (select l.queue_job_id from public.pricing_sync_log l where l.job_id = any (v_job_ids))
                and q.status not in ('todo', 'doing')
            order by q.id
            for update skip locked
        ) as locked;
        select array_agg(old.job_id) into v_job_ids
        from (
            select j.job_id
            from public.pricing_sync_jobs j
            where j.job_id = any (v_job_ids)
                and j.status in ('completed', 'failed', 'cancelled')
                and not exists (
                    select
                    from public.pricing_sync_log l
                    join procrastinate.procrastinate_jobs q on q.id = l.queue_job_id
                    where l.job_id = j.job_id and q.id <> all (v_row_ids)
                )
            for update skip locked
        ) as old;
        exit when v_job_ids is null;

        delete from procrastinate.procrastinate_jobs q
        using public.pricing_sync_log l
        where l.job_id = any (v_job_ids) and q.id = l.queue_job_id;
        delete from public.pricing_sync_jobs j where j.job_id = any (v_job_ids);
        v_pruned := v_pruned + cardinality(v_job_ids);
    end loop;

    -- Queue rows without log rows, whose job was deleted by hand: older than all that have one. Here and below a subquery
    -- per row reads its events, and rows are deleted by key: a join would read all that is kept.
    v_oldest_logged := coalesce((select min(l.queue_job_id) from public.pricing_sync_log l), 9223372036854775807);
    select array_agg(old.id) into v_row_ids
    from (
        select o.id
        from procrastinate.procrastinate_jobs o
        where o.id < v_oldest_logged
            and o.task_name = 'sync_provider'
            and o.status not in ('todo', 'doing')
            and coalesce(
                (select max(e.at) from procrastinate.procrastinate_events e where e.job_id = o.id) < v_before, true
            )
        order by o.id
        limit 10000
        for update skip locked
    ) as old;
    delete from procrastinate.procrastinate_jobs q where q.id = any (v_row_ids);
    select array_agg(old.id) into v_row_ids
    from (
        select o.id
        from procrastinate.procrastinate_jobs o
        -- The condition of the index pricing_other_rows.
        where o.task_name <> 'sync_provider'
            and o.status not in ('todo', 'doing')
            and coalesce(
                (select max(e.at) from procrastinate.procrastinate_events e where e.job_id = o.id) < v_others_before,
                true
            )
        order by o.id
        limit 1000
        for update skip locked
    ) as old;
    delete from procrastinate.procrastinate_jobs q where q.id = any (v_row_ids);

    -- The age at which trigger_pricing_sync ignores them. They are locked, so ctid stays valid.
    select array_agg(old.ctid) into v_keys
    from (
        select o.ctid
        from public.pricing_idempotency_keys o
        where o.used_at < v_keys_before
        order by o.used_at
        limit 10000
        for update skip locked
    ) as old;
    if v_keys is not null then
        delete from public.pricing_idempotency_keys k where k.ctid = any (v_keys);
    end if;
    perform public.erase_audit_details();
    perform public.merge_metric_totals();
    perform public.merge_model_counts();
    if v_is_early and v_pruned > 0 then
        insert into public.pricing_audit_log (who, action, subject, details)
        values (
            public.pricing_who(),
            'cleanup_old_pricing_jobs',
            'pricing_sync_jobs',
            jsonb_build_object('keep', cleanup_old_pricing_jobs.keep, 'jobs', v_pruned)
        );
    end if;
    return v_pruned;
end;
$$;

comment on function public.cleanup_old_pricing_jobs(interval) is
'Prune jobs that ended longer ago than this, with their log and queue rows, up to 10,000 a call; idempotency keys older than a day; and the audit details that audit_retention no longer keeps. Returns how many jobs. Only the owner may prune within pricing_settings.retention. Prices and their history stay.';
