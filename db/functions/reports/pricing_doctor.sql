-- `pricing-sync doctor` calls it once and judges the result. Ages are measured here, by the clock that wrote the times: the
-- caller's clock may be wrong.
-- after: pricing_stale, pricing_waiting_summary
create or replace function public.pricing_doctor()
returns jsonb
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
-- With a long queue compiling would take seconds, and the statement less than one.
set jit = off
as $$
declare
    v_cron name;
    v_cron_jobs jsonb;
    v_facts jsonb;
begin
    -- Dynamic SQL: most databases have no schema cron.
    select n.nspname into v_cron
    from pg_catalog.pg_extension e
    join pg_catalog.pg_namespace n on n.nspname = 'cron'
    where e.extname = 'pg_cron';
    if v_cron is not null then
        begin
            execute format(
                $cron$
                    select coalesce(jsonb_agg(jsonb_build_object(
                        'name', j.jobname,
                        'active', j.active,
                        'last_status', d.status,
                        'last_message', d.return_message
                    ) order by j.jobname), '[]')
                    from %1$I.job j
                    left join lateral (
                        select d.status, d.return_message
                        from %1$I.job_run_details d
                        where d.jobid = j.jobid and d.status in ('succeeded', 'failed')
                        order by d.runid desc
                        limit 1
                    ) d on true
                    where starts_with(j.jobname, 'pricing_sync_') and j.database = current_database()
                $cron$,
                v_cron
            ) into v_cron_jobs;
        exception
            -- Then it stays unknown whether the jobs are there.
            when insufficient_privilege then null;
        end;
    end if;

    with waiting as (
        select
            q.id,
            q.args ->> 'provider' as provider,
            coalesce(extract(epoch from clock_timestamp() - public.capped_expiry(l.queued_at)), 0) as seconds,
            h.locked_by,
            extract(epoch from clock_timestamp() - h.locked_at) as locked_seconds
        from procrastinate.procrastinate_jobs q
        -- One index probe per waiting row: a join would read all ended ones too.
        left join lateral (
            select l.queued_at
            from public.pricing_sync_log l
            where l.queue_job_id = q.id and l.attempt = q.attempts + 1
            limit 1
        ) l on true
        left join public.running_sync_locks() h on h.lock_key = q.lock
        where q.status = 'todo' and q.task_name = 'sync_provider'
    ),
    workers as (
        select
            extract(epoch from clock_timestamp() - public.capped_expiry(w.last_heartbeat)) as seconds,
            coalesce(w.last_heartbeat > clock_timestamp() - s.lease, false) as is_alive
        from public.pricing_worker_heartbeats w
        cross join public.pricing_settings s
    ),
    providers as (
        select
            p.slug,
            p.state,
            p.adapter,
            p.base_url,
            p.credential_variable,
            p.consecutive_failures,
            extract(epoch from clock_timestamp() - public.capped_expiry(p.last_success_at)) as success_seconds,
            f.error_kind,
            f.error_message
        from public.pricing_providers p
        left join lateral (
            select l.error_kind, l.error_message
            from public.pricing_sync_log l
            where p.state = 'failing' and l.provider_slug = p.slug and l.status = 'failed'
            order by l.id desc
            limit 1
        ) f on true
        where p.enabled and p.adapter is not null
    ),
    open_transactions as (
        select
            a.pid,
            a.usename as username,
            a.application_name as application,
            extract(epoch from clock_timestamp() - a.state_change) as seconds,
            array_agg(distinct c.relname order by c.relname) as tables
        from pg_catalog.pg_stat_activity a
        join pg_catalog.pg_locks l on l.pid = a.pid and l.database = a.datid and l.granted
        join pg_catalog.pg_class c on c.oid = l.relation and c.relkind in ('r', 'p')
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where a.datname = current_database()
            and a.state like 'idle in transaction%'
            -- A session that has only read, such as a backup, blocks no sync.
            and l.mode <> 'AccessShareLock'
            and (n.nspname = 'procrastinate' or n.nspname = 'public' and c.relname ~ '^(model_)?pricing')
        group by a.pid, a.usename, a.application_name, a.state_change
    )
    select jsonb_build_object(
        'lease_seconds', extract(epoch from s.lease),
        'scheduler_enabled', s.scheduler_enabled,
        'api_readers', s.api_readers,
        'workers_alive', (select count(*) from workers w where w.is_alive),
        'newest_heartbeat_seconds', (select min(w.seconds) from workers w where w.is_alive),
        'oldest_heartbeat_seconds', (select max(w.seconds) from workers w where w.is_alive),
        'workers_silent', (select count(*) from workers w where not w.is_alive),
        'silent_seconds', (select min(w.seconds) from workers w where not w.is_alive),
        'ticks', coalesce(
            (
                select jsonb_object_agg(t.scheduler, jsonb_build_object(
                    'seconds', extract(epoch from clock_timestamp() - public.capped_expiry(t.last_tick_at)),
                    'last_error', t.last_error
                ))
                from public.pricing_scheduler_ticks t
            ),
            '{}'
        ),
        'waiting', (select count(*) from waiting w),
        'oldest_waiting', (select to_jsonb(w) from waiting w order by w.seconds desc, w.id limit 1),
        -- The oldest row that a worker could fetch now.
        'oldest_free', (
            select to_jsonb(w) from waiting w where w.locked_by is null order by w.seconds desc, w.id limit 1
        ),
        'stuck', coalesce(
            (
                select jsonb_object_agg(stuck.reason, stuck.syncs)
                from (select k.reason, count(*) as syncs from public.stuck_pricing_syncs() k group by k.reason) as stuck
            ),
            '{}'
        ),
        'open_transactions', coalesce(
            (select jsonb_agg(to_jsonb(t) order by t.seconds desc, t.pid) from open_transactions t), '[]'
        ),
        -- Sessions whose state this role may not see.
        'hidden_sessions', (
            select count(*)
            from pg_catalog.pg_stat_activity a
            where a.datname = current_database() and a.query = '<insufficient privilege>'
        ),
        -- Models of which a price was published and not read, by provider.
        'incomplete', coalesce(
            (
                select jsonb_object_agg(i.provider_slug, i.models)
                from (
                    select m.provider_slug, count(*) as models
                    from public.model_pricing m
                    where m.is_active and m.extra <> '{}'
                    group by m.provider_slug
                ) as i
            ),
            '{}'
        ),
        'providers', coalesce((select jsonb_agg(to_jsonb(p) order by p.slug) from providers p), '[]'),
        'held', (select to_jsonb(w) from public.pricing_waiting_summary() w),
        'stale', coalesce(
            (
                select jsonb_agg(to_jsonb(k) order by k.seconds desc nulls last, k.provider, k.why)
                from (
                    select
                        s.provider,
                        s.why,
                        count(s.model) as models,
                        extract(epoch from now() - min(s.confirmed_at)) as seconds
                    from public.pricing_stale s
                    group by s.provider, s.why
                ) as k
            ),
            '[]'
        ),
        'cron_jobs', v_cron_jobs
    )
    into strict v_facts
    from public.pricing_settings s;
    return v_facts;
end;
$$;

comment on function public.pricing_doctor() is
'The facts that `pricing-sync doctor` judges, ages in seconds: workers, schedule, waiting and stuck syncs, open transactions, models with prices that were not read, providers, held changes, stale prices, the jobs of pg_cron (null: not visible).';
