-- Gives a row its lock, queue and job whatever inserted it, so that a row deferred by the engine's command line is equal
-- to one of an HTTP trigger.
create or replace function public.prepare_provider_sync()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_provider text := new.args ->> 'provider';
    v_unknown text;
    v_job public.pricing_sync_jobs;
    v_last bigint;
begin
    if jsonb_typeof(new.args) is distinct from 'object' then
        raise exception 'The arguments of sync_provider are not an object'
            using errcode = 'PT422', hint = 'It takes {"provider": "<slug>"}.';
    end if;
    select string_agg(k, ', ' order by k) into v_unknown
    from jsonb_object_keys(new.args) as k
    where k not in ('provider', 'job_id');
    if v_unknown is not null then
        raise exception 'sync_provider does not know the argument %', v_unknown
            using errcode = 'PT422', hint = 'It takes {"provider": "<slug>"}.';
    end if;
    if v_provider is null then
        raise exception 'sync_provider needs a provider'
            using errcode = 'PT422', hint = 'It takes {"provider": "<slug>"}.';
    end if;
    if new.scheduled_at > clock_timestamp() then
        -- A row with a later time would block all rows behind its lock until then.
        raise exception 'A provider sync cannot be scheduled for later'
            using errcode = 'PT422', hint = 'Defer it when it is due.';
    end if;
    perform public.resolve_sync_providers(array[v_provider]);

    if new.args ->> 'job_id' is null then
        insert into public.pricing_sync_jobs as j (triggered_by, providers, providers_total)
        values (public.pricing_who(), array[v_provider], 1)
        returning j.* into v_job;
        new.args := jsonb_build_object('provider', v_provider, 'job_id', v_job.job_id);
    else
        -- Locked, so that no session ends the job before this row is visible.
        perform
        from public.pricing_sync_jobs j
        where j.job_id = (
                case when new.args ->> 'job_id' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                    then new.args ->> 'job_id'
                end
            )::uuid
            and j.status in ('queued', 'running')
        for no key update;
        if not found then
            raise exception 'There is no open job %', quote_literal(left(new.args ->> 'job_id', 60))
                using errcode = 'PT422', hint = 'Leave job_id out: a job is made for it.';
        end if;
        -- What its syncs change is attributed to the job, which covers the providers it was triggered or retried with.
        if not exists (
            select
            from public.pricing_sync_jobs j
            where j.job_id = (new.args ->> 'job_id')::uuid and v_provider = any (j.providers)
        ) then
            raise exception 'Provider % is none of job %', quote_literal(v_provider), new.args ->> 'job_id'
                using errcode = 'PT422', hint = 'Leave job_id out: a job is made for it.';
        end if;
        if (
            select l.status
            from public.pricing_sync_log l
            where l.job_id = (new.args ->> 'job_id')::uuid
                and l.provider_slug = v_provider
                -- Not its own log row, which a restore inserts first.
                and l.queue_job_id <> new.id
            order by l.id desc
            limit 1
        ) in ('queued', 'in_progress', 'success') then
            raise exception 'Job % has a sync of % already', new.args ->> 'job_id', quote_literal(v_provider)
                using errcode = 'PT422', hint = 'Leave job_id out: a job is made for it.';
        end if;
    end if;

    -- The engine's ids may start again (truncate ... restart identity, a restore of our tables only), but log rows refer
    -- to them: a row whose id the log knows takes one past all that were used.
    if public.queue_id_is_taken(new.id, (new.args ->> 'job_id')::uuid, v_provider) then
        select greatest(
            (select max(l.queue_job_id) from public.pricing_sync_log l),
            (select max(g.queue_job_id) from public.pricing_given_up_syncs g)
        )
        into v_last;
        new.id := nextval('procrastinate.procrastinate_jobs_id_seq');
        if new.id <= v_last then
            -- nextval step by step: setval could undo what another session takes at the same time.
            select max(nextval('procrastinate.procrastinate_jobs_id_seq')) into new.id
            from generate_series(new.id, least(v_last, new.id + 1000000));
        end if;
        if public.queue_id_is_taken(new.id, (new.args ->> 'job_id')::uuid, v_provider) then
            raise exception 'The queue numbers its rows with numbers that were given before'
                using errcode = 'PT409', hint = 'Run `pricing-sync migrate`: it sets the sequence.';
        end if;
    end if;

    new.queue_name := 'pricing';
    new.lock := 'pricing_sync:' || v_provider;
    -- Different priorities within one lock make the engine's fetch raise a unique violation.
    new.priority := 0;
    new.queueing_lock := null;
    new.scheduled_at := null;
    new.status := 'todo';
    new.attempts := 0;
    new.abort_requested := false;
    new.worker_id := null;
    return new;
end;
$$;

comment on function public.prepare_provider_sync() is
'Trigger: give a new queue row of a provider its lock, queue and job, or refuse it with PT422.';
