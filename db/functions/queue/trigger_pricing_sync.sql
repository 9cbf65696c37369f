-- HTTP, the SQL editor, cron and the command line call it: one call inserts the job with its queue rows.
-- after: add_pricing_sync_job, idempotency_identity, pricing_lock_holders, require_author
create or replace function public.trigger_pricing_sync(
    providers text[] default null,
    triggered_by text default current_user,
    dry_run boolean default false,
    on_conflict text default 'queue',
    idempotency_key text default null
)
returns public.pricing_sync_jobs
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- A sync request in an open transaction may lock the providers or the key for hours.
set lock_timeout = '5s'
as $$
declare
    v_request constant jsonb := jsonb_build_object(
        'providers', trigger_pricing_sync.providers,
        'dry_run', coalesce(trigger_pricing_sync.dry_run, false),
        'on_conflict', trigger_pricing_sync.on_conflict
    );
    v_identity text;
    v_since timestamptz;
    v_job_id constant uuid := gen_random_uuid();
    v_providers text[];
    v_key public.pricing_idempotency_keys;
    v_job public.pricing_sync_jobs;
    v_holder record;
begin
    if on_conflict is null or on_conflict not in ('queue', 'coalesce', 'reject') then
        raise exception 'on_conflict cannot be %', coalesce(quote_literal(on_conflict), 'null')
            using errcode = 'PT422', hint = 'It is one of queue, coalesce, reject.';
    end if;
    perform public.require_author(
        'triggered_by', trigger_pricing_sync.triggered_by, 'Name the person or program that triggers.'
    );
    -- Reserved for enqueue_due_pricing_syncs, so that people can tell scheduled jobs from requested ones.
    if triggered_by ~* '^[[:space:]]*schedule[[:space:]]*$' then
        raise exception 'triggered_by cannot be %: only the schedule says that of itself', quote_literal(triggered_by)
            using errcode = 'PT422',
                hint = 'Name the person or program that triggers. What is due is enqueued by select enqueue_due_pricing_syncs();';
    end if;
    if length(idempotency_key) not between 1 and 200 then
        raise exception 'idempotency_key must have 1 to 200 characters'
            using errcode = 'PT422', hint = 'Use a random value, such as a UUID, for each intended trigger.';
    end if;

    if idempotency_key is not null then
        select i.identity, i.since into v_identity, v_since
        from public.idempotency_identity(trigger_pricing_sync.triggered_by) i;
        begin
            if v_since is not null then
                -- Before 0.4.0 the row had the key's name alone, which no second key could get.
                update public.pricing_idempotency_keys k
                set identity = v_identity
                where k.identity = trigger_pricing_sync.triggered_by
                    and k.key = trigger_pricing_sync.idempotency_key
                    and k.used_at >= v_since
                    and not exists (
                        select
                        from public.pricing_idempotency_keys o
                        where o.identity = v_identity and o.key = trigger_pricing_sync.idempotency_key
                    );
            end if;
            loop
                -- Concurrent calls with one key wait here for each other, so that the second finds the first's job.
                insert into public.pricing_idempotency_keys (identity, key, job_id, request)
                values (v_identity, trigger_pricing_sync.idempotency_key, v_job_id, v_request)
                on conflict on constraint pricing_idempotency_keys_pkey do nothing;
                exit when found;
                select k.* into v_key
                from public.pricing_idempotency_keys k
                where k.identity = v_identity and k.key = trigger_pricing_sync.idempotency_key;
                exit when v_key.used_at > clock_timestamp() - interval '24 hours';
                -- Older than a day: the first caller takes the row over, the others look again. Or it was just pruned.
                update public.pricing_idempotency_keys k
                set job_id = v_job_id, request = v_request, used_at = clock_timestamp()
                where k.identity = v_identity
                    and k.key = trigger_pricing_sync.idempotency_key
                    and k.used_at = v_key.used_at;
                if found then
                    v_key := null;
                    exit;
                end if;
            end loop;
        exception
            when lock_not_available then
                raise exception 'The idempotency key is locked by %',
                        public.pricing_lock_holders('public.pricing_idempotency_keys'::regclass, null)
                    using errcode = 'lock_not_available',
                        hint = 'Nothing was written; try again with the same key.';
        end;
        if v_key.key is not null then
            -- The request is compared, not the providers it resolved to: "all" may change within a day.
            if v_key.request <> v_request then
                raise exception 'The idempotency key was used for another trigger, job %', v_key.job_id
                    using errcode = 'PT409', hint = 'Repeat a trigger with the same key and the same body, or use a new key.';
            end if;
            select j.* into strict v_job from public.pricing_sync_jobs j where j.job_id = v_key.job_id;
            return v_job;
        end if;
    end if;

    v_providers := public.resolve_sync_providers(trigger_pricing_sync.providers);

    if on_conflict <> 'queue' then
        perform public.lock_provider_triggers(v_providers);
    end if;

    if on_conflict = 'reject' then
        select q.lock as lock_key, q.args ->> 'job_id' as job_id, l.sync_started_at as locked_at
        into v_holder
        from procrastinate.procrastinate_jobs q
        left join public.pricing_sync_log l on l.queue_job_id = q.id and l.attempt = q.attempts + 1
        where q.task_name = 'sync_provider'
            and q.status in ('todo', 'doing')
            and q.lock = any (select 'pricing_sync:' || p from unnest(v_providers) as p)
        order by q.status = 'doing' desc, q.id
        limit 1;
        if found then
            raise exception '% is locked by job %', v_holder.lock_key, v_holder.job_id
                using errcode = 'PT429',
                    hint = 'Wait until it ends, or trigger with on_conflict => ''queue''.',
                    detail = jsonb_build_object(
                        'lock_key', v_holder.lock_key,
                        'locked_by_job', v_holder.job_id,
                        'locked_at', v_holder.locked_at
                    )::text;
        end if;
    elsif on_conflict = 'coalesce' then
        select j.* into v_job
        from public.pricing_sync_jobs j
        where j.status = 'queued'
            and j.dry_run = coalesce(trigger_pricing_sync.dry_run, false)
            and j.providers @> v_providers
            and j.providers <@ v_providers
            -- All of its syncs must wait: one that runs may have fetched its list already.
            and not exists (
                select from public.pricing_sync_log l where l.job_id = j.job_id and l.status <> 'queued'
            )
        order by j.triggered_at
        limit 1;
    end if;

    if v_job.job_id is null then
        v_job := public.add_pricing_sync_job(
            v_providers,
            trigger_pricing_sync.triggered_by,
            v_request,
            v_job_id,
            trigger_pricing_sync.idempotency_key
        );
    end if;

    if idempotency_key is not null and v_job.job_id <> v_job_id then
        -- The request was answered with a job that was waiting.
        update public.pricing_idempotency_keys k
        set job_id = v_job.job_id
        where k.identity = v_identity and k.key = trigger_pricing_sync.idempotency_key;
    end if;
    return v_job;
end;
$$;

comment on function public.trigger_pricing_sync(text[], text, boolean, text, text) is
'Queue one job for these providers (null: all that can be synced) and return it at once; workers run it.';
