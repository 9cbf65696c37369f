-- pricing-sync 0.4.0 on Postgres 15: its schema, and a small sample.
-- Written by `make release`. Without the engine's schema: see tests/releases/dump.py.

ALTER SCHEMA procrastinate OWNER TO pricing_owner;

ALTER TYPE procrastinate.procrastinate_job_event_type OWNER TO pricing_owner;

ALTER TYPE procrastinate.procrastinate_job_status OWNER TO pricing_owner;

ALTER TYPE procrastinate.procrastinate_job_to_defer_v1 OWNER TO pricing_owner;

CREATE DOMAIN public.pricing_usd AS numeric
	CONSTRAINT pricing_usd_check CHECK (((VALUE >= (0)::numeric) AND (VALUE < 'Infinity'::numeric)));


ALTER DOMAIN public.pricing_usd OWNER TO pricing_owner;

COMMENT ON DOMAIN public.pricing_usd IS 'US dollars for one unit: zero or more, finite, unrounded; null means unknown.';

ALTER FUNCTION procrastinate.procrastinate_cancel_job_v1 OWNER TO pricing_owner;

ALTER FUNCTION procrastinate.procrastinate_defer_jobs_v1 OWNER TO pricing_owner;

ALTER FUNCTION procrastinate.procrastinate_defer_periodic_job_v2 OWNER TO pricing_owner;

ALTER TABLE procrastinate.procrastinate_jobs OWNER TO pricing_owner;

ALTER FUNCTION procrastinate.procrastinate_fetch_job_v2 OWNER TO pricing_owner;

ALTER FUNCTION procrastinate.procrastinate_finish_job_v1 OWNER TO pricing_owner;

ALTER FUNCTION procrastinate.procrastinate_notify_queue_abort_job_v1 OWNER TO pricing_owner;

ALTER FUNCTION procrastinate.procrastinate_notify_queue_job_inserted_v1 OWNER TO pricing_owner;

ALTER FUNCTION procrastinate.procrastinate_prune_stalled_workers_v1 OWNER TO pricing_owner;

ALTER FUNCTION procrastinate.procrastinate_register_worker_v1 OWNER TO pricing_owner;

ALTER FUNCTION procrastinate.procrastinate_retry_job_v1 OWNER TO pricing_owner;

ALTER FUNCTION procrastinate.procrastinate_retry_job_v2 OWNER TO pricing_owner;

ALTER FUNCTION procrastinate.procrastinate_trigger_abort_requested_events_procedure_v1 OWNER TO pricing_owner;

ALTER FUNCTION procrastinate.procrastinate_trigger_function_scheduled_events_v1 OWNER TO pricing_owner;

ALTER FUNCTION procrastinate.procrastinate_trigger_function_status_events_insert_v1 OWNER TO pricing_owner;

ALTER FUNCTION procrastinate.procrastinate_trigger_function_status_events_update_v1 OWNER TO pricing_owner;

ALTER FUNCTION procrastinate.procrastinate_unlink_periodic_defers_v1 OWNER TO pricing_owner;

ALTER FUNCTION procrastinate.procrastinate_unregister_worker_v1 OWNER TO pricing_owner;

ALTER FUNCTION procrastinate.procrastinate_update_heartbeat_v1 OWNER TO pricing_owner;

CREATE TABLE public.pricing_change_rules (
    id bigint NOT NULL,
    provider_slug text NOT NULL,
    model_id text,
    up_to_ratio numeric NOT NULL,
    reason text NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    ended_by text,
    CONSTRAINT pricing_change_rules_check CHECK ((expires_at > created_at)),
    CONSTRAINT pricing_change_rules_model_id_check CHECK (((length(model_id) >= 1) AND (length(model_id) <= 512))),
    CONSTRAINT pricing_change_rules_reason_check CHECK ((reason <> ''::text)),
    CONSTRAINT pricing_change_rules_up_to_ratio_check CHECK (((up_to_ratio > (1)::numeric) AND (up_to_ratio < 'Infinity'::numeric)))
);


ALTER TABLE public.pricing_change_rules OWNER TO pricing_owner;

COMMENT ON TABLE public.pricing_change_rules IS 'Which larger changes a person accepts beforehand, for one model or a whole provider, until a time.';

COMMENT ON COLUMN public.pricing_change_rules.model_id IS 'As the provider spells it; null: every model of the provider.';

COMMENT ON COLUMN public.pricing_change_rules.up_to_ratio IS 'A change whose token prices all move by this factor or less is applied.';

CREATE FUNCTION public.accept_price_changes(provider text, up_to_ratio numeric, until timestamp with time zone, reason text, model text DEFAULT NULL::text, accepted_by text DEFAULT CURRENT_USER) RETURNS public.pricing_change_rules
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $$
declare
    v_rule public.pricing_change_rules;
begin
    if accepted_by is null or length(accepted_by) not between 1 and 200 then
        raise exception 'accepted_by must have 1 to 200 characters'
            using errcode = 'PT422', hint = 'Name the person who accepts.';
    end if;
    if reason is null or length(reason) > 500 or btrim(reason) = '' then
        raise exception 'reason must have 1 to 500 characters'
            using errcode = 'PT422', hint = 'Say what is expected of the provider, and who announced it.';
    end if;
    if up_to_ratio is null or up_to_ratio <= 1 or up_to_ratio >= 'Infinity' then
        raise exception 'up_to_ratio cannot be %', coalesce(up_to_ratio::text, 'null')
            using errcode = 'PT422', hint = 'It is more than 1: 20 accepts changes up to 20 times as much, or a twentieth.';
    end if;
    if until is null then
        raise exception 'until cannot be null'
            using errcode = 'PT422', hint = 'It is a time to come, such as now() + interval ''3 days''.';
    end if;
    perform public.checked_expiry('until', accept_price_changes.until);
    if not exists (select from public.pricing_providers p where p.slug = accept_price_changes.provider) then
        raise exception 'There is no provider %', coalesce(quote_literal(left(accept_price_changes.provider, 60)), 'null')
            using errcode = 'PT404', hint = 'select slug from pricing_providers shows them.';
    end if;
    if model is not null and not exists (
        select
        from public.model_pricing m
        where m.provider_slug = accept_price_changes.provider and m.model_id = accept_price_changes.model
    ) then
        raise exception '% has no model %', accept_price_changes.provider, quote_literal(left(accept_price_changes.model, 512))
            using errcode = 'PT404',
                hint = 'Ids are case sensitive, as the provider spells them: select model from model_prices where provider = ...';
    end if;

    perform public.lock_provider_prices(array[accept_price_changes.provider]);
    insert into public.pricing_change_rules as r (
        provider_slug, model_id, up_to_ratio, reason, created_by, expires_at
    )
    values (
        accept_price_changes.provider,
        accept_price_changes.model,
        accept_price_changes.up_to_ratio,
        accept_price_changes.reason,
        accept_price_changes.accepted_by,
        accept_price_changes.until
    )
    returning r.* into v_rule;
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        accept_price_changes.accepted_by,
        'accept_price_changes',
        v_rule.id::text,
        jsonb_build_object(
            'provider', v_rule.provider_slug,
            'model', v_rule.model_id,
            'up_to_ratio', v_rule.up_to_ratio,
            'until', v_rule.expires_at,
            'reason', v_rule.reason
        )
    );
    return v_rule;
end;
$$;


ALTER FUNCTION public.accept_price_changes(provider text, up_to_ratio numeric, until timestamp with time zone, reason text, model text, accepted_by text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.accept_price_changes(provider text, up_to_ratio numeric, until timestamp with time zone, reason text, model text, accepted_by text) IS 'Until then, let syncs apply changes of a provider, or of one model, that are held for their ratio alone and move by up to this factor; returns the rule.';

CREATE TABLE public.pricing_sync_log (
    id bigint NOT NULL,
    job_id uuid NOT NULL,
    provider_slug text NOT NULL,
    queue_job_id bigint NOT NULL,
    attempt integer NOT NULL,
    status text DEFAULT 'queued'::text NOT NULL,
    triggered_by text NOT NULL,
    queued_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    sync_started_at timestamp with time zone,
    sync_completed_at timestamp with time zone,
    duration_ms numeric GENERATED ALWAYS AS ((EXTRACT(epoch FROM (sync_completed_at - sync_started_at)) * (1000)::numeric)) STORED,
    models_fetched integer DEFAULT 0 NOT NULL,
    models_updated integer DEFAULT 0 NOT NULL,
    models_unchanged integer DEFAULT 0 NOT NULL,
    models_skipped integer DEFAULT 0 NOT NULL,
    models_held integer DEFAULT 0 NOT NULL,
    errors integer DEFAULT 0 NOT NULL,
    error_kind text,
    error_message text,
    worker_id bigint,
    applied_at timestamp with time zone,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT pricing_sync_log_attempt_check CHECK ((attempt >= 1)),
    CONSTRAINT pricing_sync_log_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'in_progress'::text, 'success'::text, 'failed'::text, 'cancelled'::text])))
);


ALTER TABLE public.pricing_sync_log OWNER TO pricing_owner;

COMMENT ON TABLE public.pricing_sync_log IS 'One row per attempt at one provider, from the moment of the trigger on.';

COMMENT ON COLUMN public.pricing_sync_log.queue_job_id IS 'The queue row, procrastinate.procrastinate_jobs.id; that row may be pruned, this one stays.';

COMMENT ON COLUMN public.pricing_sync_log.attempt IS '1 for the first try at this queue row.';

COMMENT ON COLUMN public.pricing_sync_log.sync_started_at IS 'When a worker fetched it; null while queued.';

COMMENT ON COLUMN public.pricing_sync_log.duration_ms IS 'Milliseconds from sync_started_at to sync_completed_at.';

COMMENT ON COLUMN public.pricing_sync_log.models_fetched IS 'Models in the provider''s list, skipped ones included.';

COMMENT ON COLUMN public.pricing_sync_log.models_updated IS 'Models that got a history row, first prices included.';

COMMENT ON COLUMN public.pricing_sync_log.models_unchanged IS 'Models whose price in force was confirmed.';

COMMENT ON COLUMN public.pricing_sync_log.models_held IS 'Models whose new price waits for review.';

COMMENT ON COLUMN public.pricing_sync_log.errors IS '1 when the attempt failed, else 0.';

COMMENT ON COLUMN public.pricing_sync_log.error_kind IS 'Why it failed, one of a closed set of words: timeout, http_status, worker_lost ...';

COMMENT ON COLUMN public.pricing_sync_log.applied_at IS 'When its prices were written, in the same transaction as the end of the queue row.';

COMMENT ON COLUMN public.pricing_sync_log.details IS 'skipped: the models not understood, with reasons; unknown_keys: price keys seen for the first time; differences: of a dry run.';

CREATE FUNCTION public.accept_shorter_list(provider text, accepted_by text DEFAULT CURRENT_USER) RETURNS public.pricing_sync_log
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $$
declare
    v_refused public.pricing_sync_log;
begin
    if accepted_by is null or length(accepted_by) not between 1 and 200 then
        raise exception 'accepted_by must have 1 to 200 characters'
            using errcode = 'PT422', hint = 'Name the person who accepts the list.';
    end if;
    perform
    from public.pricing_providers p
    where p.slug = accept_shorter_list.provider
    for no key update;
    if not found then
        raise exception 'There is no provider %', coalesce(quote_literal(left(accept_shorter_list.provider, 60)), 'null')
            using errcode = 'PT404', hint = 'select slug from pricing_providers lists them.';
    end if;

    select l.* into v_refused
    from public.pricing_sync_log l
    where l.provider_slug = accept_shorter_list.provider
        and l.status = 'failed'
        and l.error_kind in ('list_shrunk', 'prices_gone')
        and not exists (
            select
            from public.pricing_sync_log s
            where s.provider_slug = l.provider_slug and s.status = 'success' and s.id > l.id
        )
    order by l.id desc
    limit 1;
    if not found then
        raise exception 'No list of % was refused as too short since its last success', accept_shorter_list.provider
            using errcode = 'PT409',
                hint = 'select error_kind, error_message from pricing_sync_log where provider_slug = ... order by id desc says why it fails.';
    end if;

    update public.pricing_providers p
    set accepted_list_at = clock_timestamp(),
        accepted_list_models = case v_refused.error_kind
            when 'list_shrunk' then coalesce(
                -- In the words of refuse_odd_list.
                substring(v_refused.error_message from '^The list has ([0-9]{1,9}) of ')::integer, 0
            )
            else p.accepted_list_models
        end,
        accepted_list_prices_gone = p.accepted_list_prices_gone or v_refused.error_kind = 'prices_gone'
    where p.slug = v_refused.provider_slug;
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        accept_shorter_list.accepted_by,
        'accept_shorter_list',
        v_refused.provider_slug,
        jsonb_build_object(
            'error_kind', v_refused.error_kind,
            'error_message', v_refused.error_message,
            'job_id', v_refused.job_id
        )
    );
    return v_refused;
end;
$$;


ALTER FUNCTION public.accept_shorter_list(provider text, accepted_by text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.accept_shorter_list(provider text, accepted_by text) IS 'Accept that a provider''s list has lost half of its models, or of their prices (list_shrunk, prices_gone): its next list within 7 days may be as short as the refused one, and the models that it lacks become inactive at once. Returns the refused attempt.';

CREATE FUNCTION public.add_pricing_api_key(p_name text, p_role text, p_created_by text, p_expires_at timestamp with time zone) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    -- gen_random_uuid is the server's own strong random source; three of them hashed give 256 bits.
    v_id text := left(encode(sha256(gen_random_uuid()::text::bytea), 'hex'), 12);
    v_secret text := encode(
        sha256((gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text)::bytea), 'hex'
    );
    v_key text := 'psk_' || v_id || '_' || v_secret;
begin
    perform public.checked_expiry('expires_at', p_expires_at, 'leave it out for a key that does not expire');
    begin
        insert into public.pricing_api_keys (key_id, name, role, key_digest, created_by, expires_at)
        values (v_id, p_name, p_role, sha256(v_key::bytea), coalesce(p_created_by, public.pricing_who()), p_expires_at);
    exception
        -- Our functions hold the name: a row of it was written by hand.
        when unique_violation then
            raise exception 'There is a key named % already', quote_literal(p_name)
                using errcode = 'PT409', hint = 'Somebody has added it just now: select name, state from pricing_keys lists them.';
        when lock_not_available then
            raise exception 'The keys named % are held by %',
                    p_name, public.pricing_lock_holders('public.pricing_api_keys'::regclass, null)
                using errcode = 'lock_not_available',
                    hint = 'Nothing was written; try again. select pg_terminate_backend(<pid>) ends that session.';
    end;
    return v_key;
end;
$$;


ALTER FUNCTION public.add_pricing_api_key(p_name text, p_role text, p_created_by text, p_expires_at timestamp with time zone) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.add_pricing_api_key(p_name text, p_role text, p_created_by text, p_expires_at timestamp with time zone) IS 'Make a key, keep its digest and return it; who calls it has checked and locked the name.';

CREATE TABLE public.pricing_sync_jobs (
    job_id uuid DEFAULT gen_random_uuid() NOT NULL,
    status text DEFAULT 'queued'::text NOT NULL,
    outcome text,
    triggered_by text NOT NULL,
    triggered_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    duration_seconds numeric GENERATED ALWAYS AS (EXTRACT(epoch FROM (completed_at - started_at))) STORED,
    dry_run boolean DEFAULT false NOT NULL,
    request jsonb DEFAULT '{}'::jsonb NOT NULL,
    providers text[] DEFAULT '{}'::text[] NOT NULL,
    providers_total integer DEFAULT 0 NOT NULL,
    providers_synced integer DEFAULT 0 NOT NULL,
    providers_failed integer DEFAULT 0 NOT NULL,
    models_fetched integer DEFAULT 0 NOT NULL,
    models_updated integer DEFAULT 0 NOT NULL,
    models_skipped integer DEFAULT 0 NOT NULL,
    total_errors integer DEFAULT 0 NOT NULL,
    error_message text,
    result_data jsonb DEFAULT '{}'::jsonb NOT NULL,
    idempotency_key text,
    stopped_at timestamp with time zone,
    revision bigint DEFAULT 0 NOT NULL,
    session_login text DEFAULT SESSION_USER,
    acting_role text DEFAULT NULLIF(current_setting('role'::text, true), 'none'::text),
    CONSTRAINT pricing_sync_jobs_check CHECK (((outcome IS NULL) = (status = ANY (ARRAY['queued'::text, 'running'::text])))),
    CONSTRAINT pricing_sync_jobs_error_message_check CHECK ((length(error_message) <= 500)),
    CONSTRAINT pricing_sync_jobs_idempotency_key_check CHECK (((length(idempotency_key) >= 1) AND (length(idempotency_key) <= 200))),
    CONSTRAINT pricing_sync_jobs_outcome_check CHECK ((outcome = ANY (ARRAY['success'::text, 'partial'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT pricing_sync_jobs_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'completed'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT pricing_sync_jobs_triggered_by_check CHECK (((length(triggered_by) >= 1) AND (length(triggered_by) <= 200)))
);


ALTER TABLE public.pricing_sync_jobs OWNER TO pricing_owner;

COMMENT ON TABLE public.pricing_sync_jobs IS 'One row per trigger; its state follows the queue rows of its provider syncs.';

COMMENT ON COLUMN public.pricing_sync_jobs.status IS 'queued, running, completed, failed or cancelled.';

COMMENT ON COLUMN public.pricing_sync_jobs.outcome IS 'Null until it ends, then success, partial, failed or cancelled.';

COMMENT ON COLUMN public.pricing_sync_jobs.triggered_by IS 'What the caller says of itself.';

COMMENT ON COLUMN public.pricing_sync_jobs.started_at IS 'When its first provider sync was fetched by a worker.';

COMMENT ON COLUMN public.pricing_sync_jobs.duration_seconds IS 'Seconds from started_at to completed_at.';

COMMENT ON COLUMN public.pricing_sync_jobs.request IS 'What the caller asked for, by which a repeated idempotency key is compared: providers (null: all), dry_run, on_conflict.';

COMMENT ON COLUMN public.pricing_sync_jobs.providers IS 'The providers that are synced, in the order of the queue.';

COMMENT ON COLUMN public.pricing_sync_jobs.providers_synced IS 'Providers whose last attempt succeeded.';

COMMENT ON COLUMN public.pricing_sync_jobs.providers_failed IS 'Providers whose last attempt failed or was cancelled.';

COMMENT ON COLUMN public.pricing_sync_jobs.models_updated IS 'Models that got a history row, first prices included.';

COMMENT ON COLUMN public.pricing_sync_jobs.models_skipped IS 'Models that could not be understood; the log rows name them.';

COMMENT ON COLUMN public.pricing_sync_jobs.total_errors IS 'Provider syncs of this job that failed.';

COMMENT ON COLUMN public.pricing_sync_jobs.result_data IS 'Per provider: status, counts and error of its last attempt.';

COMMENT ON COLUMN public.pricing_sync_jobs.stopped_at IS 'When a person cancelled the job, or ended it by an UPDATE of its status.';

COMMENT ON COLUMN public.pricing_sync_jobs.revision IS 'Raised by every change that the system makes; a change of status that leaves it alone is a person''s.';

COMMENT ON COLUMN public.pricing_sync_jobs.session_login IS 'The login of the database session that triggered it, as the server knows it; null in jobs from before version 0.4.0.';

COMMENT ON COLUMN public.pricing_sync_jobs.acting_role IS 'The role that this session had taken with SET ROLE, as the server knows it; null for none.';

CREATE FUNCTION public.add_pricing_sync_job(p_providers text[], p_triggered_by text, p_request jsonb, p_job_id uuid DEFAULT gen_random_uuid(), p_idempotency_key text DEFAULT NULL::text) RETURNS public.pricing_sync_jobs
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_job public.pricing_sync_jobs;
begin
    insert into public.pricing_sync_jobs as j (
        job_id, triggered_by, dry_run, request, providers, providers_total, idempotency_key
    )
    values (
        p_job_id,
        p_triggered_by,
        (p_request ->> 'dry_run')::boolean,
        p_request,
        p_providers,
        cardinality(p_providers),
        p_idempotency_key
    )
    returning j.* into v_job;
    perform public.defer_provider_syncs(v_job.job_id, p_providers);
    return v_job;
end;
$$;


ALTER FUNCTION public.add_pricing_sync_job(p_providers text[], p_triggered_by text, p_request jsonb, p_job_id uuid, p_idempotency_key text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.add_pricing_sync_job(p_providers text[], p_triggered_by text, p_request jsonb, p_job_id uuid, p_idempotency_key text) IS 'Write a job and the queue rows of its providers, which are syncable and were decided upon; returns the job.';

CREATE FUNCTION public.apply_provider_prices(queue_job_id bigint, attempt integer, prices jsonb, observed_at timestamp with time zone DEFAULT clock_timestamp(), skipped jsonb DEFAULT '[]'::jsonb, unknown_keys jsonb DEFAULT '[]'::jsonb, etag text DEFAULT NULL::text, etag_parser text DEFAULT NULL::text, content_digest text DEFAULT NULL::text, reference jsonb DEFAULT NULL::jsonb, reference_version text DEFAULT NULL::text) RETURNS TABLE(status text, models_fetched integer, models_updated integer, models_skipped integer, models_unchanged integer, models_held integer, details jsonb)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    SET lock_timeout TO '4s'
    AS $_$
declare
    v_until constant timestamptz := clock_timestamp() + interval '4 seconds';
    v_patience interval;
    v_row procrastinate.procrastinate_jobs;
    v_log public.pricing_sync_log;
    v_job public.pricing_sync_jobs;
    v_provider public.pricing_providers;
    v_targets text[];
    v_now timestamptz;
    v_observed_at timestamptz := coalesce(apply_provider_prices.observed_at, clock_timestamp());
    v_source text;
    v_not_modified boolean := apply_provider_prices.prices is null;
    v_is_shorter boolean;
    v_list record;
    v_verdicts jsonb;
    v_judged record;
    v_held integer;
    v_updated integer := 0;
    v_skipped integer;
    v_unknown_keys text[];
begin
    select q.* into v_row
    from procrastinate.procrastinate_jobs q
    where q.id = apply_provider_prices.queue_job_id
        and q.task_name = 'sync_provider'
        -- Here, so that a late attempt locks nothing: somebody who ends the job just then would leave the row to it.
        and q.status = 'doing'
        and q.attempts + 1 = apply_provider_prices.attempt
    for no key update;

    select l.* into v_log
    from public.pricing_sync_log l
    where l.queue_job_id = apply_provider_prices.queue_job_id and l.attempt = apply_provider_prices.attempt;
    if v_log.applied_at is not null then
        return query select c.* from public.counts_of_sync(v_log) c;
        return;
    end if;

    if v_row.id is null
        or v_row.abort_requested
        or v_log.id is null
        or v_log.status not in ('queued', 'in_progress')
        -- Whose job it is and whose prices, the log says, and the lock that is held the row.
        or (v_log.job_id::text, v_log.provider_slug)
            is distinct from (lower(v_row.args ->> 'job_id'), v_row.args ->> 'provider')
    then
        raise exception 'Attempt % of queue row % is not running any more; its prices were not written',
                apply_provider_prices.attempt, apply_provider_prices.queue_job_id
            using errcode = 'PT409', hint = 'Another worker has it, or it was cancelled; pricing_sync_log says which.';
    end if;

    select j.* into strict v_job from public.pricing_sync_jobs j where j.job_id = v_log.job_id;
    select p.* into v_provider from public.pricing_providers p where p.slug = v_log.provider_slug;

    if v_provider.enabled is not true then
        perform public.end_provider_sync(
            v_row.id, apply_provider_prices.attempt, 'cancelled', 'disabled',
            'The provider was disabled or deleted while its sync ran'
        );
        select l.* into v_log from public.pricing_sync_log l where l.id = v_log.id;
        return query select c.* from public.counts_of_sync(v_log) c;
        return;
    end if;

    select b.prices, b.skipped into apply_provider_prices.prices, apply_provider_prices.skipped
    from public.bound_price_list(apply_provider_prices.prices, apply_provider_prices.skipped) b;
    v_skipped := coalesce(jsonb_array_length(apply_provider_prices.skipped), 0);
    if length(apply_provider_prices.reference_version) > 100
        or length(apply_provider_prices.content_digest) > 256
        or pg_column_size(apply_provider_prices.reference) > 134217728
    then
        raise exception 'The reference or its version, or the digest of the list, is too long'
            using errcode = 'PT422',
                detail = jsonb_build_object('error_kind', 'too_large')::text,
                hint = 'Nothing was changed.';
    end if;
    -- Without one, the next fetch asks for the whole list.
    if length(apply_provider_prices.etag) > 256 or length(apply_provider_prices.etag_parser) > 256 then
        apply_provider_prices.etag := null;
        apply_provider_prices.etag_parser := null;
    end if;

    -- A worker's clock may be a little ahead. What is neither a time of this service nor finite, no program can read.
    if v_observed_at not between timestamptz '2000-01-01 00:00:00+00' and clock_timestamp() + interval '1 hour' then
        raise exception 'No list was observed at %', v_observed_at
            using errcode = 'PT422', hint = 'Nothing was changed. Set the clock of the worker.';
    end if;
    v_observed_at := least(v_observed_at, clock_timestamp());

    -- Guards and the catalogue go by whose a price is, so the list is not asked. Where several rows share an adapter,
    -- the row that has its name knows whether it reads prices.
    v_source := case
        when 'catalogue' in (v_provider.slug, v_provider.adapter) or not coalesce(
            (select a.price_api from public.pricing_providers a where a.slug = v_provider.adapter), v_provider.price_api
        ) then 'catalogue:' || coalesce(
            apply_provider_prices.reference_version,
            left(substring(apply_provider_prices.prices -> 0 ->> 'source' from '^catalogue:(.*)$'), 100),
            'unknown'
        )
        else 'api:' || v_provider.slug
    end;

    v_targets := public.lock_listed_prices(v_provider.slug, apply_provider_prices.prices, v_until);
    v_now := clock_timestamp();
    -- The time that comparing takes is nobody's waiting.
    v_patience := v_until - v_now;
    perform public.wait_for_locks_until(v_until);

    if not v_job.dry_run then
        perform public.store_pricing_catalogue(v_provider.slug, r.reference, r.version)
        from (
            select
                apply_provider_prices.reference as reference,
                apply_provider_prices.reference_version as version
            union all
            -- All that the catalogue lists, also of providers that speak for themselves.
            select
                apply_provider_prices.prices,
                left(substring(apply_provider_prices.prices -> 0 ->> 'source' from '^catalogue:(.*)$'), 100)
            where v_provider.slug = 'catalogue'
        ) as r
        where r.reference is not null and r.version is not null;
    end if;

    if v_not_modified then
        select r.*, '{}'::jsonb as lists into v_list
        from public.repeat_provider_list(v_provider.slug, v_targets, v_job.dry_run) r;
    else
        v_is_shorter := public.refuse_odd_list(
            v_provider.slug, v_targets, apply_provider_prices.prices, apply_provider_prices.skipped
        );
        select l.* into v_list
        from public.list_provider_models(
            v_provider.slug,
            v_targets,
            apply_provider_prices.prices,
            apply_provider_prices.skipped,
            v_observed_at,
            v_now,
            v_job.dry_run,
            v_is_shorter,
            v_source
        ) l;
    end if;

    select coalesce(jsonb_agg(to_jsonb(j)), '[]') into v_verdicts
    from public.judge_price_changes(
        v_provider.slug, v_list.changes, v_list.lists, apply_provider_prices.reference
    ) j;
    select h.* into v_judged
    from public.hold_price_changes(
        v_provider.slug,
        v_list.changes,
        v_verdicts,
        v_list.unchanged_ids,
        v_now,
        v_job.job_id,
        v_observed_at,
        v_job.dry_run
    ) h;
    v_held := jsonb_array_length(v_judged.held);
    if not v_job.dry_run then
        v_updated := public.write_model_prices(
            v_judged.passing,
            'api_sync:' || v_provider.slug,
            v_now,
            v_job.job_id,
            v_observed_at
        );
    end if;
    v_unknown_keys := array(
        select k.key
        from (
            select left(e.key, 200) as key
            from jsonb_array_elements_text(apply_provider_prices.unknown_keys) with ordinality as e (key, position)
            where e.position <= 1000
        ) as k
        where k.key <> all (v_provider.unknown_keys)
    );

    perform public.hold_sync_end(
        v_row.id,
        v_log.attempt,
        v_job.job_id,
        case when not v_job.dry_run then v_provider.slug end,
        clock_timestamp() + v_patience
    );
    update public.pricing_sync_log l
    set status = 'success',
        sync_completed_at = clock_timestamp(),
        applied_at = v_now,
        models_fetched = case
            when v_not_modified then v_list.compared_count
            -- What the catalogue lists of providers that speak for themselves is fetched, and no more.
            else jsonb_array_length(apply_provider_prices.prices) + v_skipped
        end,
        models_updated = v_updated,
        models_skipped = v_skipped,
        models_unchanged = v_list.compared_count - v_held
            - case when v_job.dry_run then jsonb_array_length(v_judged.passing) else v_updated end,
        models_held = v_held,
        details = jsonb_strip_nulls(jsonb_build_object(
            'not_modified', case when v_not_modified then true end,
            'skipped', (
                -- The first of them are enough to understand; models_skipped counts all.
                select jsonb_agg(
                    jsonb_build_object(
                        'model_id', left(s.entry ->> 'model_id', 512), 'reason', left(s.entry ->> 'reason', 500)
                    )
                    order by s.position
                )
                from jsonb_array_elements(apply_provider_prices.skipped) with ordinality as s (entry, position)
                where s.position <= 1000
            ),
            'unknown_keys', to_jsonb(nullif(v_unknown_keys, '{}'))
        )) || case
            when v_job.dry_run then public.show_price_changes(v_list.changes, v_judged.held)
            else '{}'
        end
    where l.id = v_log.id
    returning l.* into v_log;

    update procrastinate.procrastinate_jobs q
    set status = 'succeeded'
    where q.id = v_row.id;

    if not v_job.dry_run then
        update public.pricing_providers p
        set last_success_at = v_now,
            last_changed_at = case when v_updated > 0 then v_now else p.last_changed_at end,
            consecutive_failures = 0,
            accepted_list_at = null,
            accepted_list_models = null,
            accepted_list_prices_gone = false,
            -- A slot that came while it ran, or before, is served; one to come is kept, unless failures had stretched it.
            next_sync_at = case
                when p.next_sync_at > clock_timestamp() and p.consecutive_failures < 3 then p.next_sync_at
                when p.next_sync_at > clock_timestamp() then least(
                    p.next_sync_at, public.next_pricing_sync_at(null, p.sync_interval, p.sync_jitter, 0)
                )
                else public.next_pricing_sync_at(p.next_sync_at, p.sync_interval, p.sync_jitter, 0)
            end,
            state = case
                when p.state = 'disabled' then p.state
                when p.price_api then 'ok'
                else 'no_price_api'
            end,
            -- The newest of them: keys that are new with every list would fill the row.
            unknown_keys = (p.unknown_keys || v_unknown_keys)[
                greatest(cardinality(p.unknown_keys) + cardinality(v_unknown_keys) - 999, 1):
            ],
            etag = case when v_not_modified then p.etag else apply_provider_prices.etag end,
            etag_parser = case when v_not_modified then p.etag_parser else apply_provider_prices.etag_parser end,
            content_digest = case when v_not_modified then p.content_digest else apply_provider_prices.content_digest end
        where p.slug = v_provider.slug;
    end if;

    return query select c.* from public.counts_of_sync(v_log) c;
end;
$_$;


ALTER FUNCTION public.apply_provider_prices(queue_job_id bigint, attempt integer, prices jsonb, observed_at timestamp with time zone, skipped jsonb, unknown_keys jsonb, etag text, etag_parser text, content_digest text, reference jsonb, reference_version text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.apply_provider_prices(queue_job_id bigint, attempt integer, prices jsonb, observed_at timestamp with time zone, skipped jsonb, unknown_keys jsonb, etag text, etag_parser text, content_digest text, reference jsonb, reference_version text) IS 'Write the price list of a running attempt (null: not modified) and end it; what looks wrong is held. Whose prices they are is decided here, whatever the list says. The same attempt again changes nothing, a late one gets PT409. Returns counts. reference: the catalogue''s numbers for the list''s models, [{model_id, prices}].';

CREATE TABLE public.pricing_held_changes (
    id bigint NOT NULL,
    model_id bigint NOT NULL,
    provider_slug text NOT NULL,
    status text DEFAULT 'held'::text NOT NULL,
    class text NOT NULL,
    reason text NOT NULL,
    ratio numeric,
    to_zero boolean DEFAULT false NOT NULL,
    prices jsonb NOT NULL,
    previous jsonb NOT NULL,
    evidence jsonb DEFAULT '[]'::jsonb NOT NULL,
    pricing_source text NOT NULL,
    extra jsonb DEFAULT '{}'::jsonb NOT NULL,
    raw jsonb DEFAULT '{}'::jsonb NOT NULL,
    first_job_id uuid,
    job_id uuid,
    first_seen_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    times_seen integer DEFAULT 1 NOT NULL,
    still_said boolean DEFAULT true NOT NULL,
    observed_at timestamp with time zone,
    decided_at timestamp with time zone,
    decided_by text,
    decision_note text,
    CONSTRAINT pricing_held_changes_check CHECK (((status = 'held'::text) = (decided_at IS NULL))),
    CONSTRAINT pricing_held_changes_class_check CHECK ((class = ANY (ARRAY['large'::text, 'unit'::text, 'first_list'::text, 'rollback'::text]))),
    CONSTRAINT pricing_held_changes_evidence_check CHECK ((jsonb_typeof(evidence) = 'array'::text)),
    CONSTRAINT pricing_held_changes_previous_check CHECK ((jsonb_typeof(previous) = 'object'::text)),
    CONSTRAINT pricing_held_changes_prices_check CHECK ((jsonb_typeof(prices) = 'object'::text)),
    CONSTRAINT pricing_held_changes_ratio_check CHECK ((ratio >= (0)::numeric)),
    CONSTRAINT pricing_held_changes_reason_check CHECK ((reason <> ''::text)),
    CONSTRAINT pricing_held_changes_status_check CHECK ((status = ANY (ARRAY['held'::text, 'approved'::text, 'rejected'::text, 'applied'::text, 'superseded'::text, 'withdrawn'::text]))),
    CONSTRAINT pricing_held_changes_times_seen_check CHECK ((times_seen > 0))
);


ALTER TABLE public.pricing_held_changes OWNER TO pricing_owner;

COMMENT ON TABLE public.pricing_held_changes IS 'Price changes that looked wrong and were not applied: what waits for a person, and what became of the others.';

COMMENT ON COLUMN public.pricing_held_changes.model_id IS 'model_pricing.id.';

COMMENT ON COLUMN public.pricing_held_changes.status IS 'held; approved or rejected by a person; applied by itself or by a rule; superseded by another price; withdrawn: the provider went back.';

COMMENT ON COLUMN public.pricing_held_changes.class IS 'large: may apply itself; unit, first_list and rollback: only a person applies it.';

COMMENT ON COLUMN public.pricing_held_changes.ratio IS 'The largest factor by which one of its token prices moves, up or down; null where there is nothing to compare with.';

COMMENT ON COLUMN public.pricing_held_changes.to_zero IS 'A positive token price falls to zero.';

COMMENT ON COLUMN public.pricing_held_changes.prices IS 'The price set that waits: USD for one unit by column of model_pricing, and its conditions.';

COMMENT ON COLUMN public.pricing_held_changes.previous IS 'The price set that it would replace.';

COMMENT ON COLUMN public.pricing_held_changes.evidence IS 'For each suspicious axis: number before, number now, the catalogue''s, the provider''s own text and unit.';

COMMENT ON COLUMN public.pricing_held_changes.raw IS 'What the provider wrote: text and unit of each price key.';

COMMENT ON COLUMN public.pricing_held_changes.job_id IS 'The last job that said so; first_job_id the first.';

COMMENT ON COLUMN public.pricing_held_changes.times_seen IS 'Syncs that said the same, from first_seen_at to last_seen_at.';

COMMENT ON COLUMN public.pricing_held_changes.still_said IS 'False once the provider has said something else of the model: a rejection binds for as long as this is true.';

CREATE FUNCTION public.approve_held_price_change(id bigint, approved_by text DEFAULT CURRENT_USER, note text DEFAULT NULL::text) RETURNS public.pricing_held_changes
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $$
declare
    v_held public.pricing_held_changes;
begin
    if approved_by is null or length(approved_by) not between 1 and 200 then
        raise exception 'approved_by must have 1 to 200 characters'
            using errcode = 'PT422', hint = 'Name the person who approves.';
    end if;
    if length(note) > 500 then
        raise exception 'note must have 500 characters at most'
            using errcode = 'PT422', hint = 'Say in a line why the price is right.';
    end if;

    select h.* into v_held from public.pricing_held_changes h where h.id = approve_held_price_change.id;
    if not found then
        raise exception 'There is no held price change %', coalesce(approve_held_price_change.id::text, 'null')
            using errcode = 'PT404', hint = 'select * from pricing_held shows those that wait.';
    end if;
    perform public.lock_provider_prices(array[v_held.provider_slug]);
    -- As it is now: a sync, or somebody else, may have decided it meanwhile.
    select h.* into v_held
    from public.pricing_held_changes h
    where h.id = approve_held_price_change.id
    for no key update;
    if v_held.status = 'rejected' and not v_held.still_said then
        raise exception 'Held price change % was rejected, and its provider says something else since', v_held.id
            using errcode = 'PT409', hint = 'select * from pricing_held shows what waits now.';
    elsif v_held.status not in ('held', 'rejected') then
        raise exception 'Held price change % does not wait any more: it is % (by %)',
                v_held.id, v_held.status, v_held.decided_by
            using errcode = 'PT409', hint = 'select * from pricing_held shows what waits now.';
    end if;

    perform public.decide_held_price_changes(
        array[v_held.id], 'approved', approve_held_price_change.approved_by, approve_held_price_change.note
    );
    insert into public.pricing_audit_log (who, action, subject, details)
    select
        approve_held_price_change.approved_by,
        'approve_held_price_change',
        v_held.id::text,
        jsonb_build_object(
            'provider', m.provider_slug,
            'model', m.model_id,
            'reason', v_held.reason,
            'was', v_held.status,
            'note', approve_held_price_change.note
        )
    from public.model_pricing m
    where m.id = v_held.model_id;
    select h.* into v_held from public.pricing_held_changes h where h.id = approve_held_price_change.id;
    return v_held;
end;
$$;


ALTER FUNCTION public.approve_held_price_change(id bigint, approved_by text, note text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.approve_held_price_change(id bigint, approved_by text, note text) IS 'Make a price that waits, or one that was rejected while the provider still says it, the price in force (under an override: the synced one); returns it.';

CREATE FUNCTION public.approve_held_price_changes(job_id uuid, approved_by text DEFAULT CURRENT_USER, note text DEFAULT NULL::text) RETURNS SETOF public.pricing_held_changes
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select * from public.decide_held_changes_of_job(job_id, 'approved', approved_by, note);
$$;


ALTER FUNCTION public.approve_held_price_changes(job_id uuid, approved_by text, note text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.approve_held_price_changes(job_id uuid, approved_by text, note text) IS 'Approve all that waits and was last said by this job; returns what it approved.';

CREATE FUNCTION public.audit_change_by_hand() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_stack text;
    v_old jsonb;
    v_new jsonb;
    v_row jsonb;
begin
    get diagnostics v_stack = pg_context;
    if tg_nargs > 0 and public.pricing_is_called_by(v_stack, variadic tg_argv::text[]) then
        return null;
    end if;
    if tg_op in ('UPDATE', 'DELETE') then
        v_old := to_jsonb(old);
    end if;
    if tg_op in ('INSERT', 'UPDATE') then
        v_new := to_jsonb(new);
    end if;
    v_row := coalesce(v_new, v_old);
    -- A restore inserts rows of the past. Those that are over were somebody's decision then; of the others nobody can tell.
    if tg_op = 'INSERT'
        and (
            coalesce(v_row ->> 'ended_at', v_row ->> 'revoked_at') is not null
            or (v_row ->> 'expires_at')::timestamptz <= now()
        )
    then
        return null;
    end if;
    if v_old = v_new then
        return null;
    end if;

    insert into public.pricing_audit_log (id, who, action, subject, details)
    overriding system value
    values (
        -- An INSERT may be a restore, whose rows of this log have their numbers.
        nextval('public.pricing_audit_log_id_seq') * case tg_op when 'INSERT' then -1 else 1 end,
        public.pricing_who(),
        lower(tg_op) || '_' || tg_table_name,
        coalesce(v_row ->> 'name', v_row ->> 'id', tg_table_name),
        (
            -- Values of the row may be null, and are said to be.
            select case when v_old is null then '{}' else jsonb_build_object('before', jsonb_object_agg(c.name, v_old -> c.name)) end
                || case when v_new is null then '{}' else jsonb_build_object('after', jsonb_object_agg(c.name, v_new -> c.name)) end
                || case
                    when tg_op = 'UPDATE' and v_old -> 'key_digest' is distinct from v_new -> 'key_digest'
                    then '{"secret": "replaced"}' else '{}'
                end::jsonb
            from jsonb_object_keys(v_row) as c (name)
            where c.name <> 'key_digest' and (v_old -> c.name) is distinct from (v_new -> c.name)
        )
    );
    return null;
end;
$$;


ALTER FUNCTION public.audit_change_by_hand() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.audit_change_by_hand() IS 'Trigger: write an audit row for a change that no function of ours makes; its arguments name those that do.';

CREATE FUNCTION public.audit_deleted_jobs() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_stack text;
begin
    get diagnostics v_stack = pg_context;
    if public.pricing_is_called_by(v_stack, 'cleanup_old_pricing_jobs') then
        return null;
    end if;
    if tg_op = 'TRUNCATE' then
        insert into public.pricing_audit_log (who, action, subject)
        values (public.pricing_who(), 'truncate_pricing_sync_jobs', 'pricing_sync_jobs');
        return null;
    end if;
    insert into public.pricing_audit_log (who, action, subject, details)
    select
        public.pricing_who(),
        'delete_pricing_sync_jobs',
        case count(*) when 1 then min(d.job_id::text) else 'pricing_sync_jobs' end,
        jsonb_build_object('jobs', count(*), 'job_ids', jsonb_agg(d.job_id) filter (where d.place <= 100))
    from (select o.job_id, row_number() over (order by o.triggered_at desc) as place from deleted o) as d
    having count(*) > 0;
    return null;
end;
$$;


ALTER FUNCTION public.audit_deleted_jobs() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.audit_deleted_jobs() IS 'Trigger: write an audit row when a person deletes jobs: how many, and the newest 100.';

CREATE FUNCTION public.audit_provider_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_by_others constant boolean := tg_nargs > 0;
    -- What syncs and the schedule write, many times a day: no decision of a person.
    v_machine constant text[] := case when v_by_others then array[]::text[] else array[
        'state', 'next_sync_at', 'next_allowed_at', 'last_success_at', 'last_changed_at', 'consecutive_failures',
        'etag', 'etag_parser', 'content_digest', 'unknown_keys', 'created_at',
        -- A decision, whose function leaves a row of its own; a sync ends it.
        'accepted_list_at', 'accepted_list_models', 'accepted_list_prices_gone'
    ] end;
    v_was jsonb := jsonb_build_object();
    v_now jsonb := jsonb_build_object();
    v_changes jsonb;
    v_action text := case tg_op when 'INSERT' then 'add_provider' when 'DELETE' then 'remove_provider' else 'change_provider' end;
begin
    if tg_op <> 'INSERT' then
        v_was := to_jsonb(old) - v_machine;
    end if;
    if tg_op <> 'DELETE' then
        v_now := to_jsonb(new) - v_machine;
    end if;
    if v_was = v_now then
        return null;
    end if;
    if tg_op = 'INSERT' and new.created_at <> transaction_timestamp() and pg_catalog.pg_has_role(
        session_user, (select c.relowner from pg_catalog.pg_class c where c.oid = tg_relid), 'usage'
    ) then
        -- A dump is being restored, by somebody who could do it without triggers as well: nobody decides anything,
        -- and a row here could take the number of one that is still to come.
        return null;
    end if;
    -- What stands before an @ may be a password, and this log is kept for ever.
    select jsonb_object_agg(
        k.name,
        case k.name
            when 'base_url' then jsonb_build_object(
                'was', regexp_replace(v_was ->> k.name, '//.*@', '//***@'),
                'now', regexp_replace(v_now ->> k.name, '//.*@', '//***@')
            )
            else jsonb_build_object('was', v_was -> k.name, 'now', v_now -> k.name)
        end
    )
    into v_changes
    from jsonb_object_keys(v_was || v_now) as k (name)
    where v_was -> k.name is distinct from v_now -> k.name;
    -- Not by hand: a person decided about its first list, which has a row of its own.
    if v_changes = '{"review_first": {"was": true, "now": false}}'
        and not v_by_others
        and current_setting('pricing.first_list_decided', true) = 'on'
    then
        v_action := 'end_first_review';
    end if;
    insert into public.pricing_audit_log (who, action, subject, details)
    values (public.pricing_who(), v_action, coalesce(v_was ->> 'slug', v_now ->> 'slug'), v_changes);
    return null;
end;
$$;


ALTER FUNCTION public.audit_provider_change() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.audit_provider_change() IS 'Trigger: what a person adds, changes or removes of a provider is in pricing_audit_log, column by column, was and now.';

CREATE FUNCTION public.audit_settings_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_was constant jsonb := to_jsonb(old) - 'updated_at';
    v_now constant jsonb := to_jsonb(new) - 'updated_at';
begin
    insert into public.pricing_audit_log (who, action, subject, details)
    select
        public.pricing_who(),
        'change_settings',
        'pricing_settings',
        jsonb_object_agg(k.name, jsonb_build_object('was', v_was -> k.name, 'now', v_now -> k.name))
    from jsonb_object_keys(v_now) as k (name)
    where v_was -> k.name is distinct from v_now -> k.name
    having count(*) > 0;
    return null;
end;
$$;


ALTER FUNCTION public.audit_settings_change() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.audit_settings_change() IS 'Trigger: a changed setting is in pricing_audit_log, was and now.';

CREATE FUNCTION public.beat_pricing_worker(worker_id bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform procrastinate.procrastinate_update_heartbeat_v1(beat_pricing_worker.worker_id);
    return exists (
        select from procrastinate.procrastinate_workers w where w.id = beat_pricing_worker.worker_id
    );
end;
$$;


ALTER FUNCTION public.beat_pricing_worker(worker_id bigint) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.beat_pricing_worker(worker_id bigint) IS 'Show that a worker is alive; false when it was pruned, and has to register again.';

CREATE FUNCTION public.bound_price_list(p_prices jsonb, p_skipped jsonb, OUT prices jsonb, OUT skipped jsonb) RETURNS record
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $_$
declare
    v_odd jsonb;
begin
    if pg_column_size(p_prices) + coalesce(pg_column_size(p_skipped), 0) > 134217728
        or jsonb_array_length(p_prices) + coalesce(jsonb_array_length(p_skipped), 0) > 100000
    then
        raise exception 'The list is too large: more than 100,000 entries, or 128 MB'
            using errcode = 'PT422',
                detail = jsonb_build_object('error_kind', 'too_large')::text,
                hint = 'Nothing was changed.';
    end if;
    select jsonb_agg(
        jsonb_build_object('position', o.position, 'model_id', left(o.model_id, 512), 'reason', o.reason)
        order by o.position
    )
    into v_odd
    from (
        select
            l.position,
            l.model_id,
            case
                when length(l.model_id) > 512 then format('its id has %s characters', length(l.model_id))
                when length(l.provider) > 512 then format('its provider has %s characters', length(l.provider))
                when pg_column_size(l.entry) > 262144 then 'it has more than 256 kB'
                when jsonb_path_exists(l.entry, '$.**{30}') then 'it is nested 30 deep'
                when jsonb_typeof(l.conditions) = 'array' and jsonb_array_length(l.conditions) > 100
                    then format('it has %s conditions, more than 100', jsonb_array_length(l.conditions))
                when pg_column_size(l.conditions) > 65536 then 'its conditions have more than 64 kB'
                when (length(a.amounts) >= 200 or strpos(lower(a.amounts), 'e') > 0)
                    and a.amounts ~* '[0-9.]e[+-]?[0-9]{3}|[0-9.]{200}'
                    then 'one of its prices has more digits than a price has'
            end as reason
        from rows from (
            jsonb_array_elements(p_prices),
            jsonb_to_recordset(p_prices) as (
                model_id text,
                provider text,
                conditions jsonb,
                price_per_input_token text,
                price_per_output_token text,
                price_per_cache_read_token text,
                price_per_cache_write_token text,
                price_per_cache_write_1h_token text,
                price_per_reasoning_token text,
                price_per_input_audio_token text,
                price_per_output_audio_token text,
                price_per_cache_read_audio_token text,
                price_per_input_image_token text,
                price_per_output_image_token text,
                price_per_image text,
                price_per_request text,
                price_per_web_search text
            )
        ) with ordinality as l (
            entry, model_id, provider, conditions, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, position
        )
        cross join lateral (
            select concat_ws(
                ' ', l.p1, l.p2, l.p3, l.p4, l.p5, l.p6, l.p7, l.p8, l.p9, l.p10, l.p11, l.p12, l.p13, l.p14,
                case when l.conditions <> '[]' then l.conditions::text end
            ) as amounts
            offset 0
        ) as a
    ) as o
    where o.reason is not null;

    prices := p_prices;
    skipped := p_skipped;
    if v_odd is not null then
        select coalesce(jsonb_agg(e.entry order by e.position), '[]') into prices
        from jsonb_array_elements(p_prices) with ordinality as e (entry, position)
        where not exists (
            select from jsonb_to_recordset(v_odd) as o (position bigint) where o.position = e.position
        );
        select coalesce(p_skipped, '[]') || jsonb_agg(o.entry - 'position') into skipped
        from jsonb_array_elements(v_odd) as o (entry);
    end if;
end;
$_$;


ALTER FUNCTION public.bound_price_list(p_prices jsonb, p_skipped jsonb, OUT prices jsonb, OUT skipped jsonb) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.bound_price_list(p_prices jsonb, p_skipped jsonb, OUT prices jsonb, OUT skipped jsonb) IS 'The list without the models that are longer, deeper or have more digits than any adapter reads, and these among the skipped ones with the reason; PT422 for one that is too large as a whole.';

CREATE FUNCTION public.cancel_disabled_syncs(p_provider text DEFAULT NULL::text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v record;
    v_cancelled integer := 0;
begin
    for v in
        select e.queue_job_id, e.attempt
        from public.pricing_sync_expiry e
        where e.reason = 'disabled'
            and e.since < clock_timestamp() - e.allowed
            and (p_provider is null or e.provider_slug = p_provider)
        order by e.queue_job_id
        limit case when p_provider is null then 500 end
    loop
        begin
            continue when (public.hold_stuck_sync('disabled', v.queue_job_id, v.attempt)).id is null;
            if public.stop_provider_sync(
                v.queue_job_id, 'disabled', 'The provider was disabled or deleted while its sync waited'
            ) then
                v_cancelled := v_cancelled + 1;
            end if;
        exception
            when others then
                raise warning 'pricing-sync: queue row % of a disabled provider could not be cancelled: %', v.queue_job_id, sqlerrm;
        end;
    end loop;
    return v_cancelled;
end;
$$;


ALTER FUNCTION public.cancel_disabled_syncs(p_provider text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.cancel_disabled_syncs(p_provider text) IS 'Cancel the waiting syncs of a provider that is disabled or gone (null: of all of them), except what somebody else is changing now; returns how many.';

CREATE FUNCTION public.cancel_pricing_sync(job_id uuid, cancelled_by text DEFAULT CURRENT_USER) RETURNS public.pricing_sync_jobs
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $$
declare
    v_job public.pricing_sync_jobs;
begin
    if cancelled_by is null or length(cancelled_by) not between 1 and 200 then
        raise exception 'cancelled_by must have 1 to 200 characters'
            using errcode = 'PT422', hint = 'Name the person or program that cancels.';
    end if;

    update public.pricing_sync_jobs j
    set status = 'cancelled', error_message = format('Cancelled by %s', cancel_pricing_sync.cancelled_by)
    where j.job_id = cancel_pricing_sync.job_id and j.status in ('queued', 'running');
    if found then
        insert into public.pricing_audit_log (who, action, subject)
        values (cancel_pricing_sync.cancelled_by, 'cancel_pricing_sync', cancel_pricing_sync.job_id::text);
        select j.* into v_job from public.pricing_sync_jobs j where j.job_id = cancel_pricing_sync.job_id;
        return v_job;
    end if;

    select j.* into v_job from public.pricing_sync_jobs j where j.job_id = cancel_pricing_sync.job_id;
    if not found then
        raise exception 'There is no job %', coalesce(cancel_pricing_sync.job_id::text, 'null')
            using errcode = 'PT404', hint = 'select * from pricing_sync_jobs order by triggered_at desc shows the newest.';
    end if;
    raise exception 'Job % has ended already, as %', v_job.job_id, v_job.status
        using errcode = 'PT409', hint = 'There is nothing left to cancel.';
end;
$$;


ALTER FUNCTION public.cancel_pricing_sync(job_id uuid, cancelled_by text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.cancel_pricing_sync(job_id uuid, cancelled_by text) IS 'Cancel what waits and abort what runs of one job, at once; returns the job.';

CREATE FUNCTION public.capped_expiry(p_time timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select case
        when p_time < 'infinity'
            then greatest(least(p_time, timestamptz '9999-12-31 00:00:00+00'), timestamptz '0001-01-02 00:00:00+00')
    end;
$$;


ALTER FUNCTION public.capped_expiry(p_time timestamp with time zone) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.capped_expiry(p_time timestamp with time zone) IS 'A time as every client can read it: 9999-12-31 00:00 UTC at the latest; null, which is never, for infinity.';

CREATE FUNCTION public.checked_expiry(p_name text, p_time timestamp with time zone, p_never text DEFAULT NULL::text) RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if p_time is distinct from public.capped_expiry(p_time) or p_time <= clock_timestamp() then
        raise exception '% cannot be %', p_name, p_time
            using errcode = 'PT422',
                hint = concat(
                    'It is a time to come, up to 9999-12-31 00:00 UTC, such as now() + interval ''30 days''',
                    '; ' || p_never,
                    '.'
                );
    end if;
    return p_time;
end;
$$;


ALTER FUNCTION public.checked_expiry(p_name text, p_time timestamp with time zone, p_never text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.checked_expiry(p_name text, p_time timestamp with time zone, p_never text) IS 'Return this time, or null for null; refuse what is past, infinite or after 9999-12-31 00:00 UTC. p_never ends the hint: what to do for something that does not expire.';

CREATE FUNCTION public.checked_interval(p_name text, p_interval interval) RETURNS interval
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if least(
            extract(year from p_interval), extract(month from p_interval), extract(day from p_interval),
            extract(hour from p_interval), extract(minute from p_interval), extract(second from p_interval)
        ) < 0
    then
        raise exception '% cannot be %: none of its parts may be below zero', p_name, p_interval
            using errcode = 'PT422', hint = 'For example 30 days, or 1 month 12 hours.';
    end if;
    return p_interval;
end;
$$;


ALTER FUNCTION public.checked_interval(p_name text, p_interval interval) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.checked_interval(p_name text, p_interval interval) IS 'Return this interval; refuse one whose months, days or time are below zero, for itself or beside others.';

CREATE FUNCTION public.cleanup_expired_pricing_locks() RETURNS integer
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '1s'
    AS $$
    select r.syncs_released from public.release_stalled_syncs() as r;
$$;


ALTER FUNCTION public.cleanup_expired_pricing_locks() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.cleanup_expired_pricing_locks() IS 'Release the locks whose holder has had no heartbeat within the lease; returns how many. Their syncs are queued again.';

CREATE FUNCTION public.cleanup_old_pricing_jobs(keep interval DEFAULT '30 days'::interval) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '2s'
    AS $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_retention constant interval := (select s.retention from public.pricing_settings s);
    v_is_owner constant boolean := pg_catalog.pg_has_role(
        public.pricing_who()::name,
        (select c.relowner from pg_catalog.pg_class c where c.oid = 'public.pricing_sync_jobs'::regclass),
        'usage'
    );
    v_before timestamptz;
    v_is_early boolean;
    v_job_ids uuid[];
    v_row_ids bigint[];
    v_pruned integer := 0;
begin
    if keep is null then
        raise exception 'keep must be an interval of zero or more' using errcode = 'PT422', hint = 'For example 30 days.';
    end if;
    -- Moments are compared, because they are what is pruned by: 30 days may be more than a month, or less.
    v_before := v_now - public.checked_interval('keep', cleanup_old_pricing_jobs.keep);
    v_is_early := v_before > v_now - v_retention;
    -- Who may call it to help the schedule may not remove what it has just done.
    if v_is_early and not v_is_owner then
        raise exception '% may not prune what the retention keeps, which is %', public.pricing_who(), v_retention
            using errcode = 'PT409', hint = 'pricing_settings.retention is the owner''s to change.';
    end if;

    -- Ten batches a call keep the transaction short; what is left goes with the next call.
    for i in 1..10 loop
        select array_agg(old.job_id) into v_job_ids
        from (
            select j.job_id
            from public.pricing_sync_jobs j
            where j.status in ('completed', 'failed', 'cancelled')
                and j.completed_at < v_before
                -- A key is answered with its job for 24 hours, however short retention is.
                and not exists (
                    select
                    from public.pricing_idempotency_keys k
                    where k.job_id = j.job_id and k.used_at > clock_timestamp() - interval '24 hours'
                )
            order by j.completed_at
            limit 1000
        ) as old;
        exit when v_job_ids is null;

        -- Queue rows first, as everywhere: a person who retries one holds it and then asks for its job.
        select coalesce(array_agg(held.id), '{}') into v_row_ids
        from (
            select q.id
            from procrastinate.procrastinate_jobs q
            where q.id in (select l.queue_job_id from public.pricing_sync_log l where l.job_id = any (v_job_ids))
                and q.status not in ('todo', 'doing')
            order by q.id
            for update skip locked
        ) as held;
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

    -- Rows whose log is gone, because somebody deleted the job by hand: older than all that have one.
    delete from procrastinate.procrastinate_jobs q
    where q.id in (
        select o.id
        from procrastinate.procrastinate_jobs o
        where o.id < coalesce((select min(l.queue_job_id) from public.pricing_sync_log l), 9223372036854775807)
            and o.task_name = 'sync_provider'
            and o.status not in ('todo', 'doing')
            and not exists (
                select
                from procrastinate.procrastinate_events e
                where e.job_id = o.id and e.at >= v_before
            )
        order by o.id
        limit 10000
        for update skip locked
    );
    delete from procrastinate.procrastinate_jobs q
    where q.id in (
        select o.id
        from procrastinate.procrastinate_jobs o
        where o.task_name <> 'sync_provider'
            and o.status not in ('todo', 'doing')
            and not exists (
                select
                from procrastinate.procrastinate_events e
                where e.job_id = o.id and e.at >= clock_timestamp() - interval '1 day'
            )
        order by o.id
        limit 1000
        for update skip locked
    );

    -- As trigger_pricing_sync reads them.
    delete from public.pricing_idempotency_keys k
    where (k.identity, k.key) in (
        select o.identity, o.key
        from public.pricing_idempotency_keys o
        where o.used_at < clock_timestamp() - interval '24 hours'
        order by o.used_at
        limit 10000
        for update skip locked
    );
    perform public.erase_audit_details();
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


ALTER FUNCTION public.cleanup_old_pricing_jobs(keep interval) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.cleanup_old_pricing_jobs(keep interval) IS 'Prune jobs that ended longer ago than this, with their log and queue rows, up to 10,000 a call, idempotency keys of more than a day, and what audit_retention says; returns how many jobs. Only the owner may prune what pricing_settings.retention keeps. Prices and their history stay.';

CREATE FUNCTION public.cleanup_stuck_pricing_syncs(timeout_minutes integer DEFAULT NULL::integer) RETURNS TABLE(stuck_syncs_found integer, syncs_cleaned integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET lock_timeout TO '1s'
    AS $$
declare
    v_step text;
    v_found integer;
    v_cleaned integer;
begin
    if timeout_minutes <= 0 then
        raise exception 'timeout_minutes must be at least 1'
            using errcode = 'PT422', hint = 'Leave it out to use each provider''s own timeout.';
    end if;
    stuck_syncs_found := 0;
    syncs_cleaned := 0;
    -- What is mended first can be found by the rest.
    foreach v_step in array array[
        'mend_pricing_jobs', 'requeue_given_up_syncs', 'cancel_disabled_syncs', 'release_stalled_syncs',
        'end_ignored_aborts', 'fail_overtime_syncs', 'fail_unattended_syncs'
    ]
    loop
        -- One that fails must not stop the others.
        begin
            case v_step
                when 'mend_pricing_jobs' then
                    v_found := public.mend_pricing_jobs();
                    v_cleaned := v_found;
                when 'requeue_given_up_syncs' then
                    select r.* into v_found, v_cleaned from public.requeue_given_up_syncs() r;
                when 'cancel_disabled_syncs' then
                    v_found := public.cancel_disabled_syncs();
                    v_cleaned := v_found;
                when 'release_stalled_syncs' then
                    select r.* into v_found, v_cleaned from public.release_stalled_syncs() r;
                when 'end_ignored_aborts' then
                    select r.* into v_found, v_cleaned from public.end_ignored_aborts() r;
                when 'fail_overtime_syncs' then
                    select r.* into v_found, v_cleaned
                    from public.fail_overtime_syncs(make_interval(mins => timeout_minutes)) r;
                when 'fail_unattended_syncs' then
                    select r.* into v_found, v_cleaned from public.fail_unattended_syncs() r;
            end case;
            stuck_syncs_found := stuck_syncs_found + v_found;
            syncs_cleaned := syncs_cleaned + v_cleaned;
        exception
            when others then
                raise warning 'pricing-sync: % failed: %', v_step, sqlerrm;
        end;
    end loop;
    -- Another time than each provider's own is a decision, about syncs of others too.
    if timeout_minutes is not null and syncs_cleaned > 0 then
        insert into public.pricing_audit_log (who, action, subject, details)
        values (
            public.pricing_who(),
            'cleanup_stuck_pricing_syncs',
            'pricing_sync_jobs',
            jsonb_build_object('timeout_minutes', timeout_minutes, 'syncs', syncs_cleaned)
        );
    end if;
    return next;
end;
$$;


ALTER FUNCTION public.cleanup_stuck_pricing_syncs(timeout_minutes integer) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.cleanup_stuck_pricing_syncs(timeout_minutes integer) IS 'Settle every sync that is stuck: given up while somebody held its rows, lost workers, aborts not obeyed, overtime (null: each provider''s own timeout), no worker at all, providers disabled or gone, rows that are gone.';

CREATE TABLE public.pricing_overrides (
    id bigint NOT NULL,
    model_id bigint NOT NULL,
    prices jsonb NOT NULL,
    reason text NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone,
    ended_at timestamp with time zone,
    ended_by text,
    forced boolean DEFAULT false NOT NULL,
    CONSTRAINT pricing_overrides_prices_check CHECK (((jsonb_typeof(prices) = 'object'::text) AND (prices <> '{}'::jsonb))),
    CONSTRAINT pricing_overrides_reason_check CHECK ((reason <> ''::text))
);


ALTER TABLE public.pricing_overrides OWNER TO pricing_owner;

COMMENT ON TABLE public.pricing_overrides IS 'Prices set by a person: they win over the synced ones until they are cleared or expire.';

COMMENT ON COLUMN public.pricing_overrides.model_id IS 'model_pricing.id.';

COMMENT ON COLUMN public.pricing_overrides.prices IS 'USD for one unit by column of model_pricing: these axes are fixed, all others follow the provider.';

COMMENT ON COLUMN public.pricing_overrides.expires_at IS 'When the schedule''s tick ends it; null: never by itself.';

COMMENT ON COLUMN public.pricing_overrides.forced IS 'True: the guards found its prices suspicious, and a person set them with force; the audit log has the reasons.';

CREATE FUNCTION public.clear_price_override(provider text, model text, cleared_by text DEFAULT CURRENT_USER) RETURNS public.pricing_overrides
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $$
declare
    v_model public.model_pricing;
    v_override public.pricing_overrides;
    v_now timestamptz;
begin
    if cleared_by is null or length(cleared_by) not between 1 and 200 then
        raise exception 'cleared_by must have 1 to 200 characters'
            using errcode = 'PT422', hint = 'Name the person who clears the override.';
    end if;

    perform public.lock_provider_prices(array[clear_price_override.provider]);
    select m.* into v_model
    from public.model_pricing m
    where m.provider_slug = clear_price_override.provider and m.model_id = clear_price_override.model
    for no key update;
    if not found then
        raise exception '% has no model %',
                coalesce(left(clear_price_override.provider, 60), 'null'),
                coalesce(quote_literal(left(clear_price_override.model, 512)), 'null')
            using errcode = 'PT404',
                hint = 'Ids are case sensitive, as the provider spells them: select provider, model from model_prices where is_overridden';
    end if;

    v_now := clock_timestamp();
    update public.pricing_overrides o
    set ended_at = v_now, ended_by = clear_price_override.cleared_by
    where o.model_id = v_model.id and o.ended_at is null
    returning o.* into v_override;
    if not found then
        raise exception 'No override is in force for % of %', v_model.model_id, v_model.provider_slug
            using errcode = 'PT409', hint = 'select * from pricing_overrides where ended_at is null shows those that are.';
    end if;
    perform public.write_model_prices(
        jsonb_build_array(jsonb_build_object('id', v_model.id, 'prices', public.pricing_base_set(v_model))),
        'manual:' || clear_price_override.cleared_by,
        v_now
    );
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        clear_price_override.cleared_by,
        'clear_price_override',
        v_model.provider_slug || '/' || v_model.model_id,
        jsonb_build_object('override', v_override.id, 'prices', v_override.prices)
    );
    return v_override;
end;
$$;


ALTER FUNCTION public.clear_price_override(provider text, model text, cleared_by text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.clear_price_override(provider text, model text, cleared_by text) IS 'End the override of a model: what its provider says is in force again. Returns it.';

CREATE FUNCTION public.compare_provider_prices(p_provider text, p_targets text[], p_prices jsonb, p_observed_at timestamp with time zone, p_source text) RETURNS TABLE(provider_slug text, model_id text, id bigint, name text, source text, old_source text, is_changed boolean, is_touched boolean, is_priced boolean, old_prices jsonb, new_prices jsonb, extra jsonb, raw jsonb)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
    with incoming as materialized (
        select
            coalesce(r.provider, p_provider) as provider_slug,
            coalesce(r.conditions, '[]') as listed_conditions,
            coalesce(r.extra, '{}') as listed_extra,
            r.*
        from jsonb_to_recordset(p_prices) as r (
            provider text,
            model_id text,
            name text,
            -- The domain refuses NaN, Infinity and negative amounts here: compared, NaN would equal any price.
            price_per_input_token public.pricing_usd,
            price_per_output_token public.pricing_usd,
            price_per_cache_read_token public.pricing_usd,
            price_per_cache_write_token public.pricing_usd,
            price_per_cache_write_1h_token public.pricing_usd,
            price_per_reasoning_token public.pricing_usd,
            price_per_input_audio_token public.pricing_usd,
            price_per_output_audio_token public.pricing_usd,
            price_per_cache_read_audio_token public.pricing_usd,
            price_per_input_image_token public.pricing_usd,
            price_per_output_image_token public.pricing_usd,
            price_per_image public.pricing_usd,
            price_per_request public.pricing_usd,
            price_per_web_search public.pricing_usd,
            conditions jsonb,
            extra jsonb,
            raw jsonb
        )
    ),
    compared as materialized (
        select
            i as incoming,
            m as known,
            -- Token axes compare known against unknown; a fee that is absent is a fee of nothing. Axes of tokens first.
            array[
                m.price_per_input_token,
                m.price_per_output_token,
                m.price_per_cache_read_token,
                m.price_per_cache_write_token,
                m.price_per_cache_write_1h_token,
                m.price_per_input_audio_token,
                m.price_per_output_audio_token,
                m.price_per_cache_read_audio_token,
                m.price_per_input_image_token,
                m.price_per_output_image_token,
                coalesce(m.price_per_reasoning_token, 0),
                coalesce(m.price_per_image, 0),
                coalesce(m.price_per_request, 0),
                coalesce(m.price_per_web_search, 0)
            ]::numeric[] as old_amounts,
            array[
                i.price_per_input_token,
                i.price_per_output_token,
                i.price_per_cache_read_token,
                i.price_per_cache_write_token,
                i.price_per_cache_write_1h_token,
                i.price_per_input_audio_token,
                i.price_per_output_audio_token,
                i.price_per_cache_read_audio_token,
                i.price_per_input_image_token,
                i.price_per_output_image_token,
                coalesce(i.price_per_reasoning_token, 0),
                coalesce(i.price_per_image, 0),
                coalesce(i.price_per_request, 0),
                coalesce(i.price_per_web_search, 0)
            ]::numeric[] as new_amounts
        from incoming i
        left join public.model_pricing m on m.provider_slug = i.provider_slug and m.model_id = i.model_id
        where i.provider_slug = any (p_targets)
            -- The catalogue never overwrites a number from the provider itself.
            and (p_provider <> 'catalogue' or m.id is null or m.pricing_source like 'catalogue:%')
    ),
    differing as materialized (
        select
            c.*,
            case
                -- Beside an override the price in force is not what the provider said.
                when (c.known).synced is not null then
                    public.pricing_sets_differ((c.known).synced, public.pricing_price_set(to_jsonb(c.incoming)))
                else
                    (c.incoming).listed_conditions <> coalesce((c.known).conditions, '[]')
                    -- Equal arrays, the rule by far, need no look at each axis.
                    or (
                        c.old_amounts is distinct from c.new_amounts
                        and public.pricing_prices_differ(c.old_amounts, c.new_amounts)
                    )
            end as differs
        from compared c
    )
    select
        (d.incoming).provider_slug,
        (d.incoming).model_id,
        (d.known).id,
        left((d.incoming).name, 512),
        p_source,
        (d.known).pricing_source,
        s.is_changed,
        -- Worth writing, but not a price: it came back, has another name, list, source or set of extra keys.
        (d.known).id is null
            or coalesce(left((d.incoming).name, 512), (d.known).name) is distinct from (d.known).name
            or (p_provider <> 'catalogue' and (d.known).listed_by <> p_provider)
            or (not s.is_changed and split_part(p_source, ':', 1) <> split_part((d.known).pricing_source, ':', 1))
            or (
                ((d.known).missing_count > 0 or not (d.known).is_active)
                -- Who lists it says whether it is there.
                and (p_provider <> 'catalogue' or (d.known).listed_by = p_provider)
            )
            or (
                (d.incoming).listed_extra <> (d.known).extra
                and array(select jsonb_object_keys((d.incoming).listed_extra) order by 1)
                    <> array(select jsonb_object_keys((d.known).extra) order by 1)
            ),
        coalesce(0 < any (d.new_amounts[1:11]), false) and case
            when (d.known).synced is null then coalesce(0 < any (d.old_amounts[1:11]), false)
            else exists (
                select
                from public.pricing_axes() a
                where a.per = 'token' and ((d.known).synced ->> a.axis)::numeric > 0
            )
        end,
        s.old_prices,
        s.new_prices,
        (d.incoming).listed_extra,
        coalesce((d.incoming).raw, '{}')
    from differing d
    -- Offset: made once a model, not wherever it is used.
    cross join lateral (
        select
            case when d.differs then public.pricing_base_set(d.known) end as old_prices,
            case when d.differs then public.pricing_price_set(to_jsonb(d.incoming)) end as new_prices
        offset 0
    ) as p
    cross join lateral (
        select
            p.old_prices,
            p.new_prices,
            d.differs and not public.pricing_is_clock_turn(p.old_prices, p.new_prices, p_observed_at) as is_changed
        offset 0
    ) as s;
$$;


ALTER FUNCTION public.compare_provider_prices(p_provider text, p_targets text[], p_prices jsonb, p_observed_at timestamp with time zone, p_source text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.compare_provider_prices(p_provider text, p_targets text[], p_prices jsonb, p_observed_at timestamp with time zone, p_source text) IS 'What a price list says of each model that it may speak for, beside what is known; price sets only where they differ. is_priced: a positive token price before and now.';

CREATE FUNCTION public.counts_of_sync(p_log public.pricing_sync_log) RETURNS TABLE(status text, models_fetched integer, models_updated integer, models_skipped integer, models_unchanged integer, models_held integer, details jsonb)
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select
        p_log.status,
        p_log.models_fetched,
        p_log.models_updated,
        p_log.models_skipped,
        p_log.models_unchanged,
        p_log.models_held,
        jsonb_strip_nulls(jsonb_build_object('unknown_keys', p_log.details -> 'unknown_keys'));
$$;


ALTER FUNCTION public.counts_of_sync(p_log public.pricing_sync_log) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.counts_of_sync(p_log public.pricing_sync_log) IS 'The counts of an attempt, and of its details the price keys that no list had before.';

CREATE FUNCTION public.create_pricing_api_key(name text, role text DEFAULT 'admin'::text, created_by text DEFAULT CURRENT_USER, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $_$
declare
    v_folded constant text := public.folded_key_name(create_pricing_api_key.name);
    v_taken text;
    v_key text;
begin
    if create_pricing_api_key.role is null or create_pricing_api_key.role not in ('read', 'operate', 'admin') then
        raise exception 'A key cannot have the role %', coalesce(quote_literal(create_pricing_api_key.role), 'null')
            using errcode = 'PT422', hint = 'It is read, operate or admin.';
    end if;
    if create_pricing_api_key.name is null
        or create_pricing_api_key.name !~ '^[A-Za-z0-9]([A-Za-z0-9 ._@-]{0,62}[A-Za-z0-9._@-])?$'
    then
        raise exception 'A key cannot be named %', coalesce(quote_literal(left(create_pricing_api_key.name, 100)), 'null')
            using errcode = 'PT422',
                hint = 'A name has up to 64 letters, digits, blanks and . _ @ -, begins with a letter or digit and does not end with a blank. History and jobs show it.';
    end if;
    if v_folded = 'admin' then
        raise exception 'A key cannot be named %: admin stands for PRICING_ADMIN_KEY', quote_literal(create_pricing_api_key.name)
            using errcode = 'PT422', hint = 'Name the person or program that will use the key.';
    end if;

    perform public.lock_key_name(create_pricing_api_key.name);
    select k.name into v_taken
    from public.pricing_api_keys k
    where public.folded_key_name(k.name) = v_folded
        and k.revoked_at is null
        -- A replaced secret that is still valid acts under the name, whatever was done to the one that replaced it.
        and (k.replaced_by is null or k.expires_at is null or k.expires_at > clock_timestamp())
    order by k.name = create_pricing_api_key.name desc
    limit 1;
    if found then
        raise exception 'There is a key named % already%',
                quote_literal(v_taken),
                case when v_taken <> create_pricing_api_key.name then
                    ', and ' || quote_literal(create_pricing_api_key.name) || ' differs from it in case or blanks only'
                else '' end
            using errcode = 'PT409',
                hint = 'Choose another name; rotate_pricing_api_key gives that key a new secret, revoke_pricing_api_key frees its name.';
    end if;

    v_key := public.add_pricing_api_key(
        create_pricing_api_key.name,
        create_pricing_api_key.role,
        create_pricing_api_key.created_by,
        create_pricing_api_key.expires_at
    );
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        coalesce(create_pricing_api_key.created_by, public.pricing_who()),
        'create_api_key',
        create_pricing_api_key.name,
        jsonb_build_object(
            'key_id', split_part(v_key, '_', 2),
            'role', create_pricing_api_key.role,
            'expires_at', create_pricing_api_key.expires_at
        )
    );
    return v_key;
end;
$_$;


ALTER FUNCTION public.create_pricing_api_key(name text, role text, created_by text, expires_at timestamp with time zone) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.create_pricing_api_key(name text, role text, created_by text, expires_at timestamp with time zone) IS 'Make a bearer key for the HTTP interface (role read, operate or admin) and return it: it is shown this once, only its digest is kept.';

CREATE FUNCTION public.decide_held_changes_of_job(p_job_id uuid, p_status text, p_decided_by text, p_note text) RETURNS SETOF public.pricing_held_changes
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $$
declare
    v_providers text[];
    v_ids bigint[];
begin
    if p_decided_by is null or length(p_decided_by) not between 1 and 200 then
        raise exception '%_by must have 1 to 200 characters', p_status
            using errcode = 'PT422', hint = 'Name the person who decides.';
    end if;
    if length(p_note) > 500 then
        raise exception 'note must have 500 characters at most'
            using errcode = 'PT422', hint = 'Say in a line why the prices are right, or wrong.';
    end if;
    if not exists (select from public.pricing_sync_jobs j where j.job_id = p_job_id)
        -- Jobs are pruned; what they held waits on.
        and not exists (
            select from public.pricing_held_changes h where h.job_id = p_job_id and h.status = 'held'
        )
    then
        raise exception 'There is no job %', coalesce(p_job_id::text, 'null')
            using errcode = 'PT404', hint = 'select distinct job_id from pricing_held shows whose changes wait.';
    end if;

    v_providers := array(
        select distinct h.provider_slug
        from public.pricing_held_changes h
        where h.job_id = p_job_id and h.status = 'held'
    );
    perform public.lock_provider_prices(v_providers);
    -- As they are now: a sync, or somebody else, may have decided some meanwhile. What the job has held of further
    -- providers since is not decided: their prices are not held.
    select array_agg(held.id) into v_ids
    from (
        select h.id
        from public.pricing_held_changes h
        where h.job_id = p_job_id and h.status = 'held' and h.provider_slug = any (v_providers)
        order by h.id
        for no key update
    ) as held;
    if v_ids is null then
        raise exception 'Nothing that job % held waits any more', p_job_id
            using errcode = 'PT409',
                hint = 'A later sync that says the same has it under its own job; select * from pricing_held shows which.';
    end if;

    perform public.decide_held_price_changes(v_ids, p_status, p_decided_by, p_note);
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        p_decided_by,
        case p_status when 'approved' then 'approve_held_price_changes' else 'reject_held_price_changes' end,
        p_job_id::text,
        jsonb_build_object('count', cardinality(v_ids), 'ids', v_ids, 'note', p_note)
    );
    return query
    select h.* from public.pricing_held_changes h where h.id = any (v_ids) order by h.id;
end;
$$;


ALTER FUNCTION public.decide_held_changes_of_job(p_job_id uuid, p_status text, p_decided_by text, p_note text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.decide_held_changes_of_job(p_job_id uuid, p_status text, p_decided_by text, p_note text) IS 'Decide all that waits and was last said by this job: approved or rejected.';

CREATE FUNCTION public.decide_held_price_changes(p_ids bigint[], p_status text, p_decided_by text, p_note text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_write record;
begin
    if p_status = 'approved' then
        for v_write in
            select
                h.job_id,
                h.observed_at,
                jsonb_agg(jsonb_build_object(
                    'id', h.model_id,
                    'prices', h.prices,
                    'source', h.pricing_source,
                    'extra', h.extra,
                    'raw', h.raw
                )) as changes
            from public.pricing_held_changes h
            where h.id = any (p_ids)
            group by h.job_id, h.observed_at
            order by h.job_id, h.observed_at
        loop
            perform public.write_model_prices(
                v_write.changes, 'manual:' || p_decided_by, v_now, v_write.job_id, v_write.observed_at
            );
        end loop;
    end if;

    update public.pricing_held_changes h
    set status = p_status, decided_at = v_now, decided_by = p_decided_by, decision_note = p_note
    where h.id = any (p_ids);

    -- Somebody has looked at the whole of a first list. In the log that is what it is, not a change by hand.
    perform pg_catalog.set_config('pricing.first_list_decided', 'on', true);
    update public.pricing_providers p
    set review_first = false
    where p.review_first
        and p.slug in (
            select h.provider_slug
            from public.pricing_held_changes h
            where h.id = any (p_ids) and h.class = 'first_list'
        )
        and exists (
            select
            from public.pricing_held_changes h
            where h.provider_slug = p.slug and h.class = 'first_list' and h.status = 'approved'
                -- Not in an earlier review, which is over.
                and h.decided_at >= (
                    select min(d.first_seen_at) from public.pricing_held_changes d where d.id = any (p_ids)
                )
        )
        and not exists (
            select
            from public.pricing_held_changes h
            where h.provider_slug = p.slug and h.class = 'first_list' and h.status = 'held'
        );
    perform pg_catalog.set_config('pricing.first_list_decided', '', true);
end;
$$;


ALTER FUNCTION public.decide_held_price_changes(p_ids bigint[], p_status text, p_decided_by text, p_note text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.decide_held_price_changes(p_ids bigint[], p_status text, p_decided_by text, p_note text) IS 'Make these held changes approved, and with that the price, or rejected; a provider whose first list is through is not reviewed any more.';

CREATE FUNCTION public.decide_price_changes(p_provider text, p_changes jsonb, p_verdicts jsonb, p_now timestamp with time zone, p_observed_at timestamp with time zone) RETURNS TABLE(id bigint, provider text, model_id text, outcome text, said_id bigint, class text, reason text, ratio numeric, to_zero boolean, prices jsonb, previous jsonb, evidence jsonb, decided_by text, note text, source text, extra jsonb, raw jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
    with change as materialized (
        select
            c.*,
            v.class,
            v.reason,
            v.ratio,
            v.to_zero,
            v.evidence,
            p.guards_enabled,
            p.review_first and p.guards_enabled as is_review
        from jsonb_to_recordset(p_changes) as c (
            id bigint, provider text, model_id text, old jsonb, new jsonb, source text, extra jsonb, raw jsonb
        )
        join public.pricing_providers p on p.slug = p_provider
        left join jsonb_to_recordset(p_verdicts) as v (
            provider text, model_id text, class text, reason text, ratio numeric, to_zero boolean, evidence jsonb
        ) on v.provider = c.provider and v.model_id = c.model_id
    ),
    -- What was said of the model before and stands; a rejection binds before anything that is open.
    said as materialized (
        select distinct on (c.id) c.id as change_id, h.*
        from change c
        join public.pricing_held_changes h on h.model_id = c.id
        where h.still_said
            and h.status in ('held', 'rejected')
            and (
                not public.pricing_sets_differ(h.prices, c.new)
                or public.pricing_is_clock_turn(h.prices, c.new, p_observed_at)
            )
        order by c.id, h.status = 'rejected' desc, h.id desc
    ),
    weighed as (
        select
            c.id,
            c.provider,
            c.model_id,
            c.old as previous,
            -- By the clock, or by float noise, it may be spelt otherwise now.
            coalesce(s.prices, c.new) as prices,
            c.source,
            c.extra,
            c.raw,
            c.class as new_class,
            c.guards_enabled,
            c.is_review,
            s.id as said_id,
            s.status as said_status,
            s.class as said_class,
            s.first_seen_at,
            s.times_seen + 1 as times_seen,
            case when k.keeps then s.class else c.class end as class,
            case when k.keeps then s.reason else c.reason end as reason,
            case when k.keeps then s.ratio else c.ratio end as ratio,
            case when k.keeps then s.to_zero else c.to_zero end as to_zero,
            case when k.keeps then s.evidence else c.evidence end as evidence
        from change c
        left join said s on s.change_id = c.id
        cross join lateral (
            -- What was found once stays found: others may have been approved since, and the list with them.
            select s.id is not null and coalesce(
                s.status = 'rejected'
                    or array_position(v_order, s.class) > array_position(v_order, c.class),
                true
            ) as keeps
            from (select array['first_list', 'large', 'unit', 'rollback'] as v_order) as o
        ) as k
    ),
    weighted as (
        select
            w.*,
            array(select distinct e ->> 'kind' from jsonb_array_elements(w.evidence) as e) as kinds,
            w.is_review or w.said_class is not distinct from 'rollback' as needs_person,
            extract(epoch from p_now - w.first_seen_at) / 3600 as hours
        from weighed w
    ),
    ruled as (
        select
            w.*,
            (
                select min(r.id)
                from public.pricing_change_rules r
                where r.provider_slug in (w.provider, p_provider)
                    and (r.model_id is null or r.model_id = w.model_id)
                    and r.ended_at is null
                    and r.created_at <= p_now
                    and r.expires_at > p_now
                    and w.ratio <= r.up_to_ratio
                    and w.kinds <> '{}'
                    and w.kinds <@ '{ratio,list}'
                    and not w.needs_person
            ) as rule_id,
            w.said_id is not null
                and w.class = 'large'
                and not w.needs_person
                and ('zero' <> all (w.kinds) or w.hours >= 72)
                and ('ratio' <> all (w.kinds) or (w.hours >= 24 and w.times_seen >= 3)) as is_ripe,
            w.new_class is null
                and w.said_class is distinct from 'rollback'
                and (w.said_class is distinct from 'unit' or not w.guards_enabled) as is_cleared
        from weighted w
    )
    select
        r.id,
        r.provider,
        r.model_id,
        case
            when r.said_status = 'rejected' then 'reject'
            when r.rule_id is not null or r.is_ripe or r.is_cleared then
                case when r.said_id is null then 'pass' else 'apply' end
            when r.said_id is null then 'hold'
            else 'keep'
        end,
        r.said_id,
        r.class,
        r.reason,
        r.ratio,
        r.to_zero,
        r.prices,
        r.previous,
        r.evidence,
        case when r.rule_id is not null then 'rule:' || r.rule_id end,
        case
            when r.rule_id is not null then 'A rule accepts it'
            when r.is_cleared then 'Nothing looks wrong with it any more'
            when r.is_ripe then
                format('It stayed the same for %s hours and %s syncs', floor(r.hours), r.times_seen)
        end,
        r.source,
        r.extra,
        r.raw
    from ruled r;
$$;


ALTER FUNCTION public.decide_price_changes(p_provider text, p_changes jsonb, p_verdicts jsonb, p_now timestamp with time zone, p_observed_at timestamp with time zone) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.decide_price_changes(p_provider text, p_changes jsonb, p_verdicts jsonb, p_now timestamp with time zone, p_observed_at timestamp with time zone) IS 'What becomes of each change: pass; apply, keep or reject (said_id was held or rejected before); hold (new).';

CREATE FUNCTION public.defer_provider_syncs(p_job_id uuid, p_providers text[]) RETURNS bigint[]
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select procrastinate.procrastinate_defer_jobs_v1(
        array_agg(
            row(
                'pricing', 'sync_provider', 0, null, null,
                jsonb_build_object('provider', p.slug, 'job_id', p_job_id),
                null
            )::procrastinate.procrastinate_job_to_defer_v1
            order by p.position
        )
    )
    from unnest(p_providers) with ordinality as p(slug, position);
$$;


ALTER FUNCTION public.defer_provider_syncs(p_job_id uuid, p_providers text[]) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.defer_provider_syncs(p_job_id uuid, p_providers text[]) IS 'Put one queue row per provider behind a job; returns their ids in the same order.';

CREATE FUNCTION public.end_expired_overrides() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_due record;
    v_model public.model_pricing;
    v_override public.pricing_overrides;
    v_now timestamptz;
    v_ended integer := 0;
begin
    for v_due in
        select o.id, m.id as model_id, m.provider_slug
        from public.pricing_overrides o
        join public.model_pricing m on m.id = o.model_id
        where o.ended_at is null and o.expires_at <= clock_timestamp()
        order by o.expires_at, o.id
        limit 1000
    loop
        -- The lock of lock_provider_prices, which waits: while a sync writes, the next tick does it. Nor is anything
        -- else waited for: one that somebody holds must not keep the others from ending.
        continue when not public.try_pricing_lock('prices of ' || v_due.provider_slug);
        select m.* into v_model from public.model_pricing m where m.id = v_due.model_id for no key update skip locked;
        continue when not found;
        perform from public.pricing_overrides o where o.id = v_due.id for no key update skip locked;
        continue when not found;
        v_now := clock_timestamp();
        update public.pricing_overrides o
        set ended_at = v_now, ended_by = 'expiry'
        where o.id = v_due.id and o.ended_at is null and o.expires_at <= v_now
        returning o.* into v_override;
        continue when not found;
        perform public.write_model_prices(
            jsonb_build_array(jsonb_build_object('id', v_model.id, 'prices', public.pricing_base_set(v_model))),
            'expiry:' || v_override.id,
            v_now
        );
        v_ended := v_ended + 1;
    end loop;
    return v_ended;
end;
$$;


ALTER FUNCTION public.end_expired_overrides() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.end_expired_overrides() IS 'End the overrides whose time has come: what the providers say is in force again. Returns how many, up to 1,000 a call.';

CREATE FUNCTION public.end_ignored_aborts() RETURNS TABLE(syncs_found integer, syncs_ended integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v record;
begin
    syncs_found := 0;
    syncs_ended := 0;
    for v in
        select e.queue_job_id, e.attempt
        from public.pricing_sync_expiry e
        where e.reason = 'abort_ignored' and e.since < clock_timestamp() - e.allowed
        order by e.queue_job_id
        limit 500
    loop
        syncs_found := syncs_found + 1;
        begin
            continue when (public.hold_stuck_sync('abort_ignored', v.queue_job_id, v.attempt)).id is null;
            if public.stop_provider_sync(v.queue_job_id, 'cancelled', 'Cancelled; its worker did not answer the abort') then
                syncs_ended := syncs_ended + 1;
            end if;
        exception
            when others then
                raise warning 'pricing-sync: the abort of queue row % could not be ended: %', v.queue_job_id, sqlerrm;
        end;
    end loop;
    return next;
end;
$$;


ALTER FUNCTION public.end_ignored_aborts() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.end_ignored_aborts() IS 'End the running syncs whose worker has not obeyed an abort within the lease.';

CREATE FUNCTION public.end_price_change_rule(id bigint, ended_by text DEFAULT CURRENT_USER) RETURNS public.pricing_change_rules
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $$
declare
    v_rule public.pricing_change_rules;
begin
    if ended_by is null or length(ended_by) not between 1 and 200 then
        raise exception 'ended_by must have 1 to 200 characters'
            using errcode = 'PT422', hint = 'Name the person who ends the rule.';
    end if;

    select r.* into v_rule from public.pricing_change_rules r where r.id = end_price_change_rule.id;
    if not found then
        raise exception 'There is no rule %', coalesce(end_price_change_rule.id::text, 'null')
            using errcode = 'PT404', hint = 'select * from pricing_change_rules order by id desc shows the newest.';
    end if;
    -- After it no sync applies anything by the rule: one that runs is waited for.
    perform public.lock_provider_prices(array[v_rule.provider_slug]);
    select r.* into v_rule
    from public.pricing_change_rules r
    where r.id = end_price_change_rule.id
    for no key update;
    if v_rule.ended_at is not null or v_rule.expires_at <= clock_timestamp() then
        raise exception 'Rule % ended already, at %', v_rule.id, coalesce(v_rule.ended_at, v_rule.expires_at)
            using errcode = 'PT409', hint = 'What it let through goes back by rollback_pricing_sync.';
    end if;

    update public.pricing_change_rules r
    set ended_at = clock_timestamp(), ended_by = end_price_change_rule.ended_by
    where r.id = v_rule.id
    returning r.* into v_rule;
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        end_price_change_rule.ended_by,
        'end_price_change_rule',
        v_rule.id::text,
        jsonb_build_object('provider', v_rule.provider_slug, 'model', v_rule.model_id)
    );
    return v_rule;
end;
$$;


ALTER FUNCTION public.end_price_change_rule(id bigint, ended_by text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.end_price_change_rule(id bigint, ended_by text) IS 'End a rule before its time; what it has let through stays. Returns it.';

CREATE FUNCTION public.end_provider_sync(queue_job_id bigint, attempt integer, status text, error_kind text DEFAULT NULL::text, message text DEFAULT NULL::text, next_allowed_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '4s'
    AS $$
declare
    v_until constant timestamptz := clock_timestamp() + interval '4 seconds';
    v_row procrastinate.procrastinate_jobs;
    v_status text := end_provider_sync.status;
    v_kind text := end_provider_sync.error_kind;
    v_message text := end_provider_sync.message;
    v_counts boolean;
begin
    if v_status is null or v_status not in ('failed', 'cancelled', 'queued', 'aborted') then
        raise exception 'An attempt cannot end as %', coalesce(quote_literal(v_status), 'null')
            using errcode = 'PT422', hint = 'It is one of failed, cancelled, queued (handed back) or aborted (cancelled if somebody asked for it, else handed back).';
    end if;

    select q.* into v_row
    from procrastinate.procrastinate_jobs q
    where q.id = end_provider_sync.queue_job_id
        and q.task_name = 'sync_provider'
        -- Here, so that a late caller locks nothing: somebody who ends the job just then would leave the row to it.
        and q.status = 'doing'
        and q.attempts + 1 = end_provider_sync.attempt
        -- Its job and its provider, which the attempt's log row names too.
        and not exists (
            select
            from public.pricing_sync_log l
            where l.queue_job_id = q.id
                and l.attempt = q.attempts + 1
                and (l.job_id::text, l.provider_slug) is distinct from (lower(q.args ->> 'job_id'), q.args ->> 'provider')
        )
    for no key update;
    if not found then
        return false;
    end if;

    if v_status = 'failed' and v_kind is null and v_row.abort_requested then
        -- Its prices were refused because of the abort, before the worker had heard of it.
        v_status := 'cancelled';
    elsif v_status = 'failed' and v_kind = 'no_credentials' then
        -- Nobody was asked, so nobody failed, in whatever words a worker of another version says it.
        v_status := 'cancelled';
    end if;
    if v_status = 'aborted' then
        v_status := case when v_row.abort_requested then 'cancelled' else 'queued' end;
    end if;
    if v_status = 'queued' then
        v_kind := coalesce(v_kind, 'handed_back');
        v_message := coalesce(v_message, 'The worker stopped; the sync was queued again');
    elsif v_status = 'cancelled' then
        v_kind := coalesce(v_kind, 'cancelled');
        v_message := coalesce(v_message, 'Cancelled');
    else
        v_kind := coalesce(v_kind, 'internal');
        v_message := coalesce(v_message, 'Failed without a message');
    end if;

    -- A dry run says nothing about freshness, neither good nor bad.
    v_counts := (v_status = 'failed' or v_kind = 'no_credentials') and not exists (
        select
        from public.pricing_sync_jobs j
        where j.job_id = (v_row.args ->> 'job_id')::uuid and j.dry_run
    );
    perform public.hold_sync_end(
        v_row.id,
        end_provider_sync.attempt,
        (v_row.args ->> 'job_id')::uuid,
        case when v_counts then v_row.args ->> 'provider' end,
        v_until
    );
    perform public.log_ended_attempt(
        v_row.id,
        end_provider_sync.attempt,
        case when v_status = 'failed' then 'failed' else 'cancelled' end,
        v_kind,
        v_message
    );

    update procrastinate.procrastinate_jobs q
    set status = (case v_status
            when 'failed' then 'failed'
            when 'cancelled' then 'aborted'
            else 'todo'
        end)::procrastinate.procrastinate_job_status,
        abort_requested = false
    where q.id = v_row.id;

    if v_counts then
        update public.pricing_providers p
        set consecutive_failures = p.consecutive_failures + (v_status = 'failed')::integer,
            state = case
                when p.state = 'disabled' then p.state
                when v_kind = 'no_credentials' then 'no_credentials'
                when p.consecutive_failures + 1 >= 3 then 'failing'
                else p.state
            end,
            -- A pause for ever would end the provider's schedule, and nobody would be told.
            next_allowed_at = greatest(p.next_allowed_at, case
                when end_provider_sync.next_allowed_at > clock_timestamp()
                    then least(end_provider_sync.next_allowed_at, clock_timestamp() + interval '1 day')
            end)
        where p.slug = v_row.args ->> 'provider';
    end if;
    return true;
end;
$$;


ALTER FUNCTION public.end_provider_sync(queue_job_id bigint, attempt integer, status text, error_kind text, message text, next_allowed_at timestamp with time zone) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.end_provider_sync(queue_job_id bigint, attempt integer, status text, error_kind text, message text, next_allowed_at timestamp with time zone) IS 'End a running attempt without prices: failed, cancelled, or handed back to the queue; false when it is not running any more.';

CREATE FUNCTION public.enqueue_due_pricing_syncs() RETURNS SETOF public.pricing_sync_jobs
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_held text[];
    v_due text[];
    v_open text[];
    v_enqueued text[];
begin
    select coalesce(array_agg(held.slug), '{}') into v_held
    from (
        select p.slug
        from public.pricing_providers p
        where (p.next_sync_at is null or p.next_sync_at <= v_now)
            and (p.next_allowed_at is null or p.next_allowed_at <= v_now)
            and p.slug in (select s.slug from public.pricing_syncable_providers s)
        order by p.slug
        for no key update of p skip locked
    ) as held;
    if v_held = '{}' then
        return;
    end if;
    -- Those who trigger and look before they queue shall see what is enqueued here. One who has looked already may have
    -- left the transaction open, so the slot does not wait: at worst two syncs come, one behind the other.
    perform public.lock_provider_triggers(v_held, p_wait => false);

    -- These three in this order, each as of its own moment: what another tick enqueues meanwhile is due in the first
    -- answer, or open in the second. A row that is held may have stopped being syncable before it was.
    select coalesce(array_agg(p.slug order by p.slug), '{}') into v_due
    from public.pricing_providers p
    join public.pricing_syncable_providers s on s.slug = p.slug
    where (p.next_sync_at is null or p.next_sync_at <= v_now)
        and (p.next_allowed_at is null or p.next_allowed_at <= v_now);

    select coalesce(array_agg(p.slug), '{}') into v_open
    from public.pricing_providers p
    where exists (
        select
        from procrastinate.procrastinate_jobs q
        join public.pricing_sync_jobs j on j.job_id = (q.args ->> 'job_id')::uuid
        where q.lock = 'pricing_sync:' || p.slug
            and q.status in ('todo', 'doing')
            and q.task_name = 'sync_provider'
            -- Those bring no prices.
            and not q.abort_requested
            and not j.dry_run
            and j.outcome is null
    );

    select coalesce(array_agg(d.slug order by d.slug), '{}') into v_enqueued
    from unnest(v_due) as d (slug)
    where d.slug = any (v_held)
        and d.slug <> all (v_open)
        and (
            d.slug <> 'catalogue'
            -- It speaks for those that cannot speak for themselves; who that is shows when all others have ended.
            or array_remove(v_due || v_open, 'catalogue') = '{}'
            -- Where some other is open or due at every tick it would never come.
            or exists (
                select
                from public.pricing_providers p
                where p.slug = 'catalogue' and coalesce(p.next_sync_at, p.created_at) < v_now - p.sync_interval
            )
        );

    -- Whoever triggered it, a sync that is open when a slot comes serves it.
    update public.pricing_providers p
    set next_sync_at = public.next_pricing_sync_at(
            p.next_sync_at, p.sync_interval, p.sync_jitter, p.consecutive_failures
        )
    where p.slug = any (v_held)
        and p.slug = any (v_due)
        and (p.slug = any (v_open) or p.slug = any (v_enqueued));

    if v_enqueued <> '{}' then
        return query
        select *
        from public.add_pricing_sync_job(
            v_enqueued,
            'schedule',
            jsonb_build_object('providers', v_enqueued, 'dry_run', false, 'on_conflict', 'queue')
        );
    end if;
end;
$$;


ALTER FUNCTION public.enqueue_due_pricing_syncs() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.enqueue_due_pricing_syncs() IS 'Enqueue the providers whose next_sync_at has come, in one job, and move their slots on; the catalogue when all others have ended, or when it is late by its interval. Returns the job, if there is one.';

CREATE FUNCTION public.erase_audit_details() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_mark constant text := coalesce(current_setting('pricing.writer', true), '');
    v_before timestamptz;
    v_batch integer;
    v_erased integer := 0;
begin
    select clock_timestamp() - s.audit_retention into strict v_before from public.pricing_settings s;
    -- See guard_pricing_records.
    perform set_config('pricing.writer', 'on', true);
    -- Ten batches a call keep the transaction short; what is left goes with the next call.
    for i in 1..10 loop
        update public.pricing_audit_log a
        set client_address = null, http_client_address = null, claims = null
        where a.id in (
            select o.id
            from public.pricing_audit_log o
            where (o.client_address is not null or o.http_client_address is not null or o.claims is not null)
                and o.at < v_before
            order by o.at
            limit 1000
            for no key update skip locked
        );
        get diagnostics v_batch = row_count;
        v_erased := v_erased + v_batch;
        exit when v_batch < 1000;
    end loop;
    perform set_config('pricing.writer', v_mark, true);
    return v_erased;
end;
$$;


ALTER FUNCTION public.erase_audit_details() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.erase_audit_details() IS 'Erase client addresses and claims of audit rows that are older than pricing_settings.audit_retention, up to 10,000 rows a call; returns how many.';

CREATE FUNCTION public.fail_overtime_syncs(p_timeout interval) RETURNS TABLE(syncs_found integer, syncs_failed integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v record;
begin
    syncs_found := 0;
    syncs_failed := 0;
    for v in
        select e.queue_job_id, e.attempt, coalesce(p_timeout, e.allowed) as timeout
        from public.pricing_sync_expiry e
        where e.reason = 'timeout' and e.since < clock_timestamp() - coalesce(p_timeout, e.allowed)
        order by e.queue_job_id
        limit 500
    loop
        syncs_found := syncs_found + 1;
        begin
            continue when (public.hold_stuck_sync('timeout', v.queue_job_id, v.attempt, p_timeout)).id is null;

            -- The flag tells a live worker to drop what it does; the end does not wait for it.
            update procrastinate.procrastinate_jobs q set abort_requested = true where q.id = v.queue_job_id;
            perform public.end_provider_sync(
                v.queue_job_id, v.attempt, 'failed', 'timeout',
                format(
                    'Sync timeout - auto-cleaned after %s minutes',
                    trim_scale(round((extract(epoch from v.timeout) / 60)::numeric, 2))
                )
            );
            syncs_failed := syncs_failed + 1;
        exception
            when others then
                raise warning 'pricing-sync: overtime queue row % could not be failed: %', v.queue_job_id, sqlerrm;
        end;
    end loop;
    return next;
end;
$$;


ALTER FUNCTION public.fail_overtime_syncs(p_timeout interval) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.fail_overtime_syncs(p_timeout interval) IS 'Abort and fail the attempts that run longer than this, or than their provider''s timeout when it is null; also under a live worker.';

CREATE FUNCTION public.fail_unattended_syncs() RETURNS TABLE(syncs_found integer, syncs_failed integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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
            continue when (public.hold_stuck_sync('no_worker', v.queue_job_id, v.attempt)).id is null;
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
            when others then
                raise warning 'pricing-sync: unattended queue row % could not be failed: %', v.queue_job_id, sqlerrm;
        end;
    end loop;
    return next;
end;
$$;


ALTER FUNCTION public.fail_unattended_syncs() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.fail_unattended_syncs() IS 'Fail the syncs that have waited for queued_timeout, when no worker has been alive for as long.';

CREATE FUNCTION public.fetch_queue_row(queue_names character varying[], worker_id bigint) RETURNS procrastinate.procrastinate_jobs
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET lock_timeout TO '1s'
    AS $$
declare
    v_until constant timestamptz := clock_timestamp() + interval '1 second';
    v_row procrastinate.procrastinate_jobs;
    v record;
    v_held_jobs text[];
    v_awaited_job text;
    v_round integer := 0;
    v_fault text;
begin
    loop
        v_held_jobs := '{}';
        for v in
            with recursive locks as (
                (
                    select q.lock
                    from procrastinate.procrastinate_jobs q
                    where q.status in ('todo', 'doing') and q.lock is not null
                    order by q.lock
                    limit 1
                )
                union all
                select (
                    select q.lock
                    from procrastinate.procrastinate_jobs q
                    where q.status in ('todo', 'doing') and q.lock > l.lock
                    order by q.lock
                    limit 1
                )
                from locks l
                where l.lock is not null
            ),
            first_of_lock as (
                select f.*
                from locks l
                cross join lateral (
                    select q.id, q.priority, q.queue_name, q.scheduled_at, q.task_name, q.args, q.attempts
                    from procrastinate.procrastinate_jobs q
                    -- Not only todo, which is all that is left below: the planner would walk the queue for each lock.
                    where q.lock = l.lock and q.status in ('todo', 'doing')
                    order by q.lock, q.priority desc, q.id
                    limit 1
                ) as f
                where not exists (
                    select from procrastinate.procrastinate_jobs q where q.lock = l.lock and q.status = 'doing'
                )
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
                union all
                select q.id, q.priority, q.queue_name, q.scheduled_at, null, null, null
                from procrastinate.procrastinate_jobs q
                where q.lock is null and q.status = 'todo'
            )
            select c.id, c.job_id, c.repeated, c.attempts
            from candidates c
            where (fetch_queue_row.queue_names is null or c.queue_name = any (fetch_queue_row.queue_names))
                and (c.scheduled_at is null or c.scheduled_at <= now())
            order by c.priority desc, c.id
        loop
            continue when v.job_id = any (v_held_jobs);
            exit when v_round > 0 and clock_timestamp() > v_until;
            begin
                -- What else cannot be had in this time is tried again in the next round.
                perform pg_catalog.set_config('lock_timeout', '50ms', true);
                if v.repeated is not null
                    and exists (
                        select
                        from public.pricing_sync_log l
                        where l.queue_job_id = v.id and l.attempt = v.attempts and l.error_kind = 'locked'
                    )
                    and public.held_sync_locks(v.repeated) is not null
                then
                    raise no_data_found;
                end if;
                -- The job first: whoever waits for it here holds nothing. The queue row is not waited for.
                if v.job_id = v_awaited_job then
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

                update procrastinate.procrastinate_jobs q
                set status = 'doing', worker_id = fetch_queue_row.worker_id
                where q.id = (
                    select r.id
                    from procrastinate.procrastinate_jobs r
                    where r.id = v.id and r.status = 'todo'
                    for update skip locked
                )
                returning q.* into v_row;
                if found then
                    v_fault := public.queue_row_fault(v_row.args, v_row.scheduled_at);
                    if v_fault is null then
                        return v_row;
                    end if;
                    raise warning 'pricing-sync: queue row % of task % was ended as failed: %', v_row.id, v_row.task_name, v_fault;
                    insert into public.pricing_audit_log (who, action, subject, details)
                    values (
                        'fetch_queue_row', 'fail_queue_row', v_row.id::text,
                        jsonb_build_object('task', v_row.task_name, 'message', v_fault)
                    );
                    update procrastinate.procrastinate_jobs q set status = 'failed' where q.id = v_row.id;
                    continue;
                end if;
                -- Somebody else has the row; this lets go of what is held for it.
                raise no_data_found;
            exception
                when lock_not_available then
                    v_held_jobs := v_held_jobs || v.job_id;
                when no_data_found then
                    null;
            end;
        end loop;

        exit when v_held_jobs = '{}' or clock_timestamp() > v_until;
        v_awaited_job := v_held_jobs[1 + v_round % cardinality(v_held_jobs)];
        v_round := v_round + 1;
    end loop;
    return null;
end;
$$;


ALTER FUNCTION public.fetch_queue_row(queue_names character varying[], worker_id bigint) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.fetch_queue_row(queue_names character varying[], worker_id bigint) IS 'Give a worker the next row that it may run, as procrastinate_fetch_job_v2 does, in a time that does not grow with the queue; a row of nulls when there is none.';

CREATE FUNCTION public.folded_key_name(p_name text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    -- Turkish and others have a lower case of their own.
    select lower(regexp_replace(p_name, '[[:space:]]', '', 'g') collate "C");
$$;


ALTER FUNCTION public.folded_key_name(p_name text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.folded_key_name(p_name text) IS 'The name of a key without case and blanks: no two keys that are in force have the same.';

CREATE FUNCTION public.follow_provider_disabled() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform public.cancel_disabled_syncs(old.slug);
    return null;
end;
$$;


ALTER FUNCTION public.follow_provider_disabled() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.follow_provider_disabled() IS 'Trigger: a provider that is disabled, deleted or renamed takes its waiting syncs out of the queue.';

CREATE FUNCTION public.follow_provider_switch() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if not new.enabled then
        new.state := 'disabled';
    elsif new.state = 'disabled' then
        new.state := case when new.adapter is null or not new.price_api then 'no_price_api' else 'ok' end;
    end if;
    return new;
end;
$$;


ALTER FUNCTION public.follow_provider_switch() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.follow_provider_switch() IS 'Trigger: keep a provider''s state in line with enabled.';

CREATE FUNCTION public.get_provider_sync(queue_job_id bigint, attempt integer) RETURNS TABLE(job_id uuid, provider_slug text, adapter text, base_url text, credential_variable text, timeout_seconds double precision, etag text, etag_parser text, enabled boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select
        j.job_id,
        q.args ->> 'provider',
        p.adapter,
        p.base_url,
        p.credential_variable,
        extract(epoch from p.timeout)::double precision,
        case when not j.dry_run then p.etag end,
        case when not j.dry_run then p.etag_parser end,
        -- One that was deleted or renamed since then.
        coalesce(p.enabled, false)
    from procrastinate.procrastinate_jobs q
    join public.pricing_sync_jobs j on j.job_id = (q.args ->> 'job_id')::uuid
    left join public.pricing_providers p on p.slug = q.args ->> 'provider'
    where q.id = get_provider_sync.queue_job_id
        and q.task_name = 'sync_provider'
        and q.status = 'doing'
        and q.attempts + 1 = get_provider_sync.attempt;
$$;


ALTER FUNCTION public.get_provider_sync(queue_job_id bigint, attempt integer) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.get_provider_sync(queue_job_id bigint, attempt integer) IS 'What a worker needs for an attempt that it runs: where to fetch and how; no row when the attempt is not running any more.';

CREATE FUNCTION public.give_up_sync(queue_job_id bigint, attempt integer) RETURNS TABLE(outcome text, message text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms'
    AS $$
declare
    v_row procrastinate.procrastinate_jobs;
    v_job_id uuid;
    v_provider text;
begin
    select (q.args ->> 'job_id')::uuid, q.args ->> 'provider' into v_job_id, v_provider
    from procrastinate.procrastinate_jobs q
    where q.id = give_up_sync.queue_job_id
        and q.task_name = 'sync_provider'
        and q.status = 'doing'
        and q.attempts + 1 = give_up_sync.attempt
        -- Its job and its provider, which the attempt's log row names too.
        and not exists (
            select
            from public.pricing_sync_log l
            where l.queue_job_id = q.id
                and l.attempt = q.attempts + 1
                and (l.job_id::text, l.provider_slug) is distinct from (lower(q.args ->> 'job_id'), q.args ->> 'provider')
        );
    if not found then
        outcome := 'late';
        return next;
        return;
    end if;

    select q.* into v_row
    from procrastinate.procrastinate_jobs q
    where q.id = give_up_sync.queue_job_id and q.status = 'doing' and q.attempts + 1 = give_up_sync.attempt
    for no key update skip locked;
    if not found then
        message := 'Its queue row is held by ' || public.pricing_lock_holders(
            'procrastinate.procrastinate_jobs'::regclass,
            (select q.xmax from procrastinate.procrastinate_jobs q where q.id = give_up_sync.queue_job_id)
        );
    elsif not public.hold_log_row(give_up_sync.queue_job_id, give_up_sync.attempt) then
        message := 'Its log row is held by ' || public.pricing_lock_holders(
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
            message := 'Its job is held by ' || public.pricing_lock_holders(
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
            public.held_sync_locks(v_provider),
            'What it waited for was held by a session that has let go since'
        );
        perform public.requeue_given_up_sync(v_row, message);
    end if;
    return next;
exception
    when lock_not_available then
        outcome := 'held';
        message := coalesce(public.pricing_table_holders(), 'a table was locked by a session that has let go since');
        return next;
end;
$$;


ALTER FUNCTION public.give_up_sync(queue_job_id bigint, attempt integer) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.give_up_sync(queue_job_id bigint, attempt integer) IS 'Give up a running attempt that has waited too long, and queue its provider sync again; says who held what. outcome: queued, noted (the next clean-up does it), held (not even that can be written: a table is locked) or late (it is not running any more).';

CREATE FUNCTION public.guard_interval() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform public.checked_interval(c.name, (to_jsonb(new) ->> c.name)::interval)
    from unnest(tg_argv::text[]) as c (name);
    return new;
end;
$$;


ALTER FUNCTION public.guard_interval() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.guard_interval() IS 'Trigger: refuse an interval with a part below zero in the columns that its arguments name, with PT422.';

CREATE FUNCTION public.guard_model_pricing() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_old jsonb;
    v_new jsonb;
    v_override public.pricing_overrides;
    v_is_price boolean;
    v_unknown text;
    v_prices text;
    v_instead text;
    v_model text;
begin
    if current_setting('pricing.maintenance', true) = 'on' then
        perform public.note_pricing_maintenance('model_pricing', tg_op);
        return null;
    end if;
    if tg_level = 'ROW' then
        v_old := to_jsonb(old);
        v_new := to_jsonb(new);
        v_model := old.provider_slug || '/' || old.model_id;
        select o.* into v_override
        from public.pricing_overrides o
        where o.model_id = old.id and o.ended_at is null;
        -- What the UPDATE wanted, per million tokens where the axis is of tokens, and what else the override in force fixes,
        -- which a new one replaces.
        select
            coalesce(bool_or(w.is_changed), false),
            string_agg(w.short_name, ', ') filter (where w.is_changed and w.price is null and not w.is_fixed),
            string_agg(
                format(
                    '"%s": %s', w.short_name, trim_scale(w.price * case w.per when 'token' then 1000000 else 1 end)
                ),
                ', '
            ) filter (where w.price is not null)
        into v_is_price, v_unknown, v_prices
        from (
            select
                a.short_name,
                a.per,
                c.is_changed,
                coalesce(v_override.prices ? a.axis, false) as is_fixed,
                (case when c.is_changed then v_new ->> a.axis else v_override.prices ->> a.axis end)::numeric as price
            from public.pricing_axes() a
            cross join lateral (select v_old -> a.axis is distinct from v_new -> a.axis as is_changed) as c
        ) as w;
        if v_unknown is not null then
            raise exception 'UPDATE does not make % of % unknown: its provider''s lists do. To repair it: begin; set local pricing.maintenance = ''on''; update model_pricing ...; commit;', v_unknown, v_model
                using errcode = 'PT409', hint = 'What a repair changes of a price has to be written to model_pricing_history too.';
        end if;
        v_instead := case
            when v_is_price and v_prices is null then format(
                'select clear_price_override(%L, %L)', old.provider_slug, old.model_id
            )
            when v_is_price then format(
                'select set_price_override(%L, %L, reason => ''...'', prices => ''{%s}''%s)',
                old.provider_slug,
                old.model_id,
                v_prices,
                coalesce(', expires_at => ' || quote_literal(v_override.expires_at), '')
            )
            when (old.is_active, old.missing_count) is distinct from (new.is_active, new.missing_count) then format(
                'select accept_shorter_list(%L)', old.listed_by
            )
        end;
        if v_instead is not null and not v_is_price then
            raise exception 'UPDATE does not make % active or inactive: its provider''s lists do; a list that has lost half of its models is accepted by: %;',
                    v_model, v_instead
                using errcode = 'PT409',
                    hint = 'A model that 3 lists in a row lack becomes inactive by itself.';
        elsif v_instead is not null then
            raise exception 'UPDATE does not change the price of %, which would leave no history; say: %;', v_model, v_instead
                using errcode = 'PT409',
                    hint = 'A wrong sync goes back by rollback_pricing_sync(job_id); a change that waits is applied by approve_held_price_change(id).';
        end if;
        raise exception 'UPDATE does not change %: syncs write it. To repair it: begin; set local pricing.maintenance = ''on''; update model_pricing ...; commit;', v_model
            using errcode = 'PT409', hint = 'What a repair changes of a price has to be written to model_pricing_history too.';
    elsif tg_op = 'UPDATE' then
        raise exception 'UPDATE does not change model_pricing, which would leave no history; say: select set_price_override(''<provider>'', ''<model>'', reason => ''...'', input_per_1m => ...);'
            using errcode = 'PT409', hint = 'No row was meant by this statement. select provider, model from model_prices shows how they are spelt.';
    end if;
    raise exception '% does not remove models, whose history would have no name: a model that 3 lists in a row lack becomes inactive by itself. To accept a list that has lost half of them: select accept_shorter_list(''<provider>'');', tg_op
        using errcode = 'PT409',
            hint = 'To repair the table: begin; set local pricing.maintenance = ''on''; ...; commit; to silence a provider: update pricing_providers set enabled = false where slug = ''...''.';
end;
$$;


ALTER FUNCTION public.guard_model_pricing() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.guard_model_pricing() IS 'Trigger: refuse UPDATE, DELETE and TRUNCATE of model_pricing by hand, with PT409 and the call that does it; `set local pricing.maintenance = ''on''` lets them pass, and leaves an audit row.';

CREATE FUNCTION public.guard_new_queue_row() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_fault constant text := public.queue_row_fault(new.args, new.scheduled_at);
begin
    if v_fault is not null then
        raise exception '%', v_fault
            using errcode = 'PT422',
                hint = 'It takes {"name": value, ...}: at most 1,000,000 bytes, less than 100 deep; and a time from 1000 to 9000.';
    end if;
    if not pg_catalog.pg_has_role(
        session_user, (select c.relowner from pg_catalog.pg_class c where c.oid = tg_relid), 'member'
    ) then
        -- The log goes by it: a number that was given before would make another row's attempts this one's, and one that
        -- is still to come would be in the way. A restore, which is the owner's, keeps its numbers.
        new.id := nextval('procrastinate.procrastinate_jobs_id_seq');
    end if;
    return new;
end;
$$;


ALTER FUNCTION public.guard_new_queue_row() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.guard_new_queue_row() IS 'Trigger: refuse a row that no worker could read with PT422, and number it by the sequence, whatever number a login brings.';

CREATE FUNCTION public.guard_price_override() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_stack text;
begin
    get diagnostics v_stack = pg_context;
    if public.pricing_is_called_by(v_stack, 'set_price_override', 'clear_price_override', 'end_expired_overrides') then
        return null;
    end if;
    if tg_op = 'INSERT' then
        -- A restore brings back overrides that have ended, or whose prices their models are charged at already.
        if not exists (
            select
            from inserted i
            left join public.model_pricing m on m.id = i.model_id
            where i.ended_at is null
                and (
                    m.synced is null
                    or exists (
                        select
                        from jsonb_each_text(i.prices) as p
                        where (to_jsonb(m) ->> p.key)::numeric is distinct from p.value::numeric
                    )
                )
        ) then
            return null;
        end if;
    end if;
    if current_setting('pricing.maintenance', true) = 'on' then
        perform public.note_pricing_maintenance('pricing_overrides', tg_op);
        return null;
    end if;
    raise exception '% does not make or change an override, whose price no guard would have seen; to end it: select clear_price_override(''<provider>'', ''<model>''); to change it: select set_price_override(''<provider>'', ''<model>'', reason => ''...'', input_per_1m => ...);', tg_op
        using errcode = 'PT409',
            hint = 'select provider, model from pricing_active_overrides lists them. reason and expires_at may be updated.';
end;
$$;


ALTER FUNCTION public.guard_price_override() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.guard_price_override() IS 'Trigger: refuse INSERT, UPDATE of an override''s prices or end, DELETE and TRUNCATE by hand, with PT409; pricing.maintenance lets them pass.';

CREATE FUNCTION public.guard_pricing_job() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if new.revision <> old.revision then
        return new;
    end if;
    if new.status = old.status then
        if old.outcome is not null then
            -- Whoever marks it a second time has waited for the first, and says an older now() than its start.
            new.completed_at := greatest(coalesce(new.completed_at, old.completed_at), new.started_at);
        elsif (new.outcome, new.started_at, new.completed_at, new.stopped_at)
            is distinct from (old.outcome, old.started_at, old.completed_at, old.stopped_at) then
            raise exception 'Job % is %: its outcome and times follow its syncs', old.job_id, old.status
                using errcode = 'PT409', hint = 'To end it by hand, set its status to failed or cancelled.';
        end if;
        return new;
    end if;
    if old.status not in ('queued', 'running') then
        raise exception 'Job % has ended as %; its status is not changed by hand', old.job_id, old.status
            using errcode = 'PT409', hint = format('To run it again: select retry_pricing_sync(%L).', old.job_id);
    end if;
    if new.status not in ('failed', 'cancelled') then
        raise exception 'The status of job % cannot be set to % by hand', old.job_id, new.status
            using errcode = 'PT409', hint = 'By hand a job can be ended, as failed or cancelled; the rest follows its syncs.';
    end if;

    new.stopped_at := clock_timestamp();
    new.outcome := new.status;
    -- now() in a person's statement is older than a start that it waited for.
    new.completed_at := greatest(coalesce(new.completed_at, new.stopped_at), new.started_at);
    new.error_message := left(
        coalesce(new.error_message, format('Marked as %s by %s', new.status, public.pricing_who())), 500
    );
    new.revision := old.revision + 1;
    return new;
end;
$$;


ALTER FUNCTION public.guard_pricing_job() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.guard_pricing_job() IS 'Trigger: let a person end an open job by UPDATE, and refuse every other status by hand with PT409.';

CREATE FUNCTION public.guard_pricing_lock() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    raise exception 'The lock % is for provider syncs only', quote_literal(left(new.lock, 60))
        using errcode = 'PT422', hint = 'Take a lock whose name does not begin with pricing_sync:.';
end;
$$;


ALTER FUNCTION public.guard_pricing_lock() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.guard_pricing_lock() IS 'Trigger: refuse a task of another kind that would hold a provider''s lock, with PT422.';

CREATE FUNCTION public.guard_pricing_records() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if current_setting('pricing.maintenance', true) = 'on' then
        perform public.note_pricing_maintenance(tg_table_name, tg_op);
        return null;
    end if;
    if tg_table_name = 'model_pricing_history' then
        raise exception '% does not change model_pricing_history, by which past usage is billed: rows are only added. What a sync got wrong goes back by: select * from rollback_pricing_sync(''<job_id>'', dry_run => false);', tg_op
            using errcode = 'PT409',
                hint = 'A price that is wrong now: set_price_override. To repair the table: begin; set local pricing.maintenance = ''on''; ...; commit.';
    end if;
    raise exception '% does not change pricing_audit_log: rows are only added. Addresses and claims are erased by themselves; to keep them shorter: update pricing_settings set audit_retention = interval ''30 days'';', tg_op
        using errcode = 'PT409', hint = 'To repair the table: begin; set local pricing.maintenance = ''on''; ...; commit; that is audited too.';
end;
$$;


ALTER FUNCTION public.guard_pricing_records() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.guard_pricing_records() IS 'Trigger: refuse UPDATE, DELETE and TRUNCATE of price history and audit log, with PT409; `set local pricing.maintenance = ''on''` lets them pass, and leaves an audit row.';

CREATE FUNCTION public.guard_pricing_settings() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    raise exception 'The settings are one row, which cannot be deleted'
        using errcode = 'PT409', hint = 'Change it: update pricing_settings set ...; information_schema.columns has the defaults.';
end;
$$;


ALTER FUNCTION public.guard_pricing_settings() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.guard_pricing_settings() IS 'Trigger: refuse to delete the one row of settings, with PT409.';

CREATE FUNCTION public.guard_queue_row() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_fault text;
begin
    -- The log goes by it.
    new.id := old.id;
    if (new.args, new.scheduled_at) is distinct from (old.args, old.scheduled_at) and old.task_name <> 'sync_provider' then
        v_fault := public.queue_row_fault(new.args, new.scheduled_at);
        if v_fault is not null then
            raise exception '%', v_fault
                using errcode = 'PT422', hint = 'Nothing was changed: a worker could not read the row.';
        end if;
    end if;

    if old.status = 'doing' and new.status <> 'doing' then
        -- A worker's end updates every row that still names it: 10 s with a million finished rows.
        new.worker_id := null;
    end if;
    if new.status <> 'doing' then
        new.abort_requested := false;
    end if;

    if 'sync_provider' in (old.task_name, new.task_name) then
        -- Under another name its lock, its log row and its job would stay open for good.
        new.task_name := old.task_name;
    end if;
    if old.task_name = 'sync_provider' then
        -- attempts counts the attempts that ended, so that attempts + 1 names the running or next one:
        -- the fence rests on it, whoever moves the row.
        if old.status = 'doing' and new.status <> 'doing' then
            new.attempts := old.attempts + 1;
        else
            new.attempts := old.attempts;
        end if;
        if old.status not in ('todo', 'doing') and new.status in ('todo', 'doing') then
            -- A row that ended while it waited has an ended log row too: its next attempt needs the next number.
            select greatest(new.attempts, max(l.attempt)) into new.attempts
            from public.pricing_sync_log l
            where l.queue_job_id = new.id;
        end if;
        new.lock := old.lock;
        new.queue_name := old.queue_name;
        new.priority := 0;
        new.queueing_lock := null;
        new.scheduled_at := null;
        new.args := old.args;
    end if;
    return new;
end;
$$;


ALTER FUNCTION public.guard_queue_row() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.guard_queue_row() IS 'Trigger: keep lock, queue and attempts of a provider sync right, and let no finished row name a worker; no row changes its number, or becomes one that no worker can read.';

CREATE FUNCTION public.held_pricing_locks() RETURNS TABLE(lock_key text, locked_at timestamp with time zone, locked_by text, expires_at timestamp with time zone, job_id uuid, queue_job_id bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select
        q.lock,
        l.sync_started_at,
        coalesce('worker ' || q.worker_id, 'a lost worker'),
        coalesce(w.last_heartbeat + s.lease, l.sync_started_at, '-infinity'),
        (q.args ->> 'job_id')::uuid,
        q.id
    from procrastinate.procrastinate_jobs q
    cross join public.pricing_settings s
    left join public.pricing_worker_heartbeats w on w.worker_id = q.worker_id
    left join public.pricing_sync_log l on l.queue_job_id = q.id and l.attempt = q.attempts + 1
    where q.status = 'doing' and q.task_name = 'sync_provider';
$$;


ALTER FUNCTION public.held_pricing_locks() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.held_pricing_locks() IS 'The locks held now, one row per running provider sync.';

CREATE FUNCTION public.held_pricing_slots() RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_provider text;
    v_held text[] := array[]::text[];
begin
    for v_provider in
        select p.slug
        from public.pricing_providers p
        where (p.next_sync_at is null or p.next_sync_at <= v_now)
            and (p.next_allowed_at is null or p.next_allowed_at <= v_now)
            and p.slug in (select s.slug from public.pricing_syncable_providers s)
        order by p.slug
    loop
        perform from public.pricing_providers p where p.slug = v_provider for no key update skip locked;
        if not found then
            v_held := v_held || v_provider;
        end if;
    end loop;
    return (
        -- Somebody who holds many is named once. A row that was deleted meanwhile is not there any more.
        select string_agg(
            format(
                'the row of %s is held by %s',
                h.slugs,
                public.pricing_lock_holders('public.pricing_providers'::regclass, h.holder::xid)
            ),
            ' and ' order by h.slugs
        )
        from (
            select string_agg(p.slug, ', ' order by p.slug) as slugs, p.xmax::text as holder
            from public.pricing_providers p
            where p.slug = any (v_held)
            group by p.xmax::text
        ) as h
    );
end;
$$;


ALTER FUNCTION public.held_pricing_slots() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.held_pricing_slots() IS 'Which due providers'' rows are held, and by whom; null when none is. It does not wait.';

CREATE FUNCTION public.held_sync_locks(p_provider text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v record;
begin
    for v in
        select 'prices of ' || p_provider as name where p_provider <> 'catalogue'
        union all
        -- It writes for all that it lists.
        select l.name from public.pricing_locks l where p_provider = 'catalogue' and l.name like 'prices of %'
        order by name
    loop
        if not public.try_pricing_lock(v.name) then
            return format(
                'The %s are held by %s',
                v.name,
                public.pricing_lock_holders(
                    'public.pricing_locks'::regclass,
                    (select l.xmax from public.pricing_locks l where l.name = v.name)
                )
            );
        end if;
    end loop;
    perform from public.pricing_providers p where p.slug = p_provider for no key update skip locked;
    if not found and exists (select from public.pricing_providers p where p.slug = p_provider) then
        return format(
            'The provider''s row is held by %s',
            public.pricing_lock_holders(
                'public.pricing_providers'::regclass,
                (select p.xmax from public.pricing_providers p where p.slug = p_provider)
            )
        );
    end if;
    return null;
end;
$$;


ALTER FUNCTION public.held_sync_locks(p_provider text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.held_sync_locks(p_provider text) IS 'Hold the prices and the row of a provider without waiting: null, or who has them.';

CREATE FUNCTION public.hold_log_row(p_queue_job_id bigint, p_attempt integer) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform
    from public.pricing_sync_log l
    where l.queue_job_id = p_queue_job_id and l.attempt = p_attempt
    for no key update skip locked;
    -- One that is missing is in nobody's hands.
    return found or not exists (
        select from public.pricing_sync_log l where l.queue_job_id = p_queue_job_id and l.attempt = p_attempt
    );
end;
$$;


ALTER FUNCTION public.hold_log_row(p_queue_job_id bigint, p_attempt integer) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.hold_log_row(p_queue_job_id bigint, p_attempt integer) IS 'Hold the log row of an attempt, if there is one; false when somebody else has it.';

CREATE FUNCTION public.hold_price_changes(p_provider text, p_changes jsonb, p_verdicts jsonb, p_unchanged_ids bigint[], p_now timestamp with time zone, p_job_id uuid, p_observed_at timestamp with time zone, p_dry_run boolean DEFAULT false, OUT passing jsonb, OUT held jsonb) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
declare
    v_decisions jsonb;
    v_open jsonb;
begin
    -- Nearly every change has never been held, and nothing looks wrong with it.
    with change as materialized (
        select
            e.entry,
            v.model_id is not null or s.model_id is not null as is_open
        from jsonb_array_elements(p_changes) as e (entry)
        left join jsonb_to_recordset(p_verdicts) as v (provider text, model_id text)
            on v.provider = e.entry ->> 'provider' and v.model_id = e.entry ->> 'model_id'
        left join (
            select distinct h.model_id
            from public.pricing_held_changes h
            where h.still_said and h.status in ('held', 'rejected')
        ) as s on s.model_id = (e.entry ->> 'id')::bigint
    )
    select
        coalesce(jsonb_agg(c.entry) filter (where c.is_open), '[]'),
        coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'id', c.entry -> 'id',
                    'prices', c.entry -> 'new',
                    'source', c.entry -> 'source',
                    'extra', c.entry -> 'extra',
                    'raw', c.entry -> 'raw'
                )
            ) filter (where not c.is_open),
            '[]'
        )
    into v_open, passing
    from change c;

    select coalesce(jsonb_agg(to_jsonb(d)), '[]') into v_decisions
    from public.decide_price_changes(p_provider, v_open, p_verdicts, p_now, p_observed_at) d;
    with decision as materialized (
        select d.* from jsonb_to_recordset(v_decisions) as d (
            id bigint, provider text, model_id text, outcome text, prices jsonb, source text, extra jsonb, raw jsonb,
            class text, reason text
        )
    )
    select
        passing || coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'id', d.id, 'prices', d.prices, 'source', d.source, 'extra', d.extra, 'raw', d.raw
                )
            ) filter (where d.outcome in ('pass', 'apply')),
            '[]'
        ),
        coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'provider', d.provider, 'model_id', d.model_id, 'class', d.class, 'reason', d.reason
                )
            ) filter (where d.outcome not in ('pass', 'apply')),
            '[]'
        )
    into passing, held
    from decision d;
    if p_dry_run then
        return;
    end if;

    -- First what ends: a model has one open row at most.
    with decision as materialized (
        select d.*
        from jsonb_to_recordset(v_decisions) as d (
            id bigint, outcome text, said_id bigint, class text, reason text, ratio numeric, to_zero boolean,
            evidence jsonb, decided_by text, note text, source text, extra jsonb, raw jsonb
        )
    ),
    -- One row of a model is what is said again, all others that still stood are not.
    spoken as materialized (
        select h.id, d.outcome, d.class, d.reason, d.ratio, d.to_zero, d.evidence, d.decided_by, d.note, d.source,
            d.extra, d.raw, coalesce(h.id = d.said_id, false) as is_said, u.model_id is not null as is_withdrawn
        from public.pricing_held_changes h
        left join decision d on d.id = h.model_id
        left join (select distinct w as model_id from unnest(p_unchanged_ids) as w) as u on u.model_id = h.model_id
        where h.still_said
            and h.status in ('held', 'rejected')
            and (d.id is not null or u.model_id is not null)
    )
    update public.pricing_held_changes h
    set status = case
            when h.status = 'rejected' then 'rejected'
            when s.is_said then case when s.outcome = 'apply' then 'applied' else h.status end
            when s.is_withdrawn then 'withdrawn'
            else 'superseded'
        end,
        still_said = s.is_said,
        times_seen = h.times_seen + s.is_said::integer,
        last_seen_at = case when s.is_said then p_now else h.last_seen_at end,
        job_id = case when s.is_said then p_job_id else h.job_id end,
        observed_at = case when s.is_said then p_observed_at else h.observed_at end,
        pricing_source = case when s.is_said then s.source else h.pricing_source end,
        extra = case when s.is_said then s.extra else h.extra end,
        raw = case when s.is_said then s.raw else h.raw end,
        class = case when s.is_said then s.class else h.class end,
        reason = case when s.is_said then s.reason else h.reason end,
        ratio = case when s.is_said then s.ratio else h.ratio end,
        to_zero = case when s.is_said then s.to_zero else h.to_zero end,
        evidence = case when s.is_said then s.evidence else h.evidence end,
        decided_at = case
            when h.status = 'rejected' or (s.is_said and s.outcome <> 'apply') then h.decided_at
            else p_now
        end,
        decided_by = case
            when h.status = 'rejected' or (s.is_said and s.outcome <> 'apply') then h.decided_by
            else coalesce(s.decided_by, 'api_sync:' || p_provider)
        end,
        decision_note = case when s.is_said and s.outcome = 'apply' then s.note else h.decision_note end
    from spoken s
    where h.id = s.id;

    insert into public.pricing_held_changes (
        model_id, provider_slug, class, reason, ratio, to_zero, prices, previous, evidence, pricing_source, extra, raw,
        first_job_id, job_id, first_seen_at, last_seen_at, observed_at
    )
    select d.id, d.provider, d.class, d.reason, d.ratio, d.to_zero, d.prices, d.previous, d.evidence, d.source, d.extra,
        d.raw, p_job_id, p_job_id, p_now, p_now, p_observed_at
    from jsonb_to_recordset(v_decisions) as d (
        id bigint, provider text, outcome text, class text, reason text, ratio numeric, to_zero boolean, prices jsonb,
        previous jsonb, evidence jsonb, source text, extra jsonb, raw jsonb
    )
    where d.outcome = 'hold';
end;
$$;


ALTER FUNCTION public.hold_price_changes(p_provider text, p_changes jsonb, p_verdicts jsonb, p_unchanged_ids bigint[], p_now timestamp with time zone, p_job_id uuid, p_observed_at timestamp with time zone, p_dry_run boolean, OUT passing jsonb, OUT held jsonb) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.hold_price_changes(p_provider text, p_changes jsonb, p_verdicts jsonb, p_unchanged_ids bigint[], p_now timestamp with time zone, p_job_id uuid, p_observed_at timestamp with time zone, p_dry_run boolean, OUT passing jsonb, OUT held jsonb) IS 'Keep what looks wrong, see once more what was held, end what is not said any more. passing: what write_model_prices gets; held: [{provider, model_id, class, reason}]. p_unchanged_ids: models that have their accepted price again.';

CREATE FUNCTION public.hold_pricing_lock(p_name text, p_until timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $$
declare
    v_xmax xid;
begin
    perform public.require_fresh_reads();
    loop
        perform from public.pricing_locks l where l.name = p_name for update skip locked;
        if found then
            return;
        end if;
        if clock_timestamp() >= p_until then
            select l.xmax into v_xmax from public.pricing_locks l where l.name = p_name;
            raise exception 'The % are held by %',
                    p_name, public.pricing_lock_holders('public.pricing_locks'::regclass, v_xmax)
                using errcode = 'lock_not_available',
                    hint = 'Nothing was written; try again. select pg_terminate_backend(<pid>) ends that session.';
        end if;
        begin
            perform public.wait_for_locks_until(p_until);
            if exists (select from public.pricing_locks l where l.name = p_name) then
                perform from public.pricing_locks l where l.name = p_name for update;
                -- Let go, and taken again above: what a subtransaction has locked tells nobody who has it.
                raise no_data_found;
            end if;
            insert into public.pricing_locks (name) values (p_name) on conflict do nothing;
        exception
            when lock_not_available or no_data_found then
                null;
        end;
    end loop;
end;
$$;


ALTER FUNCTION public.hold_pricing_lock(p_name text, p_until timestamp with time zone) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.hold_pricing_lock(p_name text, p_until timestamp with time zone) IS 'Hold the lock of this name until the end of the transaction; an error that says who has it when it cannot be had until this time.';

CREATE FUNCTION public.hold_stuck_sync(p_reason text, p_queue_job_id bigint, p_attempt integer, p_timeout interval DEFAULT NULL::interval) RETURNS procrastinate.procrastinate_jobs
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
declare
    v_job_id uuid;
    v_provider text;
    v_row procrastinate.procrastinate_jobs;
begin
    select (q.args ->> 'job_id')::uuid, q.args ->> 'provider' into v_job_id, v_provider
    from procrastinate.procrastinate_jobs q
    where q.id = p_queue_job_id;

    perform from public.pricing_sync_jobs j where j.job_id = v_job_id for no key update skip locked;
    if not found and exists (select from public.pricing_sync_jobs j where j.job_id = v_job_id) then
        return null;
    end if;
    select q.* into v_row
    from procrastinate.procrastinate_jobs q
    where q.id = p_queue_job_id
    for no key update skip locked;
    if not found then
        return null;
    end if;
    -- The end is written there ...
    if not public.hold_log_row(p_queue_job_id, p_attempt) then
        return null;
    end if;
    -- ... and a failure counted here.
    perform from public.pricing_providers p where p.slug = v_provider for no key update skip locked;
    if not found and exists (select from public.pricing_providers p where p.slug = v_provider) then
        return null;
    end if;
    -- What was found a moment ago is asked again, now that it is held.
    perform
    from public.pricing_sync_expiry e
    where e.reason = p_reason
        and e.queue_job_id = p_queue_job_id
        and e.attempt = p_attempt
        and e.since < clock_timestamp() - coalesce(p_timeout, e.allowed);
    return case when found then v_row end;
end;
$$;


ALTER FUNCTION public.hold_stuck_sync(p_reason text, p_queue_job_id bigint, p_attempt integer, p_timeout interval) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.hold_stuck_sync(p_reason text, p_queue_job_id bigint, p_attempt integer, p_timeout interval) IS 'Hold a queue row with its log row, its job and its provider, for a clean-up; null when it is gone, or not stuck for this reason any more, or somebody else has one of them.';

CREATE FUNCTION public.hold_sync_end(p_queue_job_id bigint, p_attempt integer, p_job_id uuid, p_provider text, p_until timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform public.wait_for_locks_until(p_until);
    perform
    from public.pricing_sync_log l
    where l.queue_job_id = p_queue_job_id and l.attempt = p_attempt
    for no key update;
    perform public.wait_for_locks_until(p_until);
    perform from public.pricing_sync_jobs j where j.job_id = p_job_id for no key update;
    perform public.wait_for_locks_until(p_until);
    perform from public.pricing_providers p where p.slug = p_provider for no key update;
end;
$$;


ALTER FUNCTION public.hold_sync_end(p_queue_job_id bigint, p_attempt integer, p_job_id uuid, p_provider text, p_until timestamp with time zone) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.hold_sync_end(p_queue_job_id bigint, p_attempt integer, p_job_id uuid, p_provider text, p_until timestamp with time zone) IS 'Hold the log row of an attempt, its job and its provider (null: not that) until the end of the transaction; waits until this time for all of them.';

CREATE FUNCTION public.idempotency_identity(p_says text, OUT identity text, OUT since timestamp with time zone) RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_caller jsonb;
    v_key_id text;
begin
    identity := public.pricing_identity(p_says);
    if p_says not like 'api:_%' or public.pricing_identity('api:?') <> 'api:?' then
        return;
    end if;

    begin
        -- Set by the web process within the statement that triggers, as in sign_audit_row.
        v_caller := nullif(current_setting('pricing.http_caller', true), '')::jsonb;
    exception
        when others then null;
    end;
    if v_caller ->> 'who' = p_says and v_caller ? 'key_id' then
        v_key_id := v_caller ->> 'key_id';
    else
        -- A web process from before 0.4.0, or a person as pricing_web.
        select k.key_id into v_key_id
        from public.pricing_api_keys k
        where k.name = substr(p_says, 5) and k.revoked_at is null and k.replaced_by is null;
    end if;
    -- PRICING_ADMIN_KEY has no row.
    if v_key_id is null then
        return;
    end if;

    -- Back to the secret that the key was made with.
    with recursive secret (key_id) as (
        select v_key_id
        union
        select k.key_id
        from public.pricing_api_keys k
        join secret s on k.replaced_by = s.key_id
    )
    select p_says || '#' || k.key_id, k.created_at into identity, since
    from secret s
    join public.pricing_api_keys k on k.key_id = s.key_id
    where not exists (select from public.pricing_api_keys e where e.replaced_by = k.key_id)
    limit 1;
    identity := coalesce(identity, p_says || '#' || v_key_id);
end;
$$;


ALTER FUNCTION public.idempotency_identity(p_says text, OUT identity text, OUT since timestamp with time zone) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.idempotency_identity(p_says text, OUT identity text, OUT since timestamp with time zone) IS 'Whose an idempotency key is, as far as the server knows: a bearer key (api:<name>#<key_id of its first secret>, and since when it exists), or the role or login.';

CREATE FUNCTION public.judge_price_changes(p_provider text, p_changes jsonb, p_lists jsonb DEFAULT '{}'::jsonb, p_reference jsonb DEFAULT NULL::jsonb) RETURNS TABLE(provider text, model_id text, class text, reason text, ratio numeric, to_zero boolean, evidence jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
    with guard as materialized (
        select p.* from public.pricing_providers p where p.slug = p_provider and p.guards_enabled
    ),
    change as materialized (
        select
            c.*,
            -- A dry run keeps nothing, so its reference is not in the table.
            case when c.source not like 'catalogue:%' then coalesce(r.prices, k.prices) end as catalogue
        from rows from (
            jsonb_to_recordset(case when exists (select from guard) then p_changes else '[]' end)
                as (provider text, model_id text, source text, raw jsonb)
        ) with ordinality as c (provider, model_id, source, raw, position)
        left join public.pricing_catalogue_prices k on k.provider_slug = c.provider and k.model_id = c.model_id
        left join jsonb_to_recordset(p_reference) as r (provider text, model_id text, prices jsonb)
            on coalesce(r.provider, p_provider) = c.provider and r.model_id = c.model_id
    ),
    move as materialized (
        select
            m.*,
            c.provider,
            c.raw,
            g.guard_large_ratio,
            g.guard_unit_ratio,
            g.guard_lowest_per_1m,
            g.guard_highest_per_1m,
            case when m.before > 0 and m.now > 0 then greatest(m.now / m.before, m.before / m.now) end as ratio,
            -- Compared by multiplication: a quotient is rounded.
            m.now > 0 and (m.now >= m.before * g.guard_unit_ratio or m.now * g.guard_unit_ratio <= m.before) as is_unit,
            m.now > 0 and (m.now >= m.before * g.guard_large_ratio or m.now * g.guard_large_ratio <= m.before) as is_large,
            case when not m.is_condition and m.now > 0 then nullif((c.catalogue ->> m.axis)::numeric, 0) end as catalogue
        from public.pricing_token_moves(case when exists (select from guard) then p_changes else '[]' end) m
        join change c on c.position = m.change
        cross join guard g
    ),
    shared as materialized (
        select s.*
        from (
            select
                array_agg(m.provider order by m.change) as providers,
                array_agg(m.change order by m.change) as changes,
                array_agg(m.now / m.old order by m.change) as factors
            from move m
            where m.old > 0
                and m.before = m.old
                and (m.now >= m.old * 2 or (m.now > 0 and m.now * 2 <= m.old))
                and not m.is_condition
        ) as p
        cross join lateral public.pricing_shared_moves(p_lists, p.providers, p.changes, p.factors) s
    ),
    finding as (
        select
            m.*,
            'ratio' as kind,
            m.is_unit as looks_like_unit,
            m.ratio as weight,
            format(
                '%s moves by %s times (%s -> %s)',
                m.short_name,
                public.pricing_short_number(m.ratio),
                public.pricing_short_number(m.before * 1000000),
                public.pricing_short_number(m.now * 1000000)
            ) as words
        from move m
        where m.is_unit or (m.is_large and not m.is_new_entry)
        union all
        select
            m.*,
            'zero',
            false,
            null,
            format('%s falls to zero (%s -> 0)', m.short_name, public.pricing_short_number(m.old * 1000000))
        from move m
        where m.now = 0 and m.old > 0
        union all
        select
            m.*,
            'band',
            true,
            null,
            format(
                '%s %s is outside %s to %s',
                m.short_name,
                public.pricing_short_number(m.now * 1000000),
                public.pricing_short_number(m.guard_lowest_per_1m),
                public.pricing_short_number(m.guard_highest_per_1m)
            )
        from move m
        where m.now > 0 and (m.now * 1000000 < m.guard_lowest_per_1m or m.now * 1000000 > m.guard_highest_per_1m)
        union all
        select
            m.*,
            'catalogue',
            true,
            q.times,
            format(
                '%s is %s times the catalogue''s %s',
                m.short_name,
                public.pricing_short_number(m.now / m.catalogue),
                public.pricing_short_number(m.catalogue * 1000000)
            )
        from move m
        cross join lateral (
            select greatest(m.now / m.catalogue, m.catalogue / m.now) as times
            -- Nothing else can be near 100 times; what follows is dear.
            where m.now > m.catalogue * 90 or m.now * 90 < m.catalogue
        ) as q
        cross join lateral (
            -- The power of ten that is nearest.
            select 10::numeric ^ (length(trunc(q.times)::text) - case when q.times::text < '5' then 1 else 0 end) as power
        ) as n
        where n.power >= 100
            and case
                when m.now > m.catalogue then abs(m.now - m.catalogue * n.power) <= 0.05 * m.catalogue * n.power
                else abs(m.now * n.power - m.catalogue) <= 0.05 * m.catalogue
            end
        union all
        select
            m.*,
            'list',
            true,
            m.ratio,
            format(
                '%s of %s models move by the same factor %s',
                s.models,
                s.listed,
                public.pricing_short_number(s.factor)
            )
        from move m
        join shared s on s.model = m.change and s.factor = m.now / m.old
        where m.old > 0 and not m.is_condition
    ),
    sentence as (
        select
            w.change,
            string_agg(w.words, '; ' order by w.rank) filter (where w.rank <= 3)
                || coalesce('; and ' || nullif(greatest(count(*) - 3, 0), 0) || ' more', '') as words
        from (
            select
                f.change,
                f.words,
                row_number() over (
                    partition by f.change
                    order by bool_or(f.looks_like_unit) desc, max(f.weight) desc nulls last, min(f.kind), f.words
                ) as rank
            from finding f
            group by f.change, f.words
        ) as w
        group by w.change
    ),
    verdict as (
        select
            f.change,
            case when bool_or(f.looks_like_unit) then 'unit' else 'large' end as class,
            bool_or(f.kind = 'zero') as to_zero,
            jsonb_agg(
                jsonb_strip_nulls(jsonb_build_object(
                    'axis', f.axis,
                    'kind', f.kind,
                    'before', trim_scale(coalesce(f.before, f.old))::text,
                    'now', trim_scale(f.now)::text,
                    'ratio', trim_scale(f.ratio)::text,
                    'catalogue', trim_scale(f.catalogue)::text
                )) || coalesce(r.published, '{}')
                order by f.looks_like_unit desc, f.weight desc nulls last, f.axis, f.kind
            ) as evidence
        from finding f
        left join lateral (
            select jsonb_strip_nulls(jsonb_build_object(
                'key', left(e.key, 200) || case when length(e.key) > 200 then '...' else '' end,
                -- As text, whatever it is: what is nested deep no program could read.
                'text', left(e.value ->> 'text', 200) || case when length(e.value ->> 'text') > 200 then '...' else '' end,
                'unit', left(e.value ->> 'unit', 200)
            )) as published
            from jsonb_each(case when jsonb_typeof(f.raw) = 'object' then f.raw else '{}' end) e
            where e.value ->> 'axis' = f.axis
            order by length(e.key), e.key
            limit 1
        ) as r on true
        group by f.change
    )
    select
        c.provider,
        c.model_id,
        coalesce(v.class, 'first_list'),
        coalesce(v.class || ': ' || s.words, 'first_list: nobody has accepted a list of this provider yet'),
        w.ratio,
        coalesce(v.to_zero, false),
        coalesce(v.evidence, '[]')
    from change c
    cross join guard g
    left join verdict v on v.change = c.position
    left join sentence s on s.change = c.position
    left join (
        select m.change, max(m.ratio) as ratio
        from move m
        -- A price without one to match has not moved, unless it looks as if.
        where not m.is_new_entry or m.is_unit
        group by m.change
    ) as w on w.change = c.position
    where v.change is not null or g.review_first;
$$;


ALTER FUNCTION public.judge_price_changes(p_provider text, p_changes jsonb, p_lists jsonb, p_reference jsonb) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.judge_price_changes(p_provider text, p_changes jsonb, p_lists jsonb, p_reference jsonb) IS 'Of the changes, [{id, provider, model_id, old, new, old_source, source, raw}], those that look wrong by the guards of a provider: class, reason (USD per million), largest ratio and evidence (USD per unit). p_lists: {provider: priced models in the list}.';

CREATE TABLE public.model_pricing (
    id bigint NOT NULL,
    provider_slug text NOT NULL,
    model_id text NOT NULL,
    name text,
    price_per_input_token public.pricing_usd,
    price_per_output_token public.pricing_usd,
    price_per_cache_read_token public.pricing_usd,
    price_per_cache_write_token public.pricing_usd,
    price_per_cache_write_1h_token public.pricing_usd,
    price_per_reasoning_token public.pricing_usd,
    price_per_input_audio_token public.pricing_usd,
    price_per_output_audio_token public.pricing_usd,
    price_per_cache_read_audio_token public.pricing_usd,
    price_per_input_image_token public.pricing_usd,
    price_per_output_image_token public.pricing_usd,
    price_per_image public.pricing_usd,
    price_per_request public.pricing_usd,
    price_per_web_search public.pricing_usd,
    conditions jsonb DEFAULT '[]'::jsonb NOT NULL,
    extra jsonb DEFAULT '{}'::jsonb NOT NULL,
    pricing_source text NOT NULL,
    first_seen_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    last_changed_at timestamp with time zone,
    missing_count integer DEFAULT 0 NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    listed_by text NOT NULL,
    synced jsonb,
    CONSTRAINT model_pricing_conditions_check CHECK ((jsonb_typeof(conditions) = 'array'::text)),
    CONSTRAINT model_pricing_extra_check CHECK ((jsonb_typeof(extra) = 'object'::text)),
    CONSTRAINT model_pricing_missing_count_check CHECK ((missing_count >= 0)),
    CONSTRAINT model_pricing_model_id_check CHECK (((length(model_id) >= 1) AND (length(model_id) <= 512))),
    CONSTRAINT model_pricing_provider_slug_check CHECK (((length(provider_slug) >= 1) AND (length(provider_slug) <= 40))),
    CONSTRAINT model_pricing_synced_check CHECK ((jsonb_typeof(synced) = 'object'::text))
);


ALTER TABLE public.model_pricing OWNER TO pricing_owner;

COMMENT ON TABLE public.model_pricing IS 'The price in force, one row per provider and model; US dollars per single unit, null where unknown.';

COMMENT ON COLUMN public.model_pricing.model_id IS 'As the provider spells it, case included.';

COMMENT ON COLUMN public.model_pricing.price_per_input_token IS 'USD per input token.';

COMMENT ON COLUMN public.model_pricing.price_per_output_token IS 'USD per output token.';

COMMENT ON COLUMN public.model_pricing.price_per_cache_read_token IS 'USD per input token read from the cache.';

COMMENT ON COLUMN public.model_pricing.price_per_cache_write_token IS 'USD per input token written to the cache for 5 minutes.';

COMMENT ON COLUMN public.model_pricing.price_per_cache_write_1h_token IS 'USD per input token written to the cache for 1 hour.';

COMMENT ON COLUMN public.model_pricing.price_per_reasoning_token IS 'USD per reasoning token.';

COMMENT ON COLUMN public.model_pricing.price_per_input_audio_token IS 'USD per audio input token.';

COMMENT ON COLUMN public.model_pricing.price_per_output_audio_token IS 'USD per audio output token.';

COMMENT ON COLUMN public.model_pricing.price_per_cache_read_audio_token IS 'USD per audio input token read from the cache.';

COMMENT ON COLUMN public.model_pricing.price_per_input_image_token IS 'USD per image input token.';

COMMENT ON COLUMN public.model_pricing.price_per_output_image_token IS 'USD per image output token.';

COMMENT ON COLUMN public.model_pricing.price_per_image IS 'USD per image.';

COMMENT ON COLUMN public.model_pricing.price_per_request IS 'USD per request.';

COMMENT ON COLUMN public.model_pricing.price_per_web_search IS 'USD per web search.';

COMMENT ON COLUMN public.model_pricing.conditions IS 'Prices that replace the base under a condition (prompt size, UTC window), in the provider''s order: later entries win.';

COMMENT ON COLUMN public.model_pricing.extra IS 'Price keys without a column, verbatim.';

COMMENT ON COLUMN public.model_pricing.pricing_source IS 'api:<provider>, or catalogue:genai-prices@<version>.';

COMMENT ON COLUMN public.model_pricing.last_changed_at IS 'When the price last changed; null while no price was ever known.';

COMMENT ON COLUMN public.model_pricing.missing_count IS 'Complete syncs in a row that did not list the model.';

COMMENT ON COLUMN public.model_pricing.is_active IS 'False after 3 complete syncs without the model; it is never deleted.';

COMMENT ON COLUMN public.model_pricing.listed_by IS 'Whose list has the model: its provider''s slug, or catalogue.';

COMMENT ON COLUMN public.model_pricing.synced IS 'While an override is in force: the price set that the provider''s syncs say; null without one.';

CREATE FUNCTION public.judge_price_override(p_model public.model_pricing, p_prices jsonb) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    -- US dollars for one image, request or search, where a model has no price at all to measure by.
    v_highest_fee constant numeric := 10;
    v_base constant jsonb := public.pricing_base_set(p_model);
    v_set constant jsonb := public.pricing_overridden_set(v_base, p_prices);
    v_change constant jsonb := jsonb_build_array(jsonb_build_object(
        'id', p_model.id,
        'provider', p_model.provider_slug,
        'model_id', p_model.model_id,
        -- An override adds no condition.
        'old', v_base - 'conditions',
        'new', v_set - 'conditions',
        'old_source', 'manual',
        'source', 'manual'
    ));
    -- As in model_prices.price_state.
    v_is_unpriced constant boolean := not v_base ?| array[
            'price_per_input_token', 'price_per_output_token', 'conditions'
        ]
        and not exists (
            select
            from public.pricing_axes() a
            where (v_base ->> a.axis)::numeric > 0 and a.axis <> 'price_per_web_search'
        );
    v_guard public.pricing_providers;
    v_reason text;
    v_others text;
begin
    -- A provider without a row has its prices from the catalogue, whose guards are theirs too.
    select p.* into v_guard
    from public.pricing_providers p
    where p.slug in (p_model.provider_slug, 'catalogue')
    order by p.slug <> p_model.provider_slug
    limit 1;
    if v_guard.guards_enabled is not true then
        return null;
    end if;

    select regexp_replace(j.reason, '^[a-z_]+: ', '') into v_reason
    from public.judge_price_changes(v_guard.slug, v_change) j
    -- That nobody has looked at the provider's list yet says nothing of this price.
    where j.class <> 'first_list';

    -- What a list is not judged by: people mistype it all the same.
    with given as (
        select
            a.axis,
            a.short_name,
            a.per = 'token' as is_token,
            p.amount as now,
            public.pricing_short_number(p.amount * case when a.per = 'token' then 1000000 else 1 end) as shown,
            p.base,
            nullif(p.base, 0) as old,
            nullif((c.prices ->> a.axis)::numeric, 0) as catalogue,
            -- What other tokens cost: with the provider, not with this override, or a price would be measured by
            -- itself. Only where the provider says nothing at all is the override measured by itself.
            w.lowest,
            w.highest,
            exists (
                select from public.pricing_token_moves(v_change) m where m.axis = a.axis and m.before > 0
            ) as is_known,
            v_guard.guard_large_ratio as large,
            case when a.axis ~ 'audio|image' then v_guard.guard_unit_ratio else v_guard.guard_large_ratio end as dearer,
            -- A read of a cache costs a small part of what the text costs.
            case
                when a.axis in ('price_per_input_token', 'price_per_output_token') then v_guard.guard_large_ratio
                else v_guard.guard_unit_ratio
            end as cheaper
        from public.pricing_axes() a
        cross join lateral (
            select (p_prices ->> a.axis)::numeric as amount, (v_base ->> a.axis)::numeric as base
        ) as p
        left join public.pricing_catalogue_prices c
            on c.provider_slug = p_model.provider_slug and c.model_id = p_model.model_id
        cross join lateral (
            select min(o.amount) as lowest, max(o.amount) as highest
            from (
                select (case when v_is_unpriced then p_prices else v_base end ->> n.axis)::numeric as amount
                from (values ('price_per_input_token'), ('price_per_output_token')) as n (axis)
                where n.axis <> a.axis
            ) as o
            where o.amount > 0
        ) as w
        where p_prices ? a.axis
    ),
    finding as (
        select
            g.short_name,
            case
                when g.now = 0 and g.old > 0 and not g.is_token then format(
                    '%s falls to zero (%s -> 0)', g.short_name, public.pricing_short_number(g.old)
                )
                -- Reasoning without a price of its own is nothing, as fees are.
                when g.now = 0 and g.base is null and g.is_token and g.axis <> 'price_per_reasoning_token' then format(
                    '%s is zero, and there was no price', g.short_name
                )
                -- What was known is judged as a list's is, above.
                when g.now = 0 or g.is_known then null
                when g.old > 0 and g.now > v_guard.guard_highest_per_1m then format(
                    '%s %s is above %s',
                    g.short_name, g.shown, public.pricing_short_number(v_guard.guard_highest_per_1m)
                )
                when g.old > 0 and (g.now >= g.old * g.large or g.now * g.large <= g.old) then format(
                    '%s moves by %s times (%s -> %s)',
                    g.short_name,
                    public.pricing_short_number(greatest(g.now / g.old, g.old / g.now)),
                    public.pricing_short_number(g.old),
                    g.shown
                )
                when g.old > 0 then null
                when g.catalogue > 0 then case
                    when g.now >= g.catalogue * g.large or g.now * g.large <= g.catalogue then format(
                        '%s is %s times the catalogue''s %s',
                        g.short_name,
                        public.pricing_short_number(g.now / g.catalogue),
                        public.pricing_short_number(g.catalogue * case when g.is_token then 1000000 else 1 end)
                    )
                end
                when g.is_token and g.highest > 0 then case
                    when g.now >= g.highest * g.dearer or g.now * g.cheaper <= g.lowest then format(
                        '%s %s is %s times the price of %s, and there was none',
                        g.short_name,
                        g.shown,
                        public.pricing_short_number(
                            g.now / case when g.now > g.lowest then g.highest else g.lowest end
                        ),
                        case g.axis
                            when 'price_per_input_token' then 'output'
                            when 'price_per_output_token' then 'input'
                            else 'input and output'
                        end
                    )
                end
                when not v_is_unpriced then format(
                    '%s %s has nothing to be measured by: %s',
                    g.short_name, g.shown, case when g.base = 0 then 'it was free' else 'there was none' end
                )
                when not g.is_token and g.now > v_highest_fee then format(
                    '%s %s is above %s', g.short_name, g.shown, public.pricing_short_number(v_highest_fee)
                )
            end as words
        from given g
    )
    select string_agg(f.words, '; ' order by f.short_name)
    into v_others
    from finding f
    where coalesce(position(f.words in v_reason), 0) = 0;
    return nullif(concat_ws('; ', v_reason, v_others), '');
end;
$$;


ALTER FUNCTION public.judge_price_override(p_model public.model_pricing, p_prices jsonb) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.judge_price_override(p_model public.model_pricing, p_prices jsonb) IS 'What looks wrong with an override by the guards of its provider (factor, zero, band, power of ten beside the catalogue, a price where the model has others and nothing to measure it by), in USD per million tokens or per unit; null: nothing.';

CREATE FUNCTION public.keep_pricing_lock() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    return case when not exists (select from public.pricing_locks l where l.name = new.name) then new end;
end;
$$;


ALTER FUNCTION public.keep_pricing_lock() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.keep_pricing_lock() IS 'Trigger: a lock that is there is not made again, and that is no error.';

CREATE FUNCTION public.list_provider_models(p_provider text, p_targets text[], p_prices jsonb, p_skipped jsonb, p_observed_at timestamp with time zone, p_now timestamp with time zone, p_dry_run boolean, p_is_shorter boolean, p_source text) RETURNS TABLE(compared_count integer, changes jsonb, unchanged_ids bigint[], lists jsonb)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
    v_mark constant text := coalesce(current_setting('pricing.writer', true), '');
begin
    -- See guard_model_pricing.
    perform set_config('pricing.writer', 'on', true);
    return query
    with compared as materialized (
        select c.*
        from public.compare_provider_prices(p_provider, p_targets, p_prices, p_observed_at, p_source) c
    ),
    listed as (
        insert into public.model_pricing as m
            (provider_slug, model_id, name, listed_by, pricing_source, extra, first_seen_at)
        select
            c.provider_slug,
            c.model_id,
            c.name,
            p_provider,
            -- Whose price it is changes with the price.
            case when c.is_changed then coalesce(c.old_source, c.source) else c.source end,
            c.extra,
            p_now
        from compared c
        where c.is_touched and not p_dry_run
        on conflict (provider_slug, model_id) do update
        set name = coalesce(excluded.name, m.name),
            pricing_source = excluded.pricing_source,
            -- The catalogue leaves a model to the list that has it.
            listed_by = case when p_provider = 'catalogue' then m.listed_by else excluded.listed_by end,
            extra = excluded.extra,
            missing_count = case when p_provider = 'catalogue' and m.listed_by <> p_provider then m.missing_count else 0 end,
            is_active = m.is_active or p_provider <> 'catalogue' or m.listed_by = p_provider
        returning m.id, m.provider_slug, m.model_id
    ),
    missing as (
        update public.model_pricing m
        set missing_count = m.missing_count + 1,
            -- A person has accepted that these are gone.
            is_active = m.missing_count + 1 < 3 and not (p_is_shorter and m.listed_by = p_provider)
        where m.provider_slug = any (p_targets)
            and m.is_active
            and not p_dry_run
            and (p_provider <> 'catalogue' or m.listed_by = 'catalogue')
            and not exists (
                select from compared c where c.provider_slug = m.provider_slug and c.model_id = m.model_id
            )
            -- A model that was listed but not understood is not missing.
            and not exists (
                select
                from jsonb_to_recordset(p_skipped) as s (model_id text)
                where s.model_id = m.model_id
            )
        returning 1
    )
    select
        (select count(*)::integer from compared),
        (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'id', coalesce(c.id, l.id),
                        'provider', c.provider_slug,
                        'model_id', c.model_id,
                        'name', c.name,
                        'old', c.old_prices,
                        'new', c.new_prices,
                        'old_source', c.old_source,
                        'source', c.source,
                        'extra', c.extra,
                        'raw', c.raw
                    )
                    order by c.provider_slug, c.model_id
                ),
                '[]'
            )
            from compared c
            left join listed l on l.provider_slug = c.provider_slug and l.model_id = c.model_id
            where c.is_changed
        ),
        array(
            select c.id
            from compared c
            where not c.is_changed
                and c.id in (
                    select h.model_id
                    from public.pricing_held_changes h
                    where h.still_said and h.status in ('held', 'rejected')
                )
            order by c.id
        ),
        (
            select coalesce(jsonb_object_agg(p.provider_slug, p.priced), '{}')
            from (
                select c.provider_slug, count(*) as priced
                from compared c
                where c.is_priced
                group by c.provider_slug
            ) as p
        );
    perform set_config('pricing.writer', v_mark, true);
end;
$$;


ALTER FUNCTION public.list_provider_models(p_provider text, p_targets text[], p_prices jsonb, p_skipped jsonb, p_observed_at timestamp with time zone, p_now timestamp with time zone, p_dry_run boolean, p_is_shorter boolean, p_source text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.list_provider_models(p_provider text, p_targets text[], p_prices jsonb, p_skipped jsonb, p_observed_at timestamp with time zone, p_now timestamp with time zone, p_dry_run boolean, p_is_shorter boolean, p_source text) IS 'Write which models a list has (new ones without a price) and which are missing; p_is_shorter: these are gone at once; p_source: whose prices they are. Returns how many it may speak for, the price changes, the held or rejected models that have their accepted price again, and how many priced models each provider''s list has.';

CREATE FUNCTION public.lock_key_name(p_name text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $$
declare
    v_until constant timestamptz := clock_timestamp() + interval '5 seconds';
    v_lock constant text := 'keys named ' || public.folded_key_name(p_name);
    v_xmax xid;
begin
    -- No key can have such a name.
    if p_name is null or length(p_name) > 64 then
        return;
    end if;
    perform public.hold_pricing_lock(v_lock, v_until);
    begin
        -- Rows that somebody changes by hand.
        perform public.wait_for_locks_until(v_until);
        perform from public.pricing_api_keys k
        where k.name = p_name and k.revoked_at is null
        order by k.key_id
        for update;
    exception
        when lock_not_available then
            -- The first of those that the holder may have.
            select k.xmax into v_xmax
            from public.pricing_api_keys k
            where k.name = p_name and k.revoked_at is null and k.xmax <> '0'::xid
            order by k.key_id
            limit 1;
            raise exception 'The % are held by %',
                    v_lock, public.pricing_lock_holders('public.pricing_api_keys'::regclass, v_xmax)
                using errcode = 'lock_not_available',
                    hint = 'Nothing was written; try again. select pg_terminate_backend(<pid>) ends that session.';
    end;
end;
$$;


ALTER FUNCTION public.lock_key_name(p_name text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.lock_key_name(p_name text) IS 'Hold all keys of a name, those to come included, until the end of the transaction; after 5 seconds an error that says who has them.';

CREATE FUNCTION public.lock_listed_prices(p_provider text, p_prices jsonb, p_until timestamp with time zone) RETURNS text[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_targets text[] := array[p_provider];
begin
    if p_provider = 'catalogue' then
        select coalesce(array_agg(t.provider), '{}') into v_targets
        from (
            select i.provider
            from jsonb_to_recordset(coalesce(p_prices, '[]')) as i (provider text)
            where i.provider is not null
            union
            -- It may have dropped a provider whole: that one's models are missing as well.
            select m.provider_slug from public.model_pricing m where m.listed_by = 'catalogue'
        ) as t;
    end if;
    perform public.lock_provider_prices(v_targets, p_until);
    if p_provider = 'catalogue' then
        -- It speaks for those that cannot speak for themselves, and for nobody else. A list without prices has the
        -- catalogue's for its models: its provider speaks for itself too.
        select coalesce(array_agg(t), '{}') into v_targets
        from unnest(v_targets) as t
        where not exists (
            select
            from public.pricing_providers p
            where p.slug = t
                and p.adapter is not null
                and p.last_success_at is not null
                and p.state <> 'no_credentials'
        );
    end if;
    return v_targets;
end;
$$;


ALTER FUNCTION public.lock_listed_prices(p_provider text, p_prices jsonb, p_until timestamp with time zone) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.lock_listed_prices(p_provider text, p_prices jsonb, p_until timestamp with time zone) IS 'Hold the prices of the providers in a list; returns those that the list may speak for: its own, or the catalogue''s many.';

CREATE FUNCTION public.lock_provider_prices(p_providers text[], p_until timestamp with time zone DEFAULT (clock_timestamp() + '00:00:05'::interval)) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_provider text;
begin
    for v_provider in
        select distinct p from unnest(p_providers) as p where p is not null order by p
    loop
        perform public.hold_pricing_lock('prices of ' || v_provider, p_until);
    end loop;
end;
$$;


ALTER FUNCTION public.lock_provider_prices(p_providers text[], p_until timestamp with time zone) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.lock_provider_prices(p_providers text[], p_until timestamp with time zone) IS 'Hold the prices of these providers until the end of the transaction, always in the same order; an error that says who has them when they cannot be had until this time.';

CREATE FUNCTION public.lock_provider_triggers(p_providers text[], p_wait boolean DEFAULT true) RETURNS text[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_until constant timestamptz := clock_timestamp() + interval '5 seconds';
    v_provider text;
    v_held text[] := array[]::text[];
begin
    for v_provider in
        select distinct p from unnest(p_providers) as p where p is not null order by p
    loop
        if p_wait then
            perform public.hold_pricing_lock('triggers of ' || v_provider, v_until);
        elsif not public.try_pricing_lock('triggers of ' || v_provider) then
            continue;
        end if;
        v_held := v_held || v_provider;
    end loop;
    return v_held;
end;
$$;


ALTER FUNCTION public.lock_provider_triggers(p_providers text[], p_wait boolean) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.lock_provider_triggers(p_providers text[], p_wait boolean) IS 'Keep others that look before they queue from these providers until the end of the transaction; always in the same order. Returns those held: all, unless it shall not wait.';

CREATE FUNCTION public.log_ended_attempt(p_queue_job_id bigint, p_attempt integer, p_status text, p_error_kind text, p_message text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    update public.pricing_sync_log l
    set status = p_status,
        sync_completed_at = clock_timestamp(),
        errors = case when p_status = 'failed' then 1 else 0 end,
        error_kind = left(p_error_kind, 100),
        error_message = left(p_message, 2000)
    where l.queue_job_id = p_queue_job_id
        and l.attempt = p_attempt
        and l.status in ('queued', 'in_progress');
$$;


ALTER FUNCTION public.log_ended_attempt(p_queue_job_id bigint, p_attempt integer, p_status text, p_error_kind text, p_message text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.log_ended_attempt(p_queue_job_id bigint, p_attempt integer, p_status text, p_error_kind text, p_message text) IS 'End the log row of an attempt, unless it has ended already.';

CREATE FUNCTION public.log_queued_attempt(p_queue_job_id bigint, p_attempt integer, p_job_id uuid, p_provider text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    insert into public.pricing_sync_log (job_id, provider_slug, queue_job_id, attempt, triggered_by)
    select j.job_id, p_provider, p_queue_job_id, p_attempt, j.triggered_by
    from public.pricing_sync_jobs j
    where j.job_id = p_job_id
    on conflict (queue_job_id, attempt) do nothing;
$$;


ALTER FUNCTION public.log_queued_attempt(p_queue_job_id bigint, p_attempt integer, p_job_id uuid, p_provider text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.log_queued_attempt(p_queue_job_id bigint, p_attempt integer, p_job_id uuid, p_provider text) IS 'Add the log row of an attempt that waits.';

CREATE FUNCTION public.mend_pricing_jobs() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v record;
    v_row procrastinate.procrastinate_jobs;
    v_is_gone boolean;
    v_mended integer := 0;
begin
    -- Queue rows before log rows: a job whose last open log row is ended there would end with it, and what waits of it
    -- be stopped.
    for v in
        select e.provider_slug, e.queue_job_id, e.attempt, e.job_id
        from public.pricing_sync_expiry e
        where e.reason = 'queue_row_adrift' and e.since < clock_timestamp() - e.allowed
        order by e.queue_job_id
        limit 500
    loop
        begin
            v_row := public.hold_stuck_sync('queue_row_adrift', v.queue_job_id, v.attempt);
            continue when v_row.id is null;
            if not exists (select from public.pricing_sync_jobs j where j.job_id = v.job_id and j.outcome is null) then
                v_mended := v_mended
                    + public.stop_provider_sync(v.queue_job_id, 'stopped', 'Its job has ended or is gone')::integer;
                continue;
            end if;
            perform public.log_queued_attempt(v.queue_job_id, v.attempt, v.job_id, v.provider_slug);
            if v_row.status = 'doing' then
                update public.pricing_sync_log l
                set status = 'in_progress',
                    worker_id = v_row.worker_id,
                    sync_started_at = coalesce(
                        (
                            select max(e.at)
                            from procrastinate.procrastinate_events e
                            where e.job_id = v.queue_job_id and e.type = 'started'
                        ),
                        clock_timestamp()
                    )
                where l.queue_job_id = v.queue_job_id and l.attempt = v.attempt and l.status = 'queued';
            end if;
            perform public.settle_pricing_job(v.job_id);
            v_mended := v_mended + 1;
        exception
            when others then
                raise warning 'pricing-sync: the log of queue row % could not be mended: %', v.queue_job_id, sqlerrm;
        end;
    end loop;

    for v in
        select e.queue_job_id, e.attempt, e.job_id
        from public.pricing_sync_expiry e
        where e.reason = 'log_row_adrift' and e.since < clock_timestamp() - e.allowed
        order by e.queue_job_id, e.attempt
        limit 500
    loop
        begin
            v_is_gone := not exists (select from procrastinate.procrastinate_jobs q where q.id = v.queue_job_id);
            if v_is_gone then
                perform from public.pricing_sync_jobs j where j.job_id = v.job_id for no key update skip locked;
                continue when not found or not public.hold_log_row(v.queue_job_id, v.attempt);
            else
                continue when (public.hold_stuck_sync('log_row_adrift', v.queue_job_id, v.attempt)).id is null;
            end if;
            perform public.log_ended_attempt(
                v.queue_job_id, v.attempt, 'failed',
                case when v_is_gone then 'queue_row_deleted' else 'ended_outside' end,
                case when v_is_gone
                    then 'The queue row was deleted before the sync ended'
                    else 'The queue row was ended outside of pricing-sync'
                end
            );
            perform public.settle_pricing_job(v.job_id);
            v_mended := v_mended + 1;
        exception
            when others then
                raise warning 'pricing-sync: log row % could not be mended: %',
                    (
                        select l.id
                        from public.pricing_sync_log l
                        where l.queue_job_id = v.queue_job_id and l.attempt = v.attempt
                    ),
                    sqlerrm;
        end;
    end loop;

    for v in
        select e.job_id
        from public.pricing_sync_expiry e
        where e.reason = 'job_adrift' and e.since < clock_timestamp() - e.allowed
        order by e.job_id
        limit 500
    loop
        begin
            perform from public.pricing_sync_jobs j where j.job_id = v.job_id for no key update skip locked;
            continue when not found;
            perform public.settle_pricing_job(v.job_id);
            v_mended := v_mended + 1;
        exception
            when others then
                raise warning 'pricing-sync: job % could not be mended: %', v.job_id, sqlerrm;
        end;
    end loop;
    return v_mended;
end;
$$;


ALTER FUNCTION public.mend_pricing_jobs() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.mend_pricing_jobs() IS 'Bring log rows and jobs in line with queue rows that ended, moved or disappeared without them; returns how many it mended.';

CREATE FUNCTION public.model_price_at(provider text, model text, at timestamp with time zone DEFAULT now()) RETURNS TABLE(input_per_1m numeric, output_per_1m numeric, price_per_input_token numeric, price_per_output_token numeric, price_per_cache_read_token numeric, price_per_cache_write_token numeric, price_per_cache_write_1h_token numeric, price_per_reasoning_token numeric, price_per_input_audio_token numeric, price_per_output_audio_token numeric, price_per_cache_read_audio_token numeric, price_per_input_image_token numeric, price_per_output_image_token numeric, price_per_image numeric, price_per_request numeric, price_per_web_search numeric, conditions jsonb, changed_at timestamp with time zone, changed_by text, source text, job_id uuid, history_id bigint)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_model_id bigint;
begin
    if at is null then
        raise exception 'at cannot be null' using errcode = 'PT422', hint = 'Leave it out for the price now.';
    end if;
    select m.id into v_model_id
    from public.model_pricing m
    where m.provider_slug = model_price_at.provider and m.model_id = model_price_at.model;
    if not found then
        raise exception '% has no model %',
                coalesce(left(model_price_at.provider, 60), 'null'),
                coalesce(quote_literal(left(model_price_at.model, 512)), 'null')
            using errcode = 'PT404',
                hint = 'Ids are case sensitive, as the provider spells them: select provider, model from model_prices where ...';
    end if;

    return query
    select
        trim_scale(h.price_per_input_token::numeric * 1000000),
        trim_scale(h.price_per_output_token::numeric * 1000000),
        h.price_per_input_token::numeric,
        h.price_per_output_token::numeric,
        h.price_per_cache_read_token::numeric,
        h.price_per_cache_write_token::numeric,
        h.price_per_cache_write_1h_token::numeric,
        h.price_per_reasoning_token::numeric,
        h.price_per_input_audio_token::numeric,
        h.price_per_output_audio_token::numeric,
        h.price_per_cache_read_audio_token::numeric,
        h.price_per_input_image_token::numeric,
        h.price_per_output_image_token::numeric,
        h.price_per_image::numeric,
        h.price_per_request::numeric,
        h.price_per_web_search::numeric,
        h.conditions,
        h.changed_at,
        h.changed_by,
        h.pricing_source,
        h.job_id,
        h.id
    from public.model_pricing_history h
    where h.model_id = v_model_id and h.is_in_force and h.changed_at <= model_price_at.at
    order by h.id desc
    limit 1;
end;
$$;


ALTER FUNCTION public.model_price_at(provider text, model text, at timestamp with time zone) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.model_price_at(provider text, model text, at timestamp with time zone) IS 'The price that was in force then, from history alone: USD per million tokens first, then for one unit of each axis; no row before the first price, nulls where it was unknown.';

CREATE FUNCTION public.next_pricing_sync_at(p_slot timestamp with time zone, p_interval interval, p_jitter numeric, p_failures integer) RETURNS timestamp with time zone
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select greatest(
        clock.now + interval '5 minutes',
        -- Late by less than an interval, the slots after it stay where they were; by more, those missed are one.
        case when p_slot + stretched.length > clock.now then p_slot else clock.now end
            + stretched.length * (1 + p_jitter * (2 * random() - 1))
    )
    from (select clock_timestamp() as now) as clock
    -- Beyond what a timestamp can hold, one row would stop the schedule of all.
    cross join lateral (select least(p_interval, interval '100 years') as length) as usual
    cross join lateral (
        select case
            when p_failures >= 3 then least(
                greatest(interval '1 day', usual.length),
                -- 5 minutes, the shortest, are more than a day after 9 doublings.
                usual.length * 2 ^ least(p_failures - 2, 9)
            )
            else usual.length
        end as length
    ) as stretched;
$$;


ALTER FUNCTION public.next_pricing_sync_at(p_slot timestamp with time zone, p_interval interval, p_jitter numeric, p_failures integer) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.next_pricing_sync_at(p_slot timestamp with time zone, p_interval interval, p_jitter numeric, p_failures integer) IS 'The slot after this one (null: now): an interval later, give or take the jitter, stretched up to a day from 3 failures in a row on, and 5 minutes from now at the earliest.';

CREATE FUNCTION public.note_pricing_maintenance(p_table text, p_statement text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    -- Of this transaction: it is rolled back together with the audit row.
    v_noted constant text := coalesce(current_setting('pricing.maintenance_noted', true), '');
begin
    if position(p_table || ' ' in v_noted) > 0 then
        return;
    end if;
    insert into public.pricing_audit_log (who, action, subject, details)
    values (public.pricing_who(), 'maintenance', p_table, jsonb_build_object('statement', lower(p_statement)));
    perform set_config('pricing.maintenance_noted', v_noted || p_table || ' ', true);
end;
$$;


ALTER FUNCTION public.note_pricing_maintenance(p_table text, p_statement text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.note_pricing_maintenance(p_table text, p_statement text) IS 'Leave one audit row for each transaction and table that is changed under pricing.maintenance.';

CREATE FUNCTION public.notify_pricing_sync_job() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform pg_catalog.pg_notify(
        'pricing_sync_job',
        json_build_object('job_id', new.job_id, 'status', new.status, 'revision', new.revision)::text
    );
    return null;
end;
$$;


ALTER FUNCTION public.notify_pricing_sync_job() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.notify_pricing_sync_job() IS 'Trigger: tell listeners on channel pricing_sync_job, after commit, that a job changed.';

CREATE FUNCTION public.prepare_provider_sync() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
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
        -- A row that is due later blocks everything behind its lock until then.
        raise exception 'A provider sync cannot be scheduled for later'
            using errcode = 'PT422', hint = 'Put it into the queue when it is due.';
    end if;
    perform public.resolve_sync_providers(array[v_provider]);

    if new.args ->> 'job_id' is null then
        insert into public.pricing_sync_jobs as j (triggered_by, providers, providers_total)
        values (public.pricing_who(), array[v_provider], 1)
        returning j.* into v_job;
        new.args := jsonb_build_object('provider', v_provider, 'job_id', v_job.job_id);
    else
        -- Held, so that nobody ends the job while its row is not there to be seen.
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
        -- A job signs what its syncs change: as it was triggered, or retried.
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
                -- Its own, which a restore brings before it.
                and l.queue_job_id <> new.id
            order by l.id desc
            limit 1
        ) in ('queued', 'in_progress', 'success') then
            raise exception 'Job % has a sync of % already', new.args ->> 'job_id', quote_literal(v_provider)
                using errcode = 'PT422', hint = 'Leave job_id out: a job is made for it.';
        end if;
    end if;

    -- The engine's numbers may begin again (truncate ... restart identity, a restore of our tables only), and the log
    -- goes by them: a row whose number another attempt had moves past all that were given.
    if public.queue_id_is_taken(new.id, (new.args ->> 'job_id')::uuid, v_provider) then
        select greatest(
            (select max(l.queue_job_id) from public.pricing_sync_log l),
            (select max(g.queue_job_id) from public.pricing_given_up_syncs g)
        )
        into v_last;
        new.id := nextval('procrastinate.procrastinate_jobs_id_seq');
        if new.id <= v_last then
            -- By steps, as setval could take back what another session is being given.
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
    -- Different priorities behind one lock make the engine's fetch raise a unique violation.
    new.priority := 0;
    new.queueing_lock := null;
    new.scheduled_at := null;
    new.status := 'todo';
    new.attempts := 0;
    new.abort_requested := false;
    new.worker_id := null;
    return new;
end;
$_$;


ALTER FUNCTION public.prepare_provider_sync() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.prepare_provider_sync() IS 'Trigger: give a new provider sync its lock, queue and job, or refuse it with PT422.';

CREATE FUNCTION public.pricing_access_differences() RETURNS TABLE(step integer, object text, found text, statement text, is_ours boolean)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET quote_all_identifiers TO 'off'
    AS $_$
    with role as materialized (
        select
            r.*,
            r.rolname::text as name,
            quote_ident(r.rolname) as quoted,
            r.rolname in ('pricing_owner', 'pricing_web', 'pricing_worker') as is_ours,
            -- Who speaks for the whole world, or for Supabase's API.
            r.rolname in ('anon', 'authenticated', 'service_role') as is_api
        from pg_roles r
    ),
    engine as materialized (
        select
            nullif(current_setting('pricing.engine', true), '')::jsonb as known,
            (select c.relowner from pg_class c where c.oid = to_regclass('public.pricing_schema_ledger')) as owner
    ),
    -- None where the login is no member of it: a login without CREATEROLE owns everything itself.
    owner as materialized (
        select r.* from role r where r.name = 'pricing_owner' and pg_has_role(current_user, r.oid, 'member')
    ),
    self as materialized (
        select r.* from role r where r.name = current_user
    ),
    membership as materialized (
        select
            m.roleid,
            m.member,
            string_agg(
                format('revoke %s from %s', r.quoted, u.quoted) || case
                    -- From 16 on each grantor's is one of its own, and what was granted by it goes with it.
                    when current_setting('server_version_num')::integer >= 160000
                        then format(' granted by %I cascade', pg_get_userbyid(m.grantor))
                    else ''
                end,
                '; '
                order by m.grantor
            ) as revoke,
            bool_and(
                current_setting('server_version_num')::integer < 160000 or pg_has_role(m.grantor, 'usage')
            ) as is_revocable
        from pg_auth_members m
        join role r on r.oid = m.roleid
        join role u on u.oid = m.member
        group by m.roleid, m.member
    ),
    wanted_relation as materialized (
        select to_regclass(format('public.%I', w.object)) as oid, array_agg(w.role) as roles
        from public.pricing_rights w
        where w.kind = 'relation'
        group by w.object
    ),
    relation as materialized (
        select c.*, n.nspname, w.roles, format('%I.%I', n.nspname, c.relname) as name
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        cross join engine e
        left join wanted_relation w on w.oid = c.oid
        where w.oid is not null
            or (
                n.nspname = 'procrastinate'
                and c.relkind in ('r', 'p', 'v', 'm', 'S')
                and case
                    when e.known is null then c.relowner = e.owner
                    -- A sequence that its column does not own any more has its name still.
                    else e.known -> 'relations' ? c.relname
                        or c.relkind = 'S' and e.known -> 'relations' ? regexp_replace(c.relname, '_id_seq$', '')
                end
            )
    ),
    owned_sequence as materialized (
        select c.oid, c.relowner, c.relacl, format('%I.%I', n.nspname, c.relname) as name
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        join pg_depend d
            on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass
            and d.deptype in ('a', 'i')
        join relation r on r.oid = d.refobjid
        where c.relkind = 'S'
    ),
    routine as materialized (
        select p.*, p.oid::regprocedure::text as name, w.roles,
            p.pronamespace is not distinct from to_regnamespace('procrastinate') as is_engine
        from pg_proc p
        cross join engine e
        left join (
            select w.object, array_agg(w.role) as roles
            from public.pricing_rights w
            where w.kind = 'function'
            group by w.object
        ) as w on w.object = p.proname and p.pronamespace = to_regnamespace('public')
        where case
            -- Of two with one name the owner's is ours.
            when w.object is not null then p.proowner = e.owner or not exists (
                select
                from pg_proc o
                where o.pronamespace = p.pronamespace and o.proname = p.proname and o.proowner = e.owner
            )
            when p.pronamespace is distinct from to_regnamespace('procrastinate') then false
            when e.known is null then p.proowner = e.owner
            -- By name, parameters and text: a function of somebody else may have any of them.
            else exists (
                select
                from jsonb_to_recordset(e.known -> 'functions' -> p.proname) as f (text text, types text[])
                where f.text = md5(regexp_replace(p.prosrc, '[[:space:]]+', '', 'g'))
                    and p.proargtypes::text = array_to_string(
                        array(
                            select to_regtype(t.name)::oid
                            from unnest(f.types) with ordinality as t (name, position)
                            order by t.position
                        ),
                        ' ', '?'
                    )
            )
        end
    ),
    -- What rights are given on: word is what GRANT calls it, worker what the worker may in the engine's schema.
    object as materialized (
        select
            'table' as word,
            case r.relkind when 'v' then 'view' else 'table' end as kind,
            r.name,
            r.relowner as owner,
            r.relacl as acl,
            'r'::"char" as type,
            r.roles,
            array['SELECT'] as privileges,
            case when r.nspname = 'procrastinate' then array['SELECT', 'INSERT', 'UPDATE', 'DELETE'] end as worker,
            false as follows
        from relation r
        where r.relkind <> 'S'
        union all
        select
            'sequence', 'sequence', s.name, s.relowner, s.relacl, 's', null, null,
            case when s.name like 'procrastinate.%' then array['USAGE', 'SELECT'] end,
            -- It goes with its table.
            true
        from owned_sequence s
        union all
        select
            'sequence', 'sequence', r.name, r.relowner, r.relacl, 's', null, null,
            case when r.nspname = 'procrastinate' then array['USAGE', 'SELECT'] end,
            false
        from relation r
        where r.relkind = 'S' and not exists (select from owned_sequence s where s.oid = r.oid)
        union all
        select
            'routine', 'function', p.name, p.proowner, p.proacl, 'f', p.roles, array['EXECUTE'],
            case when p.is_engine then array['EXECUTE'] end,
            false
        from routine p
        union all
        select 'schema', 'schema', 'procrastinate', n.nspowner, n.nspacl, 'n', null, null, array['USAGE'], false
        from pg_namespace n
        where n.nspname = 'procrastinate'
        union all
        select 'type', 'type', t.oid::regtype::text, t.typowner, null, 'T', null, null, null, false
        from pg_type t
        cross join engine e
        left join pg_class c on c.oid = t.typrelid
        where t.oid = to_regtype('public.pricing_usd')
            or (
                t.typnamespace = to_regnamespace('procrastinate')
                and t.typtype in ('e', 'd', 'c')
                and (c.oid is null or c.relkind = 'c')
                and case when e.known is null then t.typowner = e.owner else e.known -> 'types' ? t.typname end
            )
    ),
    given as materialized (
        select
            o.word,
            o.kind,
            o.name,
            o.owner,
            g.grantor,
            g.grantee,
            g.privilege_type as privilege,
            bool_or(g.is_grantable and g.grantee <> o.owner) as is_grantable
        from object o
        cross join lateral aclexplode(coalesce(o.acl, acldefault(o.type, o.owner))) as g
        where o.word <> 'type'
        group by o.word, o.kind, o.name, o.owner, g.grantor, g.grantee, g.privilege_type
    ),
    wanted as materialized (
        select o.word, o.kind, o.name, o.owner, r.oid as grantee, r.quoted, p.privilege
        from object o
        cross join lateral (
            select w.role, unnest(o.privileges) as privilege from unnest(o.roles) as w (role)
            union all
            select 'pricing_worker', unnest(o.worker)
        ) as p (role, privilege)
        join role r on r.name = p.role
        union all
        -- Without its own rights the owner's functions fail.
        select o.word, o.kind, o.name, o.owner, o.owner, r.quoted, g.privilege_type
        from object o
        cross join lateral aclexplode(acldefault(o.type, o.owner)) as g
        join role r on r.oid = o.owner
        where g.grantee = o.owner and o.word <> 'type'
    ),
    grantee as materialized (
        select r.oid, r.quoted, r.name, r.is_ours or r.is_api as is_ours from role r
        union all
        select 0::oid, 'public', 'PUBLIC', true
    ),
    policy as materialized (
        select
            r.oid as table_oid,
            r.name as table_name,
            p.polname,
            p.polpermissive and p.polcmd = 'r' and p.polwithcheck is null
                and pg_get_expr(p.polqual, p.polrelid) = 'true' as reads_all,
            array(
                select coalesce(g.name, 'a role that is gone')
                from unnest(p.polroles) as g0 (oid)
                left join grantee g on g.oid = g0.oid
                order by 1
            ) as roles,
            exists (select from grantee g where g.oid = any (p.polroles) and g.is_ours) as is_ours
        from pg_policy p
        join relation r on r.oid = p.polrelid
    ),
    secured as materialized (
        select
            r.oid,
            r.name,
            -- The engine knows of none: its tables are the worker's as a whole.
            r.nspname = 'public' as is_wanted,
            r.relrowsecurity,
            r.relforcerowsecurity,
            array(
                select g.name
                from grantee g
                where g.name = any (r.roles)
                order by 1
            ) as readers
        from relation r
        where r.relkind in ('r', 'p')
    )
    -- Settings that would disarm our triggers for everybody.
    select
        1,
        case
            when s.setrole = 0 and s.setdatabase = 0 then 'every role'
            when s.setrole = 0 then 'database ' || current_database()
            else 'role ' || pg_get_userbyid(s.setrole)
        end,
        'sets ' || c.setting || ' for every session',
        format(
            'alter %s reset %s',
            case
                when s.setrole = 0 and s.setdatabase = 0 then 'role all'
                when s.setrole = 0 then 'database ' || quote_ident(current_database())
                else 'role ' || quote_ident(pg_get_userbyid(s.setrole))
                    || case when s.setdatabase <> 0 then ' in database ' || quote_ident(current_database()) else '' end
            end,
            split_part(c.setting, '=', 1)
        ),
        false
    from pg_db_role_setting s
    cross join lateral unnest(s.setconfig) as c (setting)
    left join role r on r.oid = s.setrole
    where c.setting like 'pricing.%'
        and not coalesce(r.is_ours, false)
        and s.setdatabase in (0, (select d.oid from pg_database d where d.datname = current_database()))
    union all
    -- What lies in the engine's schema, and is neither the engine's nor ours.
    select
        1,
        'function ' || p.oid::regprocedure,
        'is none of ours',
        'drop routine ' || p.oid::regprocedure,
        false
    from pg_proc p
    cross join engine e
    where p.pronamespace = to_regnamespace('procrastinate') and not e.known -> 'functions' ? p.proname
    union all
    select
        1,
        case c.relkind when 'v' then 'view' when 'S' then 'sequence' when 'm' then 'materialized view' else 'table' end
            || format(' procrastinate.%I', c.relname),
        'is none of ours',
        case c.relkind
            when 'v' then 'drop view' when 'S' then 'drop sequence' when 'm' then 'drop materialized view' else 'drop table'
        end || format(' procrastinate.%I', c.relname),
        false
    from pg_class c
    cross join engine e
    where c.relnamespace = to_regnamespace('procrastinate')
        and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        and not e.known -> 'relations' ? c.relname
        and not exists (select from relation r where r.oid = c.oid)
        and not exists (
            select
            from pg_depend d
            where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i')
        )
    union all
    -- What the owner has and the release does not know, which runs or reads by the owner's rights.
    select
        1,
        'function ' || p.oid::regprocedure,
        'belongs to ' || w.name || ', and is none of ours',
        'drop routine ' || p.oid::regprocedure,
        false
    from owner w
    join pg_proc p on p.proowner = w.oid
    where not exists (select from routine r where r.oid = p.oid)
        and not exists (
            -- Told above, or by the comparison of the engine's texts.
            select from pg_namespace n where n.oid = p.pronamespace and n.nspname = 'procrastinate'
        )
        -- Of the name of one of ours: the comparison of texts tells.
        and not exists (
            select
            from public.pricing_rights r
            where r.kind = 'function' and r.object = p.proname and p.pronamespace = to_regnamespace('public')
        )
    union all
    select
        1,
        'relation ' || c.oid::regclass,
        'belongs to ' || w.name || ', and is none of ours',
        null,
        false
    from owner w
    join pg_class c on c.relowner = w.oid and c.relkind in ('r', 'p', 'v', 'm', 'f')
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname <> 'procrastinate'
        and not exists (select from relation r where r.oid = c.oid)
        and pg_my_temp_schema() <> c.relnamespace
        -- Made to be compared with, and gone with the transaction.
        and not starts_with(n.nspname, 'pricing_release_')
    union all
    -- Whatever the options of the membership: who may set the role, or grant it to itself, has its rights. The login that
    -- runs `migrate` is such a member, and of the other two as well; `migrate` ends without that, so no statement takes it.
    select
        1,
        'role ' || member.name,
        'is a member of ' || r.name || ': it may do everything here',
        case when p.is_process then m.revoke end,
        false
    from membership m
    join role r on r.oid = m.roleid and r.name = 'pricing_owner'
    join role member on member.oid = m.member
    cross join lateral (
        select count(*) filter (where o.is_ours and o.name <> r.name) = 1
            or count(*) filter (where o.is_ours and o.name <> r.name) = 0 and count(*) filter (where o.is_api) > 0
        from role o
        where (o.is_ours or o.is_api) and pg_has_role(member.oid, o.oid, 'member')
    ) as p (is_process)
    where not member.is_ours
        and not member.is_api
        and not member.rolsuper
        and member.name <> current_user
        and (
            p.is_process
            or member.oid <> (select d.datdba from pg_database d where d.datname = current_database())
        )
    union all
    -- Roles and memberships.
    select
        1,
        'role ' || w.name,
        'is not there',
        format('create role %I nologin', w.name),
        (select s.rolsuper or s.rolcreaterole from self s)
    from unnest(
        array['pricing_owner', 'pricing_worker', 'pricing_web', 'anon', 'authenticated', 'service_role']
    ) as w (name)
    where not exists (select from role r where r.name = w.name)
    union all
    select
        1,
        'role ' || r.name,
        concat_ws(
            ', ',
            case when r.rolcanlogin then 'may log in' end,
            case when r.rolsuper then 'is a superuser' end,
            case when r.rolbypassrls then 'bypasses row level security' end,
            case when r.rolcreaterole then 'may create roles' end,
            case when r.rolcreatedb then 'may create databases' end,
            case when r.rolreplication then 'may replicate' end
        ),
        'alter role ' || r.quoted || concat_ws(
            ' ',
            '',
            case when r.rolcanlogin then 'nologin' end,
            case when r.rolsuper then 'nosuperuser' end,
            case when r.rolbypassrls then 'nobypassrls' end,
            case when r.rolcreaterole then 'nocreaterole' end,
            case when r.rolcreatedb then 'nocreatedb' end,
            case when r.rolreplication then 'noreplication' end
        ),
        false
    from role r
    where r.is_ours
        and (
            r.rolcanlogin or r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb or r.rolreplication
        )
    union all
    select
        1,
        'role ' || r.name,
        'has settings of its own: ' || array_to_string(s.setconfig, ', '),
        format(
            'alter role %s%s reset all',
            r.quoted,
            case when s.setdatabase <> 0 then format(' in database %I', current_database()) else '' end
        ),
        false
    from role r
    join pg_db_role_setting s on s.setrole = r.oid
    where r.is_ours
        and s.setdatabase in (0, (select d.oid from pg_database d where d.datname = current_database()))
    union all
    select
        1,
        'role ' || member.name,
        'is a member of ' || r.name,
        m.revoke,
        r.is_ours and (member.is_ours or member.is_api) and m.is_revocable
            and (select s.rolsuper or pg_has_role(s.oid, r.oid, 'member with admin option') from self s)
    from membership m
    join role r on r.oid = m.roleid
    join role member on member.oid = m.member
    where (r.is_ours and member.is_api) or member.is_ours
    union all
    select
        1,
        'role ' || member.name,
        'is a member of ' || r.name || ' by way of others',
        null,
        false
    from role r
    cross join role member
    where r.is_ours
        and (member.is_ours or member.is_api)
        and member.oid <> r.oid
        and not member.rolsuper
        and pg_has_role(member.oid, r.oid, 'member')
        and not exists (select from pg_auth_members m where m.roleid = r.oid and m.member = member.oid)
    union all
    -- What our roles need of the operator's schema and database, and what others must not have there.
    select 1, 'schema public', r.name || ' may not use it', format('grant usage on schema public to %s', r.quoted), true
    from role r
    where r.name in ('pricing_owner', 'pricing_web', 'pricing_worker', 'service_role')
        and not has_schema_privilege(r.oid, 'public', 'usage')
    union all
    select
        1,
        'schema public',
        r.name || ' may not create in it',
        format('grant create on schema public to %s', r.quoted),
        true
    from owner r
    where not has_schema_privilege(r.oid, 'public', 'create')
    union all
    select
        1,
        'database ' || current_database(),
        r.name || ' may not create in it',
        format('grant create on database %I to %s', current_database(), r.quoted),
        true
    from owner r
    -- A schema is given only to who could have made it.
    join pg_namespace n on n.nspname = 'procrastinate' and n.nspowner <> r.oid
    where not has_database_privilege(r.oid, current_database(), 'create')
    union all
    select
        1,
        'schema public',
        g.name || ' may create objects in it, which our statements could take for others',
        format('revoke create on schema public from %s', g.quoted),
        false
    from pg_namespace n
    cross join lateral aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) as a
    join grantee g on g.oid = a.grantee and g.is_ours and g.name <> 'pricing_owner'
    where n.nspname = 'public' and a.privilege_type = 'CREATE' and a.grantee <> n.nspowner
    union all
    -- Owners, the schema's first: who is given a table must be able to make one there.
    select
        case o.kind when 'schema' then 2 else 3 end,
        o.kind || ' ' || o.name,
        'belongs to ' || pg_get_userbyid(o.owner),
        format('alter %s %s owner to %s', o.kind, o.name, w.quoted),
        true
    from object o
    cross join owner w
    where o.owner <> w.oid and not o.follows
    union all
    -- Rights that are too many, then those that are missing.
    select
        4,
        g.kind || ' ' || g.name,
        format(
            '%s may %s%s',
            who.name,
            replace(lower(g.privilege), 'usage', 'use'),
            case when w.grantee is not null then ', and hand that on' else '' end
        ),
        case
            when g.grantor <> g.owner then format(
                'revoke grant option for %s on %s %s from %s cascade',
                lower(g.privilege), g.word, g.name, quote_ident(pg_get_userbyid(g.grantor))
            )
            else format(
                'revoke %s%s on %s %s from %s cascade',
                case when w.grantee is not null then 'grant option for ' else '' end,
                lower(g.privilege), g.word, g.name, who.quoted
            )
        end,
        who.is_ours
    from given g
    join grantee who on who.oid = g.grantee
    left join wanted w on w.word = g.word and w.name = g.name and w.grantee = g.grantee and w.privilege = g.privilege
    where g.grantee <> g.owner and (w.grantee is null or g.is_grantable)
    union all
    select
        4,
        'column ' || r.name || '.' || quote_ident(a.attname),
        format('%s may %s', who.name, lower(g.privilege_type)),
        format(
            'revoke %s (%I) on table %s from %s cascade',
            lower(g.privilege_type), a.attname, r.name, who.quoted
        ),
        who.is_ours
    from relation r
    join pg_attribute a on a.attrelid = r.oid and a.attacl is not null and not a.attisdropped
    cross join lateral aclexplode(a.attacl) as g
    join grantee who on who.oid = g.grantee
    where g.grantee <> r.relowner
    union all
    select
        5,
        w.kind || ' ' || w.name,
        format('%s may not %s', pg_get_userbyid(w.grantee), replace(lower(w.privilege), 'usage', 'use')),
        format('grant %s on %s %s to %s', lower(w.privilege), w.word, w.name, w.quoted),
        true
    from wanted w
    where not exists (
        select
        from given g
        where g.word = w.word and g.name = w.name and g.grantee = w.grantee and g.privilege = w.privilege
    )
    union all
    -- Row level security is on for all of ours and forced nowhere: a definer over a table of another owner would silently
    -- see no rows, as the worker would of the engine's.
    select
        6,
        'table ' || t.name,
        case
            when t.relrowsecurity and not t.is_wanted then 'has row level security, and the engine knows of none'
            when t.relforcerowsecurity then 'forces its row level security'
            else 'has no row level security'
        end,
        format(
            'alter table %s %s row level security, no force row level security',
            t.name,
            case when t.is_wanted then 'enable' else 'disable' end
        ),
        true
    from secured t
    where t.relrowsecurity <> t.is_wanted or t.relforcerowsecurity
    union all
    select
        6,
        'table ' || t.name,
        case when p.polname is null then 'has no policy pricing_read' else 'has another policy pricing_read' end,
        format('drop policy if exists pricing_read on %s', t.name) || case
            when t.readers = '{}' then ''
            else format(
                '; create policy pricing_read on %s for select to %s using (true)',
                t.name,
                (select string_agg(quote_ident(r.name), ', ') from unnest(t.readers) as r (name))
            )
        end,
        true
    from secured t
    left join policy p on p.table_oid = t.oid and p.polname = 'pricing_read'
    where (p.polname is null and t.readers <> '{}')
        or (p.polname is not null and not (p.reads_all and p.roles = t.readers))
    union all
    select
        6,
        'table ' || p.table_name,
        format('has a policy %I for %s', p.polname, array_to_string(p.roles, ', ')),
        format('drop policy %I on %s', p.polname, p.table_name),
        p.is_ours
    from policy p
    where p.polname <> 'pricing_read';
$_$;


ALTER FUNCTION public.pricing_access_differences() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_access_differences() IS 'How owners, rights, policies and roles differ from the release, with the statement that mends each; is_ours: migrate runs it. Steps are run in order.';

CREATE FUNCTION public.pricing_api_key(key_id text) RETURNS TABLE(name text, role text, key_digest bytea, is_valid boolean, is_stale boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select
        api_key.name,
        api_key.role,
        api_key.key_digest,
        api_key.revoked_at is null
            and (api_key.expires_at is null or api_key.expires_at > clock_timestamp()),
        coalesce(api_key.last_used_at < clock_timestamp() - interval '1 minute', true)
    from public.pricing_api_keys as api_key
    where api_key.key_id = pricing_api_key.key_id;
$$;


ALTER FUNCTION public.pricing_api_key(key_id text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_api_key(key_id text) IS 'One bearer key by its public part: whose it is, what it may do, its digest, whether it is still valid, and whether its last use was written down more than a minute ago.';

CREATE FUNCTION public.pricing_axes() RETURNS TABLE(axis text, per text, is_fee boolean, short_name text)
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    values
        ('price_per_input_token', 'token', false, 'input_per_1m'),
        ('price_per_output_token', 'token', false, 'output_per_1m'),
        ('price_per_cache_read_token', 'token', false, 'cache_read_per_1m'),
        ('price_per_cache_write_token', 'token', false, 'cache_write_per_1m'),
        ('price_per_cache_write_1h_token', 'token', false, 'cache_write_1h_per_1m'),
        ('price_per_reasoning_token', 'token', true, 'reasoning_per_1m'),
        ('price_per_input_audio_token', 'token', false, 'input_audio_per_1m'),
        ('price_per_output_audio_token', 'token', false, 'output_audio_per_1m'),
        ('price_per_cache_read_audio_token', 'token', false, 'cache_read_audio_per_1m'),
        ('price_per_input_image_token', 'token', false, 'input_image_per_1m'),
        ('price_per_output_image_token', 'token', false, 'output_image_per_1m'),
        ('price_per_image', 'image', true, 'per_image'),
        ('price_per_request', 'request', true, 'per_request'),
        ('price_per_web_search', 'search', true, 'per_web_search');
$$;


ALTER FUNCTION public.pricing_axes() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_axes() IS 'Every axis: the column of model_pricing, what one unit is, whether it is a fee (absent is the same as 0), and its name in model_prices (token prices there are per million).';

CREATE FUNCTION public.pricing_base_set(p_model public.model_pricing) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    return coalesce(p_model.synced, public.pricing_price_set(to_jsonb(p_model)));
end;
$$;


ALTER FUNCTION public.pricing_base_set(p_model public.model_pricing) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_base_set(p_model public.model_pricing) IS 'What the provider said last and was accepted: the price set in force, or beside an override the synced one.';

CREATE FUNCTION public.pricing_credential_variables() RETURNS TABLE(provider text, adapter text, base_url text, variable text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select p.slug, p.adapter, p.base_url, p.credential_variable
    from public.pricing_providers p
    where p.credential_variable is not null
    order by p.slug;
$$;


ALTER FUNCTION public.pricing_credential_variables() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_credential_variables() IS 'The environment variables in which workers keep the credentials of providers: names only, with where each would be sent.';

CREATE FUNCTION public.pricing_doctor() RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $_$
declare
    v_cron name;
    v_cron_jobs jsonb;
    v_facts jsonb;
begin
    -- Named at run time only: most databases have no schema cron.
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
            -- Then nobody can say from here whether the jobs are there.
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
        -- One look into an index for each that waits, however many have ended: a join would read those too.
        left join lateral (
            select l.queued_at
            from public.pricing_sync_log l
            where l.queue_job_id = q.id and l.attempt = q.attempts + 1
            limit 1
        ) l on true
        left join public.held_pricing_locks() h on h.lock_key = q.lock
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
            -- Who has only read, as a backup does, holds up no sync.
            and l.mode <> 'AccessShareLock'
            and (n.nspname = 'procrastinate' or n.nspname = 'public' and c.relname ~ '^(model_)?pricing')
        group by a.pid, a.usename, a.application_name, a.state_change
    )
    select jsonb_build_object(
        'lease_seconds', extract(epoch from s.lease),
        'scheduler_enabled', s.scheduler_enabled,
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
        -- What a worker could take at once.
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
        -- Of these sessions of other users nobody can say from here whether they are idle.
        'hidden_sessions', (
            select count(*)
            from pg_catalog.pg_stat_activity a
            where a.datname = current_database() and a.query = '<insufficient privilege>'
        ),
        'providers', coalesce((select jsonb_agg(to_jsonb(p) order by p.slug) from providers p), '[]'),
        'cron_jobs', v_cron_jobs
    )
    into strict v_facts
    from public.pricing_settings s;
    return v_facts;
end;
$_$;


ALTER FUNCTION public.pricing_doctor() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_doctor() IS 'What `pricing-sync doctor` judges, ages in seconds: workers, schedule, what waits, what is stuck, transactions left open, providers, the jobs of pg_cron (null: not to be seen).';

CREATE FUNCTION public.pricing_has_admin_key() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select exists (
        select
        from public.pricing_api_keys as api_key
        where api_key.role = 'admin'
          and api_key.revoked_at is null
          and (api_key.expires_at is null or api_key.expires_at > clock_timestamp())
    );
$$;


ALTER FUNCTION public.pricing_has_admin_key() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_has_admin_key() IS 'Whether any bearer key with all rights is valid now.';

CREATE FUNCTION public.pricing_held_syncs() RETURNS TABLE(providers text[], transaction_id text, held text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    SET lock_timeout TO '1s'
    AS $$
begin
    return query
    with first_of_lock as (
        select p.slug, f.id, f.row_xmax, f.job_id, p.xmax as provider_xmax, f.attempts
        from public.pricing_providers p
        cross join lateral (
            select q.id, q.xmax as row_xmax, q.status, q.attempts, (q.args ->> 'job_id')::uuid as job_id
            from procrastinate.procrastinate_jobs q
            where q.lock = 'pricing_sync:' || p.slug and q.status in ('todo', 'doing')
            order by q.lock, q.priority desc, q.id
            limit 1
        ) as f
        where f.status = 'todo'
            and not exists (
                select
                from procrastinate.procrastinate_jobs q
                where q.lock = 'pricing_sync:' || p.slug and q.status = 'doing'
            )
    ),
    -- What waits until nobody has what its last attempt could not write.
    repeated as (
        select f.*
        from first_of_lock f
        -- A subquery for each, never a join that reads all attempts, or all jobs below.
        where 'locked' = (
            select l.error_kind from public.pricing_sync_log l where l.queue_job_id = f.id and l.attempt = f.attempts
        )
    ),
    needed as materialized (
        select f.slug, 'queue row' as name, 'procrastinate.procrastinate_jobs'::regclass as relation, f.row_xmax::text as holder
        from first_of_lock f
        union all
        select
            f.slug,
            'job',
            'public.pricing_sync_jobs'::regclass,
            (select j.xmax::text from public.pricing_sync_jobs j where j.job_id = f.job_id)
        from first_of_lock f
        union all
        select f.slug, 'provider row', 'public.pricing_providers'::regclass, f.provider_xmax::text
        from repeated f
        union all
        select f.slug, l.name, 'public.pricing_locks'::regclass, l.xmax::text
        from repeated f
        join public.pricing_locks l
            on l.name = 'prices of ' || f.slug or (f.slug = 'catalogue' and l.name like 'prices of %')
    ),
    held_rows as (
        select array_agg(distinct n.slug order by n.slug) as slugs, n.name, n.relation, n.holder
        from needed n
        where n.holder is not null and public.pricing_is_open_transaction(n.holder::xid)
        group by n.name, n.relation, n.holder
    )
    select
        h.slugs,
        h.holder,
        format('the %s is held by %s', h.name, public.pricing_lock_holders(h.relation, h.holder::xid))
    from held_rows h
    order by h.slugs, h.name
    limit 10;
exception
    -- Its holder is named by the fetch that waits for it.
    when lock_not_available then
        return;
end;
$$;


ALTER FUNCTION public.pricing_held_syncs() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_held_syncs() IS 'Provider syncs that could be fetched if nobody held their rows: one row for each transaction and kind of row, with the session that has it, as far as the database tells; 10 at most.';

CREATE FUNCTION public.pricing_identity(p_says text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    -- plpgsql, which keeps its plan: as SQL each call would cost 0.3 ms more.
    return case
        when p_says like 'api:_%' and (
            public.pricing_who() = 'pricing_web'
            or exists (
                -- A login of its own: a member of pricing_web, and of nothing else of ours.
                select
                from pg_catalog.pg_roles web
                where web.rolname = 'pricing_web'
                    and pg_catalog.pg_has_role(public.pricing_who(), web.oid, 'usage')
                    and not exists (
                        select
                        from pg_catalog.pg_roles r
                        where r.rolname in ('pricing_owner', 'pricing_worker', 'service_role', 'authenticated', 'anon')
                            and pg_catalog.pg_has_role(public.pricing_who(), r.oid, 'member')
                    )
            )
        ) then p_says
        else public.pricing_who()
    end;
end;
$$;


ALTER FUNCTION public.pricing_identity(p_says text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_identity(p_says text) IS 'Who acts, as far as the server knows: the key that the web process names (api:<name>), or the role or login.';

CREATE FUNCTION public.pricing_is_called_by(p_stack text, VARIADIC p_functions text[]) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    -- With the quotes of quote_all_identifiers, or without.
    return coalesce(
        p_stack ~ ('(?n)^PL/pgSQL function "?public"?[.]"?(' || array_to_string(p_functions, '|') || ')"?[(]'), false
    );
end;
$$;


ALTER FUNCTION public.pricing_is_called_by(p_stack text, VARIADIC p_functions text[]) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_is_called_by(p_stack text, VARIADIC p_functions text[]) IS 'Whether one of these functions of ours is in a call stack, as get diagnostics gives it.';

CREATE FUNCTION public.pricing_is_clock_turn(p_old jsonb, p_new jsonb, p_at timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    -- Nearly every change ends here.
    if coalesce(p_new -> 'conditions', '[]') = '[]' or p_old -> 'conditions' is distinct from p_new -> 'conditions' then
        return false;
    end if;
    return (
        with moment as (
            select
                to_char(p_at at time zone 'UTC', 'HH24MI')::integer as clock,
                to_char(p_at at time zone 'UTC', 'fmday') as weekday
        ),
        open_window as (
            select c.condition
            from jsonb_array_elements(
                case when jsonb_typeof(p_new -> 'conditions') = 'array' then p_new -> 'conditions' else '[]' end
            ) as c (condition)
            cross join moment m
            cross join lateral (
                select (c.condition ->> 'utc_start')::integer as opens, (c.condition ->> 'utc_end')::integer as closes
            ) as w
            where w.opens is not null
                and w.closes is not null
                -- A price of long prompts never becomes the base price.
                and not exists (
                    select
                    from jsonb_object_keys(c.condition) as key
                    where key not in ('utc_days', 'utc_start', 'utc_end') and not starts_with(key, 'price_per_')
                )
                and (c.condition -> 'utc_days' is null or c.condition -> 'utc_days' ? m.weekday)
                and case
                    when w.opens <= w.closes then m.clock >= w.opens and m.clock < w.closes
                    else m.clock >= w.opens or m.clock < w.closes
                end
        ),
        changed as (
            select a.axis, (p_new ->> a.axis)::numeric as now
            from public.pricing_axes() a
            where (p_old ->> a.axis)::numeric is distinct from (p_new ->> a.axis)::numeric
        )
        select exists (select from changed)
            and not exists (
                select
                from changed c
                where not exists (select from open_window w where (w.condition ->> c.axis)::numeric = c.now)
            )
    );
end;
$$;


ALTER FUNCTION public.pricing_is_clock_turn(p_old jsonb, p_new jsonb, p_at timestamp with time zone) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_is_clock_turn(p_old jsonb, p_new jsonb, p_at timestamp with time zone) IS 'Whether a new price set differs from the old one only in showing, as base prices, those of one of its own UTC windows that is open at that time.';

CREATE FUNCTION public.pricing_is_open_transaction(p_xmax xid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    -- The transactions of the last time are near this one, before and after it.
    v_near constant bigint := pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::bigint;
    v_xids bigint[] := array[p_xmax::text::bigint];
    v_xid bigint;
begin
    begin
        -- Several transactions that share a row are named by one number.
        v_xids := v_xids || array(
            select m.xid::text::bigint from pg_catalog.pg_get_multixact_members(p_xmax) m limit 100
        );
    exception
        -- Mostly it is no such number.
        when others then
            null;
    end;
    foreach v_xid in array v_xids loop
        -- 0 to 2 are no transactions.
        continue when v_xid < 3;
        -- The row has 32 bits of 64.
        v_xid := (v_near >> 32 << 32) + v_xid;
        if v_xid - v_near > 1::bigint << 31 then
            v_xid := v_xid - (1::bigint << 32);
        elsif v_near - v_xid > 1::bigint << 31 then
            v_xid := v_xid + (1::bigint << 32);
        end if;
        continue when v_xid < 3;
        begin
            if pg_catalog.pg_xact_status(v_xid::text::xid8) = 'in progress' then
                return true;
            end if;
        exception
            -- No transaction has had this number yet.
            when invalid_parameter_value then
                null;
        end;
    end loop;
    return false;
end;
$$;


ALTER FUNCTION public.pricing_is_open_transaction(p_xmax xid) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_is_open_transaction(p_xmax xid) IS 'Whether the transaction, or one of those, that the xmax of a row names has not ended.';

CREATE FUNCTION public.pricing_lock_holders(p_relation regclass, p_xmax xid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_xids xid[] := array[p_xmax];
    v_pids integer[];
    v_is_certain boolean := true;
begin
    begin
        -- Several transactions that share a row are named by one number.
        v_xids := v_xids || array(select m.xid from pg_catalog.pg_get_multixact_members(p_xmax) m);
    exception
        -- Mostly it is no such number.
        when others then
            null;
    end;
    select array_agg(distinct l.pid) into v_pids
    from pg_catalog.pg_locks l
    where l.locktype = 'transactionid' and l.granted and l.mode = 'ExclusiveLock' and l.transactionid = any (v_xids)
        and l.pid is distinct from pg_catalog.pg_backend_pid();

    if v_pids is null then
        v_is_certain := false;
        select array[t.pid] into v_pids
        from pg_catalog.pg_locks t
        where t.locktype = 'transactionid' and t.granted and t.mode = 'ExclusiveLock'
            and t.pid <> pg_catalog.pg_backend_pid()
            and exists (
                select
                from pg_catalog.pg_locks r
                where r.pid = t.pid and r.granted and r.locktype = 'relation' and r.relation = p_relation
                    and r.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
                    and r.mode <> 'AccessShareLock'
            )
        order by pg_catalog.age(t.transactionid) desc
        limit 1;
    end if;
    if v_pids is null then
        return 'a session that has let go since';
    end if;
    return (
        select string_agg(
            case
                when v.pid is null then 'a prepared transaction (select * from pg_prepared_xacts)'
                else concat(
                    'pid ', v.pid,
                    -- Without the rights of that role a session's state and times are not to be seen.
                    ' (' || nullif(concat_ws(', ',
                        case when not v_is_certain then 'probably' end,
                        'login ' || a.usename,
                        'application ' || nullif(left(a.application_name, 60), ''),
                        a.state,
                        'its transaction open for ' || round(extract(epoch from clock_timestamp() - a.xact_start)) || ' s'
                    ), '') || ')'
                )
            end,
            ' and ' order by v.pid
        )
        from unnest(v_pids) as v (pid)
        left join pg_catalog.pg_stat_activity a on a.pid = v.pid
    );
end;
$$;


ALTER FUNCTION public.pricing_lock_holders(p_relation regclass, p_xmax xid) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_lock_holders(p_relation regclass, p_xmax xid) IS 'Who has locked the row of this table whose xmax that is: pid, login, application, as far as the database tells.';

CREATE FUNCTION public.pricing_overridden_set(p_synced jsonb, p_override jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select public.pricing_price_set(
        (p_synced || p_override) || jsonb_build_object('conditions', (
            select coalesce(jsonb_agg(k.kept order by k.position), '[]')
            from (
                select c.condition - array(select jsonb_object_keys(p_override)) as kept, c.position
                from jsonb_array_elements(coalesce(p_synced -> 'conditions', '[]')) with ordinality as c (condition, position)
            ) as k
            where exists (select from jsonb_object_keys(k.kept) as key where starts_with(key, 'price_per_'))
        ))
    );
$$;


ALTER FUNCTION public.pricing_overridden_set(p_synced jsonb, p_override jsonb) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_overridden_set(p_synced jsonb, p_override jsonb) IS 'The price set in force while an override is: its axes, and of the synced set all others; conditions keep what the override does not fix.';

CREATE FUNCTION public.pricing_price_set(p_row jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    return jsonb_strip_nulls(jsonb_build_object(
        'price_per_input_token', trim_scale((p_row ->> 'price_per_input_token')::public.pricing_usd)::text,
        'price_per_output_token', trim_scale((p_row ->> 'price_per_output_token')::public.pricing_usd)::text,
        'price_per_cache_read_token', trim_scale((p_row ->> 'price_per_cache_read_token')::public.pricing_usd)::text,
        'price_per_cache_write_token', trim_scale((p_row ->> 'price_per_cache_write_token')::public.pricing_usd)::text,
        'price_per_cache_write_1h_token', trim_scale((p_row ->> 'price_per_cache_write_1h_token')::public.pricing_usd)::text,
        'price_per_reasoning_token', trim_scale((p_row ->> 'price_per_reasoning_token')::public.pricing_usd)::text,
        'price_per_input_audio_token', trim_scale((p_row ->> 'price_per_input_audio_token')::public.pricing_usd)::text,
        'price_per_output_audio_token', trim_scale((p_row ->> 'price_per_output_audio_token')::public.pricing_usd)::text,
        'price_per_cache_read_audio_token', trim_scale((p_row ->> 'price_per_cache_read_audio_token')::public.pricing_usd)::text,
        'price_per_input_image_token', trim_scale((p_row ->> 'price_per_input_image_token')::public.pricing_usd)::text,
        'price_per_output_image_token', trim_scale((p_row ->> 'price_per_output_image_token')::public.pricing_usd)::text,
        'price_per_image', trim_scale((p_row ->> 'price_per_image')::public.pricing_usd)::text,
        'price_per_request', trim_scale((p_row ->> 'price_per_request')::public.pricing_usd)::text,
        'price_per_web_search', trim_scale((p_row ->> 'price_per_web_search')::public.pricing_usd)::text
    )) || case
        when coalesce(p_row -> 'conditions', '[]') in ('[]', 'null') then '{}'
        else jsonb_build_object('conditions', p_row -> 'conditions')
    end;
end;
$$;


ALTER FUNCTION public.pricing_price_set(p_row jsonb) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_price_set(p_row jsonb) IS 'The price set in a row of model_pricing, its history or a price list, as jsonb: each known axis as a decimal string, and the conditions where there are any.';

CREATE FUNCTION public.pricing_prices_differ(p_old numeric[], p_new numeric[]) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_old numeric;
    v_new numeric;
begin
    for v_axis in 1..cardinality(p_old) loop
        v_old := p_old[v_axis];
        v_new := p_new[v_axis];
        if v_old is distinct from v_new and (
            v_old is null or v_new is null or abs(v_old - v_new) > 1e-12 * greatest(v_old, v_new)
        ) then
            return true;
        end if;
    end loop;
    return false;
end;
$$;


ALTER FUNCTION public.pricing_prices_differ(p_old numeric[], p_new numeric[]) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_prices_differ(p_old numeric[], p_new numeric[]) IS 'Whether two sets of prices, axis by axis, differ by more than float noise (1e-12 of the larger), or known against unknown.';

CREATE FUNCTION public.pricing_scheduler_status() RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    with scheduled as (
        select
            provider.slug,
            provider.sync_interval,
            public.capped_expiry(nullif(
                case
                    when provider.next_allowed_at > clock_timestamp()
                        then greatest(provider.next_sync_at, provider.next_allowed_at)
                    else provider.next_sync_at
                end,
                '-infinity'
            )) as next_run,
            -- Enabled, but without what it needs or put off for ever, it has no next run.
            syncable.slug is not null
                and 'infinity' not in (
                    coalesce(provider.next_sync_at, 'epoch'), coalesce(provider.next_allowed_at, 'epoch')
                ) as has_next_run,
            public.capped_expiry(provider.last_success_at) as last_success_at
        from public.pricing_providers as provider
        left join public.pricing_syncable_providers as syncable on syncable.slug = provider.slug
        where provider.enabled
    ),
    alive as (
        select public.pricing_workers_alive() as workers
    ),
    ticking as (
        select
            count(*) > 0 as is_ticking,
            coalesce(bool_or(tick.scheduler = 'pg_cron'), false) as is_cron
        from public.pricing_scheduler_ticks as tick
        where tick.last_tick_at between
            clock_timestamp() - interval '90 seconds' and clock_timestamp() + interval '90 seconds'
    )
    select jsonb_build_object(
        'enabled', settings.scheduler_enabled and totals.providers > 0,
        'interval_hours', totals.interval_hours,
        'running', settings.scheduler_enabled and totals.providers > 0 and ticking.is_ticking,
        'workers', alive.workers,
        'cron', case when ticking.is_cron then 'pg_cron' else 'worker' end,
        'providers', totals.slugs,
        'next_runs', case when settings.scheduler_enabled then totals.next_runs else '{}' end,
        'last_syncs', totals.last_syncs
    )
    from public.pricing_settings as settings
    cross join alive
    cross join ticking
    cross join (
        select
            count(*) as providers,
            round(
                extract(epoch from mode() within group (order by scheduled.sync_interval)) / 3600, 3
            ) as interval_hours,
            coalesce(jsonb_agg(scheduled.slug order by scheduled.slug), '[]') as slugs,
            coalesce(
                jsonb_object_agg(scheduled.slug, scheduled.next_run) filter (where scheduled.has_next_run), '{}'
            ) as next_runs,
            coalesce(
                jsonb_object_agg(
                    scheduled.slug,
                    jsonb_build_object(
                        'timestamp', scheduled.last_success_at,
                        'seconds_ago', round(extract(epoch from clock_timestamp() - scheduled.last_success_at))
                    )
                ),
                '{}'
            ) as last_syncs
        from scheduled
    ) as totals;
$$;


ALTER FUNCTION public.pricing_scheduler_status() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_scheduler_status() IS 'Who is scheduled, who runs the schedule, when each provider comes next and when it last succeeded.';

CREATE FUNCTION public.pricing_sets_differ(p_old jsonb, p_new jsonb) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if p_old = p_new then
        return false;
    end if;
    return coalesce(p_old -> 'conditions', '[]') <> coalesce(p_new -> 'conditions', '[]')
        or public.pricing_prices_differ(
            array[
                (p_old ->> 'price_per_input_token')::public.pricing_usd,
                (p_old ->> 'price_per_output_token')::public.pricing_usd,
                (p_old ->> 'price_per_cache_read_token')::public.pricing_usd,
                (p_old ->> 'price_per_cache_write_token')::public.pricing_usd,
                (p_old ->> 'price_per_cache_write_1h_token')::public.pricing_usd,
                (p_old ->> 'price_per_input_audio_token')::public.pricing_usd,
                (p_old ->> 'price_per_output_audio_token')::public.pricing_usd,
                (p_old ->> 'price_per_cache_read_audio_token')::public.pricing_usd,
                (p_old ->> 'price_per_input_image_token')::public.pricing_usd,
                (p_old ->> 'price_per_output_image_token')::public.pricing_usd,
                coalesce((p_old ->> 'price_per_reasoning_token')::public.pricing_usd, 0),
                coalesce((p_old ->> 'price_per_image')::public.pricing_usd, 0),
                coalesce((p_old ->> 'price_per_request')::public.pricing_usd, 0),
                coalesce((p_old ->> 'price_per_web_search')::public.pricing_usd, 0)
            ],
            array[
                (p_new ->> 'price_per_input_token')::public.pricing_usd,
                (p_new ->> 'price_per_output_token')::public.pricing_usd,
                (p_new ->> 'price_per_cache_read_token')::public.pricing_usd,
                (p_new ->> 'price_per_cache_write_token')::public.pricing_usd,
                (p_new ->> 'price_per_cache_write_1h_token')::public.pricing_usd,
                (p_new ->> 'price_per_input_audio_token')::public.pricing_usd,
                (p_new ->> 'price_per_output_audio_token')::public.pricing_usd,
                (p_new ->> 'price_per_cache_read_audio_token')::public.pricing_usd,
                (p_new ->> 'price_per_input_image_token')::public.pricing_usd,
                (p_new ->> 'price_per_output_image_token')::public.pricing_usd,
                coalesce((p_new ->> 'price_per_reasoning_token')::public.pricing_usd, 0),
                coalesce((p_new ->> 'price_per_image')::public.pricing_usd, 0),
                coalesce((p_new ->> 'price_per_request')::public.pricing_usd, 0),
                coalesce((p_new ->> 'price_per_web_search')::public.pricing_usd, 0)
            ]
        );
end;
$$;


ALTER FUNCTION public.pricing_sets_differ(p_old jsonb, p_new jsonb) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_sets_differ(p_old jsonb, p_new jsonb) IS 'Whether two price sets charge something else: a token price or fee by more than float noise, known against unknown, or other conditions; a fee of 0 is an absent fee.';

CREATE FUNCTION public.pricing_shared_moves(p_lists jsonb, p_providers text[], p_models bigint[], p_factors numeric[]) RETURNS TABLE(provider text, model bigint, factor numeric, models bigint, listed bigint)
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
    with move as materialized (
        select distinct m.provider, m.model, m.factor
        from unnest(p_providers, p_models, p_factors) as m (provider, model, factor)
        where m.factor >= 2 or m.factor <= 0.5
    ),
    -- A model with several factors is counted once a window: where its windows overlap, the later one starts as the
    -- earlier one ends. All values are 1.01 times the start of the window, so that nothing is divided.
    edge as (
        select
            o.provider,
            case when o.factor > o.earlier * 1.01 or o.earlier is null then o.factor else o.earlier * 1.01 end as at,
            case when o.factor > o.earlier * 1.01 or o.earlier is null then 0 else 2 end as turn,
            1 as step,
            null::numeric as factor
        from (
            select m.*, lag(m.factor) over (partition by m.provider, m.model order by m.factor) as earlier
            from move m
        ) as o
        union all
        select m.provider, m.factor * 1.01, 2, -1, null
        from move m
        union all
        select distinct m.provider, m.factor * 1.01, 1, 0, m.factor
        from move m
    ),
    counted as (
        select
            e.provider,
            e.factor,
            sum(e.step) over (partition by e.provider order by e.at, e.turn rows unbounded preceding) as models
        from edge e
    ),
    shared as materialized (
        select c.provider, c.factor, array[c.factor, c.models] as starts
        from counted c
        where c.factor is not null
            and c.models >= 5
            and c.models * 3 >= (p_lists ->> c.provider)::bigint
    ),
    nearest as (
        select
            m.*,
            -- The last window that starts at this factor or before it, with its count.
            max(s.starts) over (partition by m.provider order by m.factor range unbounded preceding) as nearest
        from move m
        left join shared s on s.provider = m.provider and s.factor = m.factor
    )
    select n.provider, n.model, n.factor, n.nearest[2]::bigint, (p_lists ->> n.provider)::bigint
    from nearest n
    where n.factor <= n.nearest[1] * 1.01;
$$;


ALTER FUNCTION public.pricing_shared_moves(p_lists jsonb, p_providers text[], p_models bigint[], p_factors numeric[]) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_shared_moves(p_lists jsonb, p_providers text[], p_models bigint[], p_factors numeric[]) IS 'Of moves (provider, model, factor of 2 or 1/2 and more) those that at least 5 models and a third of the provider''s list, {provider: priced models}, share within 1 %.';

CREATE FUNCTION public.pricing_short_number(p_number numeric) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    v_whole constant text := trunc(abs(p_number))::text;
    -- Six digits, not counting zeros in front.
    v_shown constant text := round(
        p_number,
        case
            when v_whole <> '0' then greatest(0, 6 - length(v_whole))
            else 6 + coalesce(length(substring(abs(p_number)::text from '^0[.](0*)')), 0)
        end
    )::text;
begin
    return regexp_replace(split_part(v_shown, '.', 1), '(?<=[0-9])(?=([0-9]{3})+$)', ',', 'g')
        || coalesce('.' || nullif(rtrim(split_part(v_shown, '.', 2), '0'), ''), '');
end;
$_$;


ALTER FUNCTION public.pricing_short_number(p_number numeric) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_short_number(p_number numeric) IS 'A number in plain digits, six of them significant, with commas: 1,000, 0.3, 0.000033.';

CREATE FUNCTION public.pricing_sync_estimate() RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    with recent as (
        select job.duration_seconds
        from public.pricing_sync_jobs as job
        where job.completed_at is not null
          and job.status = 'completed'
          and job.duration_seconds is not null
        order by job.completed_at desc
        limit 20
    ),
    spread as (
        select percentile_cont(array[0.5, 0.95]) within group (order by recent.duration_seconds) as seconds
        from recent
    )
    select case
        -- greatest passes over null, so the 1 must not come near it.
        when spread.seconds is null then '30-120'
        else concat_ws('-', greatest(ceil(spread.seconds[1]), 1), greatest(ceil(spread.seconds[2]), 1))
    end
    from spread;
$$;


ALTER FUNCTION public.pricing_sync_estimate() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_sync_estimate() IS 'How many seconds a job is likely to take, as p50-p95 of the last 20 completed ones; 30-120 while there are none.';

CREATE FUNCTION public.pricing_table_holders() RETURNS text
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select string_agg(
        format(
            case when l.granted then 'the table %s is locked by pid %s%s%s'
                else 'to lock the table %s waits pid %s%s%s' end,
            c.relname,
            l.pid,
            ' (' || nullif(concat_ws(', ',
                'login ' || a.usename,
                'application ' || nullif(left(a.application_name, 60), ''),
                a.state
            ), '') || ')',
            case when not l.granted then
                ', for pid ' || array_to_string(pg_catalog.pg_blocking_pids(l.pid), ', pid ')
            end
        ),
        ' and ' order by c.relname, l.pid
    )
    from pg_catalog.pg_locks l
    join pg_catalog.pg_class c on c.oid = l.relation
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'relation'
        and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
        and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
        and c.relkind = 'r'
        and n.nspname in ('public', 'procrastinate')
        and c.relowner = (
            select o.relowner from pg_catalog.pg_class o where o.oid = 'public.pricing_sync_jobs'::regclass
        );
$$;


ALTER FUNCTION public.pricing_table_holders() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_table_holders() IS 'Who has locked whole tables of pricing-sync, or waits to, and which; null when nobody.';

CREATE FUNCTION public.pricing_token_moves(p_changes jsonb) RETURNS TABLE(change bigint, axis text, short_name text, is_condition boolean, is_new_entry boolean, old numeric, before numeric, now numeric)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
    with change as materialized (
        select
            c.*,
            c.source like 'catalogue:%' as is_from_catalogue,
            -- The catalogue's number says nothing of what the provider itself asked before.
            coalesce(c.old_source like 'catalogue:%' and c.source not like 'catalogue:%', false) as is_first_own
        from rows from (
            jsonb_to_recordset(p_changes)
                as (id bigint, old jsonb, new jsonb, old_source text, source text)
        ) with ordinality as c (id, old, new, old_source, source, position)
    ),
    token_axis as materialized (
        select a.* from public.pricing_axes() a where a.per = 'token'
    ),
    base_move as (
        select c.*, a.axis, a.short_name, a.is_fee, p.old_amount, p.amount
        from change c
        cross join token_axis a
        cross join lateral (
            select (c.old ->> a.axis)::numeric as old_amount, (c.new ->> a.axis)::public.pricing_usd::numeric as amount
        ) as p
        where c.new ? a.axis
    ),
    entry as materialized (
        select
            c.position,
            c.old,
            c.new,
            e.place - 1 as place,
            e.entry,
            e.is_new,
            e.entry - (select array_agg(a.axis) from public.pricing_axes() a) as key,
            row_number() over (
                partition by c.position, e.is_new, e.entry - (select array_agg(a.axis) from public.pricing_axes() a)
                order by e.place
            ) as nth
        from change c
        cross join lateral (
            select o.entry, o.place, false as is_new
            from jsonb_array_elements(c.old -> 'conditions') with ordinality as o (entry, place)
            union all
            select n.entry, n.place, true
            from jsonb_array_elements(c.new -> 'conditions') with ordinality as n (entry, place)
        ) as e
        where c.new ? 'conditions'
    ),
    condition_move as (
        select
            n.position,
            n.place,
            n.old,
            n.new,
            a.axis,
            a.short_name,
            a.is_fee,
            (o.entry ->> a.axis)::numeric as old_amount,
            (n.entry ->> a.axis)::public.pricing_usd::numeric as amount
        from entry n
        cross join token_axis a
        left join entry o on o.position = n.position and o.key = n.key and o.nth = n.nth and not o.is_new
        where n.is_new and n.entry ? a.axis
    )
    select
        b.position,
        b.axis,
        b.short_name,
        false,
        false,
        b.old_amount,
        case
            when b.old_amount > 0 and not b.is_first_own then b.old_amount
            -- A price that was unknown or nothing in between is measured by the last one that was something.
            when b.old_source is not null then (
                select v.amount
                from public.model_pricing_history h
                cross join lateral (select (to_jsonb(h) ->> b.axis)::numeric as amount) as v
                where h.model_id = b.id
                    and v.amount > 0
                    and (b.is_from_catalogue or h.pricing_source not like 'catalogue:%')
                    -- What a person fixed is not what the provider asked,
                    and not (
                        h.is_in_force
                        and exists (
                            select
                            from public.pricing_overrides o
                            where o.model_id = h.model_id
                                and (o.prices ->> b.axis)::numeric = v.amount
                                and h.changed_at >= o.created_at
                                and h.changed_at <= coalesce(o.ended_at, 'infinity')
                        )
                    )
                    -- and what was rolled back was wrong.
                    and not exists (
                        select
                        from public.model_pricing_history r
                        where r.model_id = h.model_id and r.changed_by = 'rollback:' || h.job_id and r.id > h.id
                    )
                order by h.changed_at desc, h.id desc
                limit 1
            )
        end,
        b.amount
    from base_move b
    where case
        when b.is_fee then abs(coalesce(b.old_amount, 0) - b.amount) > 1e-12 * greatest(b.old_amount, b.amount)
        else b.old_amount is null or abs(b.old_amount - b.amount) > 1e-12 * greatest(b.old_amount, b.amount)
    end
    union all
    select
        c.position,
        format('conditions[%s].%s', c.place, c.axis),
        format('conditions[%s].%s', c.place, c.short_name),
        true,
        coalesce(c.old_amount, 0) = 0,
        c.old_amount,
        -- A price without one to match is measured by the one that it replaces, or has replaced.
        coalesce(
            nullif(c.old_amount, 0), nullif((c.new ->> c.axis)::numeric, 0), nullif((c.old ->> c.axis)::numeric, 0)
        ),
        c.amount
    from condition_move c
    where case
        when c.is_fee then abs(coalesce(c.old_amount, 0) - c.amount) > 1e-12 * greatest(c.old_amount, c.amount)
        else c.old_amount is null or abs(c.old_amount - c.amount) > 1e-12 * greatest(c.old_amount, c.amount)
    end;
$$;


ALTER FUNCTION public.pricing_token_moves(p_changes jsonb) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_token_moves(p_changes jsonb) IS 'Each known token price of the changes, [{id, old, new, old_source, source}], that differs from the accepted one. change: its place in the list, from 1; old: the accepted amount; before: the positive one to measure by; USD per token.';

CREATE FUNCTION public.pricing_unrecorded_prices(most integer DEFAULT 1000) RETURNS TABLE(provider text, model text, in_force jsonb, recorded jsonb, recorded_at timestamp with time zone)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET work_mem TO '64MB'
    AS $$
    with newest as materialized (
        -- The highest id, as in model_price_at. What was said beside an override was not charged.
        select h.model_id, max(h.id) as id
        from public.model_pricing_history h
        where h.is_in_force
        group by h.model_id
    ),
    unlike as materialized (
        select m.id, h.id as history_id
        from public.model_pricing m
        left join newest n on n.model_id = m.id
        left join public.model_pricing_history h on h.id = n.id
        where (
            m.price_per_input_token,
            m.price_per_output_token,
            m.price_per_cache_read_token,
            m.price_per_cache_write_token,
            m.price_per_cache_write_1h_token,
            m.price_per_reasoning_token,
            m.price_per_input_audio_token,
            m.price_per_output_audio_token,
            m.price_per_cache_read_audio_token,
            m.price_per_input_image_token,
            m.price_per_output_image_token,
            m.price_per_image,
            m.price_per_request,
            m.price_per_web_search,
            m.conditions
        ) is distinct from (
            h.price_per_input_token,
            h.price_per_output_token,
            h.price_per_cache_read_token,
            h.price_per_cache_write_token,
            h.price_per_cache_write_1h_token,
            h.price_per_reasoning_token,
            h.price_per_input_audio_token,
            h.price_per_output_audio_token,
            h.price_per_cache_read_audio_token,
            h.price_per_input_image_token,
            h.price_per_output_image_token,
            h.price_per_image,
            h.price_per_request,
            h.price_per_web_search,
            coalesce(h.conditions, '[]')
        )
    )
    select p.*
    from (
        select m.provider_slug, m.model_id, s.in_force, s.recorded, h.changed_at
        from unlike u
        join public.model_pricing m on m.id = u.id
        left join public.model_pricing_history h on h.id = u.history_id
        cross join lateral (
            select
                public.pricing_price_set(to_jsonb(m)) as in_force,
                public.pricing_price_set(coalesce(to_jsonb(h), '{}')) as recorded
            offset 0
        ) as s
        where public.pricing_sets_differ(s.in_force, s.recorded)
        limit most
    ) as p
    order by 1, 2;
$$;


ALTER FUNCTION public.pricing_unrecorded_prices(most integer) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_unrecorded_prices(most integer) IS 'Models whose price in force is not what their history says last, up to so many: somebody changed one of the two by hand. Price sets; record_price_in_force(provider, model) brings them in line.';

CREATE FUNCTION public.pricing_who() RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select coalesce(nullif(current_setting('role', true), 'none'), session_user::text);
$$;


ALTER FUNCTION public.pricing_who() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_who() IS 'The role that a person or process acts as, seen from inside a trigger.';

CREATE FUNCTION public.pricing_workers_alive() RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select count(*)::integer
    from public.pricing_worker_heartbeats as worker
    cross join public.pricing_settings as settings
    where worker.last_heartbeat > clock_timestamp() - settings.lease;
$$;


ALTER FUNCTION public.pricing_workers_alive() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.pricing_workers_alive() IS 'How many workers have shown a heartbeat within the lease.';

CREATE FUNCTION public.project_provider_sync() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_row procrastinate.procrastinate_jobs := coalesce(new, old);
    v_job_id uuid := (v_row.args ->> 'job_id')::uuid;
    v_provider text := v_row.args ->> 'provider';
    -- Before the guard raised it, attempts was one less than the number of the attempt that ended.
    v_attempt integer := coalesce(old.attempts, 0) + 1;
begin
    if tg_op = 'INSERT' then
        perform public.log_queued_attempt(v_row.id, 1, v_job_id, v_provider);
        return null;
    end if;
    if tg_op = 'UPDATE' and new.status = old.status then
        return null;
    end if;

    begin
        if tg_op = 'UPDATE' and old.status not in ('todo', 'doing') and new.status in ('todo', 'doing') then
            -- By a hand or the engine's retry: what it changes is signed by the job, so this says who it was.
            insert into public.pricing_audit_log (who, action, subject, details)
            values (
                public.pricing_who(), 'repeat_queue_row', v_job_id::text,
                jsonb_build_object('provider', v_provider, 'queue_job_id', new.id, 'was', old.status)
            );
        end if;

        if tg_op = 'DELETE' then
            if old.status in ('todo', 'doing') then
                perform public.log_ended_attempt(
                    old.id, v_attempt,
                    case when old.status = 'todo' then 'cancelled' else 'failed' end,
                    'queue_row_deleted', 'The queue row was deleted before the sync ended'
                );
            end if;
        elsif new.status = 'doing' then
            if not exists (
                select from public.pricing_sync_log l where l.queue_job_id = new.id and l.attempt = v_attempt
            ) then
                perform public.log_queued_attempt(new.id, v_attempt, v_job_id, v_provider);
            end if;
            update public.pricing_sync_log l
            set status = 'in_progress', sync_started_at = clock_timestamp(), worker_id = new.worker_id
            where l.queue_job_id = new.id and l.attempt = v_attempt and l.status = 'queued';
        elsif new.status = 'todo' then
            if old.status = 'doing' then
                perform public.log_ended_attempt(
                    new.id, v_attempt, 'failed', 'ended_outside', 'The queue row was queued again outside of pricing-sync'
                );
            else
                -- A person retried a row that had ended: its job is open again.
                perform public.reopen_pricing_job(v_job_id);
            end if;
            perform public.log_queued_attempt(new.id, new.attempts + 1, v_job_id, v_provider);
        elsif new.status = 'succeeded' then
            -- Prices are applied before the queue row ends; an end without them is nobody's success.
            perform public.log_ended_attempt(
                new.id, v_attempt, 'failed', 'not_applied', 'The queue row was ended without applying prices'
            );
        elsif new.status = 'failed' then
            perform public.log_ended_attempt(
                new.id, v_attempt, 'failed', 'ended_outside', 'The queue row was ended outside of pricing-sync'
            );
        else
            perform public.log_ended_attempt(new.id, v_attempt, 'cancelled', 'cancelled', 'Cancelled');
        end if;

        if not public.settle_pricing_job(v_job_id) and tg_op = 'UPDATE' and new.status in ('todo', 'doing') then
            -- A person ended the job while this row was on its way, and left it to whoever moved it.
            perform public.stop_provider_sync(new.id, 'stopped', 'Its job was ended by hand');
            return null;
        end if;
    exception
        -- Whoever moves the row tries again: better than a row that runs and a log that does not know.
        when lock_not_available or deadlock_detected then
            raise;
        when others then
            raise warning 'pricing-sync: queue row % changed to %, its log could not follow: %',
                v_row.id, coalesce(new.status::text, 'deleted'), sqlerrm;
    end;

    -- The engine notifies on insert only: what waits for this lock, or was queued again, is told here.
    if tg_op = 'UPDATE' and new.status = 'todo' then
        perform public.wake_pricing_workers(new.id);
    elsif old.status = 'doing' or (old.status = 'todo' and (tg_op = 'DELETE' or new.status <> 'doing')) then
        perform public.wake_pricing_workers(q.id)
        from procrastinate.procrastinate_jobs q
        where q.lock = old.lock and q.status = 'todo'
        order by q.priority desc, q.id
        limit 1;
    end if;
    return null;
end;
$$;


ALTER FUNCTION public.project_provider_sync() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.project_provider_sync() IS 'Trigger: carry each change of a queue row over to its log row and its job, and wake who waits for its lock.';

CREATE FUNCTION public.prune_pricing_workers(lease_seconds double precision) RETURNS SETOF bigint
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    with dead as materialized (
        select w.id
        from procrastinate.procrastinate_workers w
        -- Never before the lease is over: to be lost three times ends a sync.
        where w.last_heartbeat < clock_timestamp() - greatest(
            make_interval(secs => prune_pricing_workers.lease_seconds), (select s.lease from public.pricing_settings s)
        )
        for update skip locked
    ),
    -- Their worker is set null with it.
    named as materialized (
        select q.id, q.worker_id
        from procrastinate.procrastinate_jobs q
        where q.worker_id in (select d.id from dead d)
        for update skip locked
    )
    delete from procrastinate.procrastinate_workers w
    using dead d
    where w.id = d.id
        and not exists (
            select
            from procrastinate.procrastinate_jobs q
            where q.worker_id = d.id and q.id not in (select n.id from named n)
        )
    returning w.id;
$$;


ALTER FUNCTION public.prune_pricing_workers(lease_seconds double precision) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.prune_pricing_workers(lease_seconds double precision) IS 'Forget the workers without a heartbeat for this many seconds, and for the lease at least, except those that somebody holds; returns their numbers.';

CREATE FUNCTION public.queue_id_is_taken(p_queue_job_id bigint, p_job_id uuid, p_provider text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select exists (
            select
            from public.pricing_sync_log l
            where l.queue_job_id = p_queue_job_id
                and not (
                    l.job_id = p_job_id and l.provider_slug = p_provider and l.status in ('queued', 'in_progress')
                )
        )
        or exists (select from public.pricing_given_up_syncs g where g.queue_job_id = p_queue_job_id);
$$;


ALTER FUNCTION public.queue_id_is_taken(p_queue_job_id bigint, p_job_id uuid, p_provider text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.queue_id_is_taken(p_queue_job_id bigint, p_job_id uuid, p_provider text) IS 'Whether an attempt of another queue row has this number in the log.';

CREATE FUNCTION public.queue_row_fault(p_args jsonb, p_scheduled_at timestamp with time zone) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select case
        when jsonb_typeof(p_args) is distinct from 'object' then 'The arguments of a task are not an object'
        when octet_length(p_args::text) > 1000000 then 'The arguments of a task have more than 1,000,000 bytes'
        -- What is short is neither deep nor a number of many digits.
        when octet_length(p_args::text) > 200 and jsonb_path_exists(p_args, '$.**{100}')
            then 'The arguments of a task are nested 100 deep'
        when octet_length(p_args::text) > 1000 and exists (
            select from jsonb_path_query(p_args, '$.** ? (@.type() == "number")') as n where length(n::text) > 1000
        ) then 'The arguments of a task have a number of more than 1,000 digits'
        when p_scheduled_at not between timestamptz '1000-01-01 00:00:00+00' and timestamptz '9000-01-01 00:00:00+00'
            then 'The time for which a task is scheduled is none that a worker can read'
    end;
$_$;


ALTER FUNCTION public.queue_row_fault(p_args jsonb, p_scheduled_at timestamp with time zone) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.queue_row_fault(p_args jsonb, p_scheduled_at timestamp with time zone) IS 'Why no worker can read a queue row with these arguments and this time, in one sentence; null when it can.';

CREATE TABLE public.model_pricing_history (
    id bigint NOT NULL,
    model_id bigint NOT NULL,
    price_per_input_token public.pricing_usd,
    price_per_output_token public.pricing_usd,
    previous_input_price public.pricing_usd,
    previous_output_price public.pricing_usd,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    changed_by text NOT NULL,
    job_id uuid,
    observed_at timestamp with time zone,
    price_per_cache_read_token public.pricing_usd,
    price_per_cache_write_token public.pricing_usd,
    price_per_cache_write_1h_token public.pricing_usd,
    price_per_reasoning_token public.pricing_usd,
    price_per_input_audio_token public.pricing_usd,
    price_per_output_audio_token public.pricing_usd,
    price_per_cache_read_audio_token public.pricing_usd,
    price_per_input_image_token public.pricing_usd,
    price_per_output_image_token public.pricing_usd,
    price_per_image public.pricing_usd,
    price_per_request public.pricing_usd,
    price_per_web_search public.pricing_usd,
    conditions jsonb DEFAULT '[]'::jsonb NOT NULL,
    extra jsonb DEFAULT '{}'::jsonb NOT NULL,
    pricing_source text NOT NULL,
    raw jsonb DEFAULT '{}'::jsonb NOT NULL,
    is_in_force boolean DEFAULT true NOT NULL
);


ALTER TABLE public.model_pricing_history OWNER TO pricing_owner;

COMMENT ON TABLE public.model_pricing_history IS 'Every price that was ever in force, the first included, and what providers said under an override; rows are only ever added.';

COMMENT ON COLUMN public.model_pricing_history.model_id IS 'model_pricing.id.';

COMMENT ON COLUMN public.model_pricing_history.price_per_input_token IS 'USD per input token from changed_at on.';

COMMENT ON COLUMN public.model_pricing_history.price_per_output_token IS 'USD per output token from changed_at on.';

COMMENT ON COLUMN public.model_pricing_history.previous_input_price IS 'USD per input token before; null: unknown, or the first price.';

COMMENT ON COLUMN public.model_pricing_history.previous_output_price IS 'USD per output token before; null: unknown, or the first price.';

COMMENT ON COLUMN public.model_pricing_history.changed_at IS 'Clock time after the model''s row was locked; ties are ordered by id.';

COMMENT ON COLUMN public.model_pricing_history.changed_by IS 'api_sync:<provider>, manual:<name>, rollback:<job_id> or expiry:<override id>.';

COMMENT ON COLUMN public.model_pricing_history.job_id IS 'The job that wrote it; that row may be pruned, this one stays.';

COMMENT ON COLUMN public.model_pricing_history.observed_at IS 'When the provider''s answer arrived.';

COMMENT ON COLUMN public.model_pricing_history.price_per_cache_read_token IS 'USD per input token read from the cache.';

COMMENT ON COLUMN public.model_pricing_history.price_per_cache_write_token IS 'USD per input token written to the cache for 5 minutes.';

COMMENT ON COLUMN public.model_pricing_history.price_per_cache_write_1h_token IS 'USD per input token written to the cache for 1 hour.';

COMMENT ON COLUMN public.model_pricing_history.price_per_reasoning_token IS 'USD per reasoning token.';

COMMENT ON COLUMN public.model_pricing_history.price_per_input_audio_token IS 'USD per audio input token.';

COMMENT ON COLUMN public.model_pricing_history.price_per_output_audio_token IS 'USD per audio output token.';

COMMENT ON COLUMN public.model_pricing_history.price_per_cache_read_audio_token IS 'USD per audio input token read from the cache.';

COMMENT ON COLUMN public.model_pricing_history.price_per_input_image_token IS 'USD per image input token.';

COMMENT ON COLUMN public.model_pricing_history.price_per_output_image_token IS 'USD per image output token.';

COMMENT ON COLUMN public.model_pricing_history.price_per_image IS 'USD per image.';

COMMENT ON COLUMN public.model_pricing_history.price_per_request IS 'USD per request.';

COMMENT ON COLUMN public.model_pricing_history.price_per_web_search IS 'USD per web search.';

COMMENT ON COLUMN public.model_pricing_history.raw IS 'What the provider wrote: text and unit of each price key.';

COMMENT ON COLUMN public.model_pricing_history.is_in_force IS 'False: what the provider said while an override was in force; it was recorded, not charged.';

CREATE FUNCTION public.record_price_in_force(provider text, model text, recorded_by text DEFAULT CURRENT_USER) RETURNS public.model_pricing_history
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $$
declare
    v_model public.model_pricing;
    v_last public.model_pricing_history;
    v_recorded public.model_pricing_history;
begin
    if recorded_by is null or length(recorded_by) not between 1 and 200 then
        raise exception 'recorded_by must have 1 to 200 characters'
            using errcode = 'PT422', hint = 'Name the person who records the price.';
    end if;

    perform public.lock_provider_prices(array[record_price_in_force.provider]);
    select m.* into v_model
    from public.model_pricing m
    where m.provider_slug = record_price_in_force.provider and m.model_id = record_price_in_force.model
    for no key update;
    if not found then
        raise exception '% has no model %',
                coalesce(left(record_price_in_force.provider, 60), 'null'),
                coalesce(quote_literal(left(record_price_in_force.model, 512)), 'null')
            using errcode = 'PT404', hint = 'select * from pricing_unrecorded_prices() lists what is to be recorded.';
    end if;
    select h.* into v_last
    from public.model_pricing_history h
    where h.model_id = v_model.id and h.is_in_force
    order by h.id desc
    limit 1;
    if not public.pricing_sets_differ(
        public.pricing_price_set(to_jsonb(v_model)), public.pricing_price_set(coalesce(to_jsonb(v_last), '{}'))
    ) then
        raise exception 'The history of %/% has its price already', v_model.provider_slug, v_model.model_id
            using errcode = 'PT409', hint = 'select * from pricing_unrecorded_prices() lists what is to be recorded.';
    end if;

    insert into public.model_pricing_history as h (
        model_id,
        changed_by,
        pricing_source,
        previous_input_price,
        previous_output_price,
        price_per_input_token,
        price_per_output_token,
        price_per_cache_read_token,
        price_per_cache_write_token,
        price_per_cache_write_1h_token,
        price_per_reasoning_token,
        price_per_input_audio_token,
        price_per_output_audio_token,
        price_per_cache_read_audio_token,
        price_per_input_image_token,
        price_per_output_image_token,
        price_per_image,
        price_per_request,
        price_per_web_search,
        conditions,
        extra
    )
    values (
        v_model.id,
        'manual:' || record_price_in_force.recorded_by,
        v_model.pricing_source,
        v_last.price_per_input_token,
        v_last.price_per_output_token,
        v_model.price_per_input_token,
        v_model.price_per_output_token,
        v_model.price_per_cache_read_token,
        v_model.price_per_cache_write_token,
        v_model.price_per_cache_write_1h_token,
        v_model.price_per_reasoning_token,
        v_model.price_per_input_audio_token,
        v_model.price_per_output_audio_token,
        v_model.price_per_cache_read_audio_token,
        v_model.price_per_input_image_token,
        v_model.price_per_output_image_token,
        v_model.price_per_image,
        v_model.price_per_request,
        v_model.price_per_web_search,
        v_model.conditions,
        v_model.extra
    )
    returning h.* into v_recorded;
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        record_price_in_force.recorded_by,
        'record_price_in_force',
        v_model.provider_slug || '/' || v_model.model_id,
        jsonb_build_object('history', v_recorded.id)
    );
    perform pg_catalog.pg_notify(
        'pricing_changed',
        jsonb_build_object('provider', v_model.provider_slug, 'count', 1, 'job_id', null)::text
    );
    return v_recorded;
end;
$$;


ALTER FUNCTION public.record_price_in_force(provider text, model text, recorded_by text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.record_price_in_force(provider text, model text, recorded_by text) IS 'Write the history row of a price that was changed by hand: from now on the history says what is charged. PT409 where it does already. Returns the row.';

CREATE FUNCTION public.refuse_odd_list(p_provider text, p_targets text[], p_prices jsonb, p_skipped jsonb) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
declare
    -- What a person has accepted lately; of another year it would accept what nobody has seen.
    v_accepted public.pricing_providers;
    v_is_accepted boolean := false;
    v_known integer;
    v_listed integer;
    v_twice text;
    v_priced integer;
    v_lost integer;
begin
    if jsonb_array_length(p_prices) + coalesce(jsonb_array_length(p_skipped), 0) = 0 then
        raise exception 'The list is empty'
            using errcode = 'PT422',
                detail = jsonb_build_object('error_kind', 'empty_list')::text,
                hint = 'Nothing was changed.';
    end if;

    select i.model_id into v_twice
    from jsonb_to_recordset(p_prices) as i (provider text, model_id text)
    group by coalesce(i.provider, p_provider), i.model_id
    having count(*) > 1
    limit 1;
    if v_twice is not null then
        raise exception 'The list has % more than once', v_twice using errcode = 'cardinality_violation';
    end if;

    select p.* into v_accepted
    from public.pricing_providers p
    where p.slug = p_provider and p.accepted_list_at > clock_timestamp() - interval '7 days';

    select count(*)::integer, count(i.model_id)::integer
    into v_known, v_listed
    from public.model_pricing m
    left join (
        select coalesce(r.provider, p_provider) as provider_slug, r.model_id
        from jsonb_to_recordset(p_prices) as r (provider text, model_id text)
        union
        select p_provider, r.model_id
        from jsonb_to_recordset(p_skipped) as r (model_id text)
    ) as i on i.provider_slug = m.provider_slug and i.model_id = m.model_id
    where m.provider_slug = any (p_targets)
        and m.is_active
        and m.listed_by = p_provider;
    v_is_accepted := coalesce(
        v_listed >= v_accepted.accepted_list_models or v_listed * 2 > v_accepted.accepted_list_models, false
    );
    if v_known > 0 and v_listed * 2 <= v_known and not v_is_accepted then
        raise exception 'The list has % of % known models: half of them or more are gone', v_listed, v_known
            using errcode = 'PT422',
                detail = jsonb_build_object('error_kind', 'list_shrunk')::text,
                hint = format(
                    'Nothing was changed. If the provider really dropped them: select accept_shorter_list(%L);', p_provider
                );
    end if;
    v_is_accepted := v_is_accepted and v_listed * 2 <= v_known;

    -- A key that was renamed looks so: no price is wrong, but all of them are gone. Of its own prices, that is: what the
    -- catalogue says meanwhile is no promise of the provider's.
    select count(*)::integer, (count(*) filter (where i.is_lost))::integer
    into v_priced, v_lost
    from public.model_pricing m
    join (
        select
            coalesce(r.provider, p_provider) as provider_slug,
            r.model_id,
            coalesce(r.price_per_input_token, r.price_per_output_token) is null
                and coalesce(r.conditions, '[]') = '[]' as is_lost
        from jsonb_to_recordset(p_prices) as r (
            provider text, model_id text, price_per_input_token text, price_per_output_token text, conditions jsonb
        )
    ) as i on i.provider_slug = m.provider_slug and i.model_id = m.model_id
    where m.provider_slug = any (p_targets)
        and m.is_active
        and (m.pricing_source like 'catalogue:%') = (p_provider = 'catalogue')
        and coalesce(
            m.synced -> 'price_per_input_token',
            m.synced -> 'price_per_output_token',
            case when m.synced is null then to_jsonb(coalesce(m.price_per_input_token, m.price_per_output_token)) end
        ) is not null;
    if v_lost >= 5 and v_lost * 2 >= v_priced and v_accepted.accepted_list_prices_gone is not true then
        raise exception 'The list has no price any more for % of % models that had one: half of them or more', v_lost, v_priced
            using errcode = 'PT422',
                detail = jsonb_build_object('error_kind', 'prices_gone')::text,
                hint = format(
                    'Nothing was changed. If the provider really publishes none: select accept_shorter_list(%L);', p_provider
                );
    end if;
    return v_is_accepted;
end;
$$;


ALTER FUNCTION public.refuse_odd_list(p_provider text, p_targets text[], p_prices jsonb, p_skipped jsonb) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.refuse_odd_list(p_provider text, p_targets text[], p_prices jsonb, p_skipped jsonb) IS 'PT422 for a list that is empty, lacks half of the models that it had, or the prices of half of those that had one, unless a person has accepted that; 21000 for one that has a model twice. True: it lacks half of its models, and that is accepted.';

CREATE FUNCTION public.reject_held_price_change(id bigint, rejected_by text DEFAULT CURRENT_USER, note text DEFAULT NULL::text) RETURNS public.pricing_held_changes
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $$
declare
    v_held public.pricing_held_changes;
begin
    if rejected_by is null or length(rejected_by) not between 1 and 200 then
        raise exception 'rejected_by must have 1 to 200 characters'
            using errcode = 'PT422', hint = 'Name the person who rejects.';
    end if;
    if length(note) > 500 then
        raise exception 'note must have 500 characters at most'
            using errcode = 'PT422', hint = 'Say in a line why the price is wrong.';
    end if;

    select h.* into v_held from public.pricing_held_changes h where h.id = reject_held_price_change.id;
    if not found then
        raise exception 'There is no held price change %', coalesce(reject_held_price_change.id::text, 'null')
            using errcode = 'PT404', hint = 'select * from pricing_held shows those that wait.';
    end if;
    perform public.lock_provider_prices(array[v_held.provider_slug]);
    -- As it is now: a sync, or somebody else, may have decided it meanwhile.
    select h.* into v_held
    from public.pricing_held_changes h
    where h.id = reject_held_price_change.id
    for no key update;
    if v_held.status <> 'held' then
        raise exception 'Held price change % does not wait any more: it is % (by %)',
                v_held.id, v_held.status, v_held.decided_by
            using errcode = 'PT409',
                hint = 'A price that is in force already goes back by rollback_pricing_sync, or is fixed by set_price_override.';
    end if;

    perform public.decide_held_price_changes(
        array[v_held.id], 'rejected', reject_held_price_change.rejected_by, reject_held_price_change.note
    );
    insert into public.pricing_audit_log (who, action, subject, details)
    select
        reject_held_price_change.rejected_by,
        'reject_held_price_change',
        v_held.id::text,
        jsonb_build_object(
            'provider', m.provider_slug,
            'model', m.model_id,
            'reason', v_held.reason,
            'note', reject_held_price_change.note
        )
    from public.model_pricing m
    where m.id = v_held.model_id;
    select h.* into v_held from public.pricing_held_changes h where h.id = reject_held_price_change.id;
    return v_held;
end;
$$;


ALTER FUNCTION public.reject_held_price_change(id bigint, rejected_by text, note text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.reject_held_price_change(id bigint, rejected_by text, note text) IS 'Keep the price as it is for as long as the provider says this; returns the rejected change.';

CREATE FUNCTION public.reject_held_price_changes(job_id uuid, rejected_by text DEFAULT CURRENT_USER, note text DEFAULT NULL::text) RETURNS SETOF public.pricing_held_changes
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select * from public.decide_held_changes_of_job(job_id, 'rejected', rejected_by, note);
$$;


ALTER FUNCTION public.reject_held_price_changes(job_id uuid, rejected_by text, note text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.reject_held_price_changes(job_id uuid, rejected_by text, note text) IS 'Reject all that waits and was last said by this job; returns what it rejected.';

CREATE FUNCTION public.release_pricing_lock() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_row procrastinate.procrastinate_jobs;
    v_skipped boolean := false;
    v_id bigint;
    v_released jsonb := jsonb_build_array();
begin
    for v_id in
        select h.queue_job_id
        from public.held_pricing_locks() h
        where old.lock_key in (h.lock_key, 'pricing_sync_global')
        order by h.queue_job_id
    loop
        select q.* into v_row
        from procrastinate.procrastinate_jobs q
        where q.id = v_id and q.status = 'doing'
        for no key update skip locked;
        if not found or not public.hold_log_row(v_id, v_row.attempts + 1) then
            v_skipped := true;
        elsif v_row.abort_requested then
            perform public.stop_provider_sync(v_id, 'cancelled', 'Cancelled');
            v_released := v_released || v_row.args;
        else
            perform public.requeue_provider_sync(
                v_id, v_row.attempts + 1, 'cancelled', 'lock_released',
                format('Its lock was released by %s; the sync was queued again', public.pricing_who())
            );
            v_released := v_released || v_row.args;
        end if;
    end loop;
    if v_released <> '[]' then
        insert into public.pricing_audit_log (who, action, subject, details)
        values (
            public.pricing_who(), 'release_pricing_lock', old.lock_key, jsonb_build_object('released', v_released)
        );
    end if;
    -- Null: DELETE does not count the row.
    return case when v_skipped then null else old end;
end;
$$;


ALTER FUNCTION public.release_pricing_lock() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.release_pricing_lock() IS 'Trigger: DELETE from pricing_sync_lock fences the holder off and queues its provider sync again; pricing_sync_global stands for all.';

CREATE FUNCTION public.release_stalled_syncs() RETURNS TABLE(syncs_found integer, syncs_released integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_max_attempts integer;
    v record;
    v_row procrastinate.procrastinate_jobs;
    v_lost integer;
begin
    select s.max_attempts into strict v_max_attempts from public.pricing_settings s;
    syncs_found := 0;
    syncs_released := 0;
    for v in
        select e.queue_job_id, e.attempt
        from public.pricing_sync_expiry e
        where e.reason = 'worker_lost' and e.since < clock_timestamp() - e.allowed
        order by e.queue_job_id
        limit 500
    loop
        syncs_found := syncs_found + 1;
        begin
            v_row := public.hold_stuck_sync('worker_lost', v.queue_job_id, v.attempt);
            continue when v_row.id is null;

            select count(*)::integer into v_lost
            from public.pricing_sync_log l
            where l.queue_job_id = v.queue_job_id and l.error_kind = 'worker_lost';

            if v_row.abort_requested then
                perform public.stop_provider_sync(v.queue_job_id, 'cancelled', 'Cancelled');
            elsif v_lost + 1 >= v_max_attempts then
                perform public.end_provider_sync(
                    v.queue_job_id, v.attempt, 'failed', 'worker_lost',
                    format('Its worker was lost %s times; it is not tried again', v_lost + 1)
                );
            else
                perform public.requeue_provider_sync(
                    v.queue_job_id, v.attempt, 'failed', 'worker_lost', 'The worker was lost; the sync was queued again'
                );
            end if;
            syncs_released := syncs_released + 1;
        exception
            when others then
                raise warning 'pricing-sync: stalled queue row % could not be released: %', v.queue_job_id, sqlerrm;
        end;
    end loop;
    return next;
end;
$$;


ALTER FUNCTION public.release_stalled_syncs() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.release_stalled_syncs() IS 'Take back the running syncs of workers without a heartbeat within the lease: queue them again, or fail them after max_attempts.';

CREATE FUNCTION public.reopen_pricing_job(p_job_id uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    update public.pricing_sync_jobs j
    set status = 'running',
        outcome = null,
        completed_at = null,
        error_message = null,
        stopped_at = null,
        revision = j.revision + 1
    where j.job_id = p_job_id and j.status in ('completed', 'failed', 'cancelled');
$$;


ALTER FUNCTION public.reopen_pricing_job(p_job_id uuid) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.reopen_pricing_job(p_job_id uuid) IS 'Open a job that has ended, because one of its provider syncs is retried.';

CREATE FUNCTION public.repeat_provider_list(p_provider text, p_targets text[], p_dry_run boolean) RETURNS TABLE(compared_count integer, changes jsonb, unchanged_ids bigint[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_mark constant text := coalesce(current_setting('pricing.writer', true), '');
begin
    -- See guard_model_pricing.
    perform set_config('pricing.writer', 'on', true);
    return query
    with missing as (
        update public.model_pricing m
        set missing_count = m.missing_count + 1,
            is_active = m.missing_count + 1 < 3
        where m.provider_slug = any (p_targets)
            and m.is_active
            and m.missing_count > 0
            and not p_dry_run
            and (p_provider <> 'catalogue' or m.listed_by = 'catalogue')
        returning 1
    ),
    said as materialized (
        select distinct on (h.model_id)
            h.*,
            m.provider_slug as provider,
            m.model_id as model,
            m.name,
            m.pricing_source as old_source,
            b.base,
            public.pricing_sets_differ(b.base, h.prices) as is_changed
        from public.pricing_held_changes h
        join public.model_pricing m on m.id = h.model_id
        join public.pricing_providers p on p.slug = p_provider
        cross join lateral (select public.pricing_base_set(m) as base) as b
        where m.provider_slug = any (p_targets)
            and h.still_said
            and h.status in ('held', 'rejected')
            -- Its newest list said so; a model that it skipped is not said again.
            and h.last_seen_at >= p.last_success_at
        -- Of a rejected one and one that was rolled back since, the list has the rejected one: it would have ended it else.
        order by h.model_id, h.status = 'rejected' desc, h.id desc
    )
    select
        (
            select count(*)::integer
            from public.model_pricing m
            where m.provider_slug = any (p_targets) and m.is_active
        ),
        (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'id', s.model_id,
                        'provider', s.provider,
                        'model_id', s.model,
                        'name', s.name,
                        'old', s.base,
                        'new', s.prices,
                        'old_source', s.old_source,
                        'source', s.pricing_source,
                        'extra', s.extra,
                        'raw', s.raw
                    )
                    order by s.provider, s.model
                ),
                '[]'
            )
            from said s
            where s.is_changed
        ),
        array(select s.model_id from said s where not s.is_changed order by s.model_id);
    perform set_config('pricing.writer', v_mark, true);
end;
$$;


ALTER FUNCTION public.repeat_provider_list(p_provider text, p_targets text[], p_dry_run boolean) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.repeat_provider_list(p_provider text, p_targets text[], p_dry_run boolean) IS 'Count the missing models on; returns as list_provider_models does: how many models the list has, the changes that are held or rejected and still said, and those that have become the accepted price.';

CREATE FUNCTION public.report_pricing_credentials(providers text[]) RETURNS SETOF text
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    with supplied as (
        select p.slug
        from public.pricing_providers p
        where p.state = 'no_credentials'
            and (p.credential_variable is null or p.slug = any (report_pricing_credentials.providers))
        order by p.slug
        for no key update skip locked
    ),
    updated as (
        update public.pricing_providers p
        set state = case when p.price_api then 'ok' else 'no_price_api' end,
            next_sync_at = null
        from supplied s
        where p.slug = s.slug
        returning p.slug
    )
    select u.slug from updated u order by u.slug;
$$;


ALTER FUNCTION public.report_pricing_credentials(providers text[]) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.report_pricing_credentials(providers text[]) IS 'A worker says for which providers it has the credential, and may send it there: those that lacked it are synced from now on, at the next tick first; returns them.';

CREATE FUNCTION public.requeue_given_up_sync(p_row procrastinate.procrastinate_jobs, p_message text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if p_row.abort_requested then
        perform public.stop_provider_sync(p_row.id, 'cancelled', 'Cancelled');
        return;
    end if;
    perform public.log_ended_attempt(p_row.id, p_row.attempts + 1, 'failed', 'locked', p_message);
    update procrastinate.procrastinate_jobs q set status = 'todo' where q.id = p_row.id;
end;
$$;


ALTER FUNCTION public.requeue_given_up_sync(p_row procrastinate.procrastinate_jobs, p_message text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.requeue_given_up_sync(p_row procrastinate.procrastinate_jobs, p_message text) IS 'End a running attempt as locked, and queue its provider sync again; one that shall be aborted is cancelled.';

CREATE FUNCTION public.requeue_given_up_syncs() RETURNS TABLE(syncs_found integer, syncs_requeued integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v record;
    v_row procrastinate.procrastinate_jobs;
begin
    syncs_found := 0;
    syncs_requeued := 0;
    -- What was ended by whoever held it, a person who cancelled its job for instance.
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
            v_row := public.hold_stuck_sync('given_up', v.queue_job_id, v.attempt);
            continue when v_row.id is null;
            perform public.requeue_given_up_sync(v_row, g.message)
            from public.pricing_given_up_syncs g
            where g.queue_job_id = v.queue_job_id and g.attempt = v.attempt;
            delete from public.pricing_given_up_syncs g
            where g.queue_job_id = v.queue_job_id and g.attempt = v.attempt;
            syncs_requeued := syncs_requeued + 1;
        exception
            when others then
                raise warning 'pricing-sync: queue row %, which was given up, could not be queued again: %',
                    v.queue_job_id, sqlerrm;
        end;
    end loop;
    return next;
end;
$$;


ALTER FUNCTION public.requeue_given_up_syncs() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.requeue_given_up_syncs() IS 'Queue the syncs again that a worker gave up while somebody held their rows, once they are let go.';

CREATE FUNCTION public.requeue_provider_sync(p_queue_job_id bigint, p_attempt integer, p_status text, p_error_kind text, p_message text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform public.log_ended_attempt(p_queue_job_id, p_attempt, p_status, p_error_kind, p_message);
    -- A holder that lives after all hears that it may stop; what it wrote late is refused by the fence.
    update procrastinate.procrastinate_jobs q set abort_requested = true where q.id = p_queue_job_id;
    update procrastinate.procrastinate_jobs q set status = 'todo' where q.id = p_queue_job_id;
end;
$$;


ALTER FUNCTION public.requeue_provider_sync(p_queue_job_id bigint, p_attempt integer, p_status text, p_error_kind text, p_message text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.requeue_provider_sync(p_queue_job_id bigint, p_attempt integer, p_status text, p_error_kind text, p_message text) IS 'Take a running attempt away from its worker, and queue its provider sync again.';

CREATE FUNCTION public.require_fresh_reads() RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
        raise exception 'This cannot be done in a transaction of isolation level %', current_setting('transaction_isolation')
            using errcode = 'PT422',
                hint = 'Nothing was changed. begin isolation level read committed; or set default_transaction_isolation = ''read committed''.';
    end if;
end;
$$;


ALTER FUNCTION public.require_fresh_reads() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.require_fresh_reads() IS 'PT422 in a transaction whose statements would not see what was committed before they took a lock.';

CREATE FUNCTION public.resolve_sync_providers(p_providers text[]) RETURNS text[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_known text;
    v_bad text;
    v_providers text[];
begin
    select 'Known providers: ' || coalesce(string_agg(p.slug, ', ' order by p.slug), 'none') || '.'
    into v_known
    from public.pricing_providers p
    where p.adapter is not null;

    if p_providers is null then
        select array_agg(p.slug order by p.slug)
        into v_providers
        from public.pricing_syncable_providers p;
        if v_providers is null then
            raise exception 'There is nothing to sync: no provider is enabled and has what it needs'
                using errcode = 'PT422', hint = 'Enable one with update pricing_providers set enabled = true. ' || v_known;
        end if;
        return v_providers;
    end if;

    if cardinality(p_providers) = 0 then
        raise exception 'The list of providers is empty'
            using errcode = 'PT422', hint = 'Leave it out to sync all. ' || v_known;
    end if;
    if array_ndims(p_providers) > 1 then
        raise exception 'The list of providers is a list of lists' using errcode = 'PT422', hint = v_known;
    end if;
    if array_position(p_providers, null) is not null then
        raise exception 'The list of providers has a null in it' using errcode = 'PT422', hint = v_known;
    end if;

    select p.slug into v_bad
    from unnest(p_providers) as p(slug)
    group by p.slug
    having count(*) > 1
    order by p.slug
    limit 1;
    if found then
        raise exception 'Provider % is named twice', quote_literal(left(v_bad, 60))
            using errcode = 'PT422', hint = 'Name each provider once.';
    end if;

    select p.slug into v_bad
    from unnest(p_providers) with ordinality as p(slug, position)
    where not exists (
        select from public.pricing_providers known where known.slug = p.slug and known.adapter is not null
    )
    order by p.position
    limit 1;
    if found then
        raise exception 'Provider % is not known', quote_literal(left(v_bad, 60)) using errcode = 'PT422', hint = v_known;
    end if;

    select p.slug into v_bad
    from unnest(p_providers) with ordinality as p(slug, position)
    join public.pricing_providers known on known.slug = p.slug
    where not known.enabled
    order by p.position
    limit 1;
    if found then
        raise exception 'Provider % is disabled', quote_literal(v_bad)
            using errcode = 'PT422',
                hint = format('Enable it with update pricing_providers set enabled = true where slug = %L.', v_bad);
    end if;

    -- Made anew: one that begins at another index than 1 no program reads.
    return array(select p.slug from unnest(p_providers) with ordinality as p(slug, position) order by p.position);
end;
$$;


ALTER FUNCTION public.resolve_sync_providers(p_providers text[]) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.resolve_sync_providers(p_providers text[]) IS 'The providers that a trigger means, or PT422 with a hint that lists the known ones.';

CREATE FUNCTION public.retry_pricing_sync(job_id uuid, retried_by text DEFAULT CURRENT_USER) RETURNS public.pricing_sync_jobs
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $$
declare
    v_job public.pricing_sync_jobs;
    v_providers text[];
begin
    if retried_by is null or length(retried_by) not between 1 and 200 then
        raise exception 'retried_by must have 1 to 200 characters'
            using errcode = 'PT422', hint = 'Name the person or program that retries.';
    end if;

    select j.* into v_job
    from public.pricing_sync_jobs j
    where j.job_id = retry_pricing_sync.job_id
    for no key update;
    if not found then
        raise exception 'There is no job %', coalesce(retry_pricing_sync.job_id::text, 'null')
            using errcode = 'PT404', hint = 'select * from pricing_sync_jobs order by triggered_at desc shows the newest.';
    end if;

    select array_agg(latest.provider_slug order by array_position(v_job.providers, latest.provider_slug))
    into v_providers
    from (
        select distinct on (l.provider_slug) l.provider_slug, l.status
        from public.pricing_sync_log l
        where l.job_id = v_job.job_id
        order by l.provider_slug, l.id desc
    ) as latest
    where latest.status in ('failed', 'cancelled');
    if v_providers is null then
        raise exception 'Job % has nothing to retry: no provider of it failed or was cancelled', v_job.job_id
            using errcode = 'PT409', hint = 'Trigger a new sync to read the prices again.';
    end if;

    perform public.reopen_pricing_job(v_job.job_id);
    perform public.defer_provider_syncs(v_job.job_id, v_providers);
    perform public.settle_pricing_job(v_job.job_id);
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        retry_pricing_sync.retried_by, 'retry_pricing_sync', v_job.job_id::text,
        jsonb_build_object('providers', v_providers)
    );
    select j.* into v_job from public.pricing_sync_jobs j where j.job_id = retry_pricing_sync.job_id;
    return v_job;
end;
$$;


ALTER FUNCTION public.retry_pricing_sync(job_id uuid, retried_by text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.retry_pricing_sync(job_id uuid, retried_by text) IS 'Queue the failed and cancelled providers of a job again, under the same job; returns it, open again.';

CREATE FUNCTION public.revoke_pricing_api_key(name text, revoked_by text DEFAULT CURRENT_USER) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $$
declare
    v_by constant text := coalesce(revoke_pricing_api_key.revoked_by, public.pricing_who());
    v_ended text[];
begin
    perform public.lock_key_name(revoke_pricing_api_key.name);
    with ended as (
        update public.pricing_api_keys k
        set revoked_at = clock_timestamp(), revoked_by = v_by
        where k.name = revoke_pricing_api_key.name and k.revoked_at is null
        returning k.key_id
    )
    select array_agg(e.key_id order by e.key_id) into v_ended from ended e;
    if v_ended is null then
        if exists (select from public.pricing_api_keys k where k.name = revoke_pricing_api_key.name) then
            raise exception 'The key % is revoked already', quote_literal(revoke_pricing_api_key.name)
                using errcode = 'PT409', hint = 'There is nothing left to revoke.';
        end if;
        raise exception 'There is no key named %', coalesce(quote_literal(revoke_pricing_api_key.name), 'null')
            using errcode = 'PT404', hint = 'select name, state from pricing_keys lists them.';
    end if;

    insert into public.pricing_audit_log (who, action, subject, details)
    values (v_by, 'revoke_api_key', revoke_pricing_api_key.name, jsonb_build_object('key_ids', v_ended));
    return cardinality(v_ended);
end;
$$;


ALTER FUNCTION public.revoke_pricing_api_key(name text, revoked_by text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.revoke_pricing_api_key(name text, revoked_by text) IS 'End every secret of a key at once, those that a rotation has left for a while included; returns how many.';

CREATE FUNCTION public.rollback_pricing_sync(job_id uuid, dry_run boolean DEFAULT true, rolled_back_by text DEFAULT CURRENT_USER) RETURNS TABLE(provider text, model text, action text, input_per_1m numeric, output_per_1m numeric, back_to_input_per_1m numeric, back_to_output_per_1m numeric, note text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    SET lock_timeout TO '5s'
    AS $$
declare
    v_job_id constant uuid := rollback_pricing_sync.job_id;
    v_by constant text := 'rollback:' || rollback_pricing_sync.job_id;
    v_now timestamptz;
    v_providers text[];
    v_plan jsonb;
begin
    if rolled_back_by is null or length(rolled_back_by) not between 1 and 200 then
        raise exception 'rolled_back_by must have 1 to 200 characters'
            using errcode = 'PT422', hint = 'Name the person who rolls back.';
    end if;
    if dry_run is null then
        raise exception 'dry_run cannot be null'
            using errcode = 'PT422', hint = 'True shows what would go back, false does it.';
    end if;
    if not exists (select from public.pricing_sync_jobs j where j.job_id = v_job_id)
        and not exists (select from public.model_pricing_history h where h.job_id = v_job_id)
    then
        raise exception 'There is no job %', coalesce(v_job_id::text, 'null')
            using errcode = 'PT404', hint = 'select job_id, changed_at from pricing_history order by changed_at desc shows what changed prices.';
    end if;

    v_providers := array(
        select distinct m.provider_slug
        from public.model_pricing m
        where m.id in (select h.model_id from public.model_pricing_history h where h.job_id = v_job_id)
    );
    perform public.lock_provider_prices(v_providers);
    if exists (
        select from public.pricing_sync_jobs j where j.job_id = v_job_id and j.status in ('queued', 'running')
    ) then
        raise exception 'Job % has not ended yet', v_job_id
            using errcode = 'PT409', hint = 'Wait until it has, or cancel it: select cancel_pricing_sync(job_id).';
    end if;
    v_now := clock_timestamp();

    with fact as materialized (
        select h.*, max(h.id) filter (where h.changed_by = 'rollback:' || h.job_id) over job as undone_to
        from public.model_pricing_history h
        where h.job_id is not null
            and h.model_id in (
                select o.model_id
                from public.model_pricing_history o
                join public.model_pricing m on m.id = o.model_id
                -- What was approved of another provider meanwhile is not ours to change: nothing of that is locked.
                where o.job_id = v_job_id and m.provider_slug = any (v_providers)
            )
        window job as (partition by h.model_id, h.job_id)
    ),
    -- What of it a rollback has taken back already is as if it had never been.
    standing as materialized (
        select f.* from fact f where f.undone_to is null or f.id > f.undone_to
    ),
    done as materialized (
        select s.model_id, min(s.id) as first_id, max(s.id) as last_id
        from standing s
        where s.job_id = v_job_id
        group by s.model_id
    ),
    before as materialized (
        -- Under an override one change has two rows: what the provider said, and what was charged.
        select distinct on (d.model_id) d.model_id, f.id, f.changed_at, f.changed_by, f.job_id
        from done d
        join fact f on f.model_id = d.model_id and f.id < d.first_id
        order by d.model_id, f.id desc
    ),
    origin as materialized (
        select distinct on (b.model_id)
            b.model_id,
            public.pricing_price_set(to_jsonb(f)) as prices,
            f.pricing_source,
            f.extra,
            f.raw
        from before b
        join fact f on f.model_id = b.model_id
            and f.changed_at = b.changed_at
            and f.changed_by = b.changed_by
            and f.job_id = b.job_id
        order by b.model_id, f.is_in_force, f.id desc
    ),
    later as materialized (
        select distinct on (d.model_id) d.model_id, s.changed_by, s.job_id
        from done d
        join standing s on s.model_id = d.model_id and s.id > d.last_id
        order by d.model_id, s.id desc
    ),
    planned as (
        select
            m.id,
            m.provider_slug,
            m.model_id,
            m.synced is not null as is_overridden,
            public.pricing_base_set(m) as prices,
            m.pricing_source as source,
            m.extra,
            l.raw,
            l.observed_at,
            coalesce(o.prices, '{}') as back_to,
            o.pricing_source as back_to_source,
            o.extra as back_to_extra,
            coalesce(o.raw, '{}') as back_to_raw,
            s.changed_by as since_by,
            s.job_id as since_job_id
        from done d
        join public.model_pricing m on m.id = d.model_id
        join fact l on l.id = d.last_id
        left join origin o on o.model_id = d.model_id
        left join later s on s.model_id = d.model_id
    )
    select jsonb_agg(to_jsonb(p) order by p.provider_slug, p.model_id) into v_plan
    from planned p
    where public.pricing_sets_differ(p.prices, p.back_to) or p.since_job_id is not null;
    if v_plan is null then
        raise exception 'There is no price that job % changed and that was not rolled back', v_job_id
            using errcode = 'PT409', hint = 'select * from pricing_history where job_id = ... shows what it did.';
    end if;

    return query
    select
        p.provider_slug,
        p.model_id,
        case when p.since_job_id is null then 'roll_back' else 'changed_since' end,
        trim_scale((p.prices ->> 'price_per_input_token')::numeric * 1000000),
        trim_scale((p.prices ->> 'price_per_output_token')::numeric * 1000000),
        trim_scale((p.back_to ->> 'price_per_input_token')::numeric * 1000000),
        trim_scale((p.back_to ->> 'price_per_output_token')::numeric * 1000000),
        nullif(concat_ws(
            '; ',
            'changed since by ' || p.since_by || ', job ' || p.since_job_id,
            case when p.back_to_source is null then 'its first price: before it there was none' end,
            case when p.is_overridden then 'an override is in force, and stays' end
        ), '')
    from jsonb_to_recordset(v_plan) as p (
        provider_slug text,
        model_id text,
        is_overridden boolean,
        prices jsonb,
        back_to jsonb,
        back_to_source text,
        since_by text,
        since_job_id uuid
    )
    order by 1, 2;
    if dry_run then
        return;
    end if;

    perform public.write_model_prices(
        (
            select coalesce(jsonb_agg(jsonb_build_object(
                'id', p.id,
                'prices', p.back_to,
                'source', p.back_to_source,
                'extra', p.back_to_extra,
                'raw', p.back_to_raw
            )), '[]')
            from jsonb_to_recordset(v_plan) as p (
                id bigint,
                back_to jsonb,
                back_to_source text,
                back_to_extra jsonb,
                back_to_raw jsonb,
                since_job_id uuid
            )
            where p.since_job_id is null
        ),
        v_by,
        v_now,
        v_job_id
    );

    -- Two cannot wait for one model. What waited was measured against the price that has just gone.
    update public.pricing_held_changes h
    set status = 'superseded', still_said = false, decided_at = v_now, decided_by = v_by
    where h.status = 'held'
        and h.model_id in (
            select p.id
            from jsonb_to_recordset(v_plan) as p (id bigint, since_job_id uuid)
            where p.since_job_id is null
        );
    -- The provider may go on saying it: from now on that waits for a person.
    insert into public.pricing_held_changes (
        model_id,
        provider_slug,
        class,
        reason,
        ratio,
        to_zero,
        prices,
        previous,
        pricing_source,
        extra,
        raw,
        first_job_id,
        job_id,
        first_seen_at,
        last_seen_at,
        observed_at
    )
    select
        p.id,
        p.provider_slug,
        'rollback',
        format('rollback: %s rolled job %s back', rollback_pricing_sync.rolled_back_by, v_job_id),
        moved.ratio,
        moved.to_zero,
        p.prices,
        p.back_to,
        p.source,
        p.extra,
        p.raw,
        v_job_id,
        v_job_id,
        v_now,
        v_now,
        p.observed_at
    from jsonb_to_recordset(v_plan) as p (
        id bigint,
        provider_slug text,
        prices jsonb,
        source text,
        extra jsonb,
        raw jsonb,
        observed_at timestamptz,
        back_to jsonb,
        since_job_id uuid
    )
    cross join lateral (
        select
            max(greatest(n.after / n.before, n.before / n.after)) filter (where n.before > 0 and n.after > 0) as ratio,
            coalesce(bool_or(n.before > 0 and n.after = 0), false) as to_zero
        from (
            select (p.back_to ->> a.axis)::numeric as before, (p.prices ->> a.axis)::numeric as after
            from public.pricing_axes() a
            where a.per = 'token'
        ) as n
    ) as moved
    where p.since_job_id is null;

    -- What the newest list says of these models may be nowhere now: the next sync asks for the whole of it.
    update public.pricing_providers p
    set etag = null, etag_parser = null
    where p.etag is not null
        and exists (
            select
            from jsonb_to_recordset(v_plan) as n (provider_slug text, since_job_id uuid)
            where n.since_job_id is null and n.provider_slug = p.slug
        );

    insert into public.pricing_audit_log (who, action, subject, details)
    select
        rollback_pricing_sync.rolled_back_by,
        'rollback_pricing_sync',
        v_job_id::text,
        jsonb_build_object(
            'rolled_back', count(*) filter (where p.since_job_id is null),
            'changed_since', count(p.since_job_id)
        )
    from jsonb_to_recordset(v_plan) as p (since_job_id uuid);
end;
$$;


ALTER FUNCTION public.rollback_pricing_sync(job_id uuid, dry_run boolean, rolled_back_by text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.rollback_pricing_sync(job_id uuid, dry_run boolean, rolled_back_by text) IS 'Show what prices would be without one job''s changes, and with dry_run => false bring them back, except where a later job has changed them; what is rolled back waits if its provider says it again. USD per million tokens.';

CREATE FUNCTION public.rotate_pricing_api_key(name text, rotated_by text DEFAULT CURRENT_USER, grace interval DEFAULT '00:00:00'::interval, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $$
declare
    v_by constant text := coalesce(rotate_pricing_api_key.rotated_by, public.pricing_who());
    v_now timestamptz;
    v_old public.pricing_api_keys;
    v_expires_at timestamptz;
    v_key text;
    v_id text;
begin
    if grace is null or grace < interval '0' or grace > interval '90 days' then
        raise exception 'The grace of a rotation cannot be %', coalesce(grace::text, 'null')
            using errcode = 'PT422', hint = 'It is 0 to 90 days: as long as the old secret stays valid beside the new one.';
    end if;
    -- By signs of both kinds 90 days could be more than a year.
    perform public.checked_interval('grace', grace);
    perform public.lock_key_name(rotate_pricing_api_key.name);
    select k.* into v_old
    from public.pricing_api_keys k
    where k.name = rotate_pricing_api_key.name and k.revoked_at is null and k.replaced_by is null;
    if not found then
        raise exception 'There is no key named % that is not revoked', coalesce(quote_literal(rotate_pricing_api_key.name), 'null')
            using errcode = 'PT404', hint = 'select name, state from pricing_keys lists them; create_pricing_api_key makes a new one.';
    end if;

    v_now := clock_timestamp();
    -- Unless said otherwise, the new secret is valid for as long as the old one was meant to be.
    v_expires_at := coalesce(
        rotate_pricing_api_key.expires_at,
        -- Clients cannot read what lies beyond, and by hand anything can be written.
        public.capped_expiry(
            v_now + (public.capped_expiry(v_old.expires_at) - coalesce(public.capped_expiry(v_old.created_at), v_now))
        )
    );
    -- Its id is only known once it is there, and its name is free only once the old one gives it up.
    update public.pricing_api_keys k set replaced_by = k.key_id where k.key_id = v_old.key_id;
    v_key := public.add_pricing_api_key(v_old.name, v_old.role, v_by, v_expires_at);
    v_id := split_part(v_key, '_', 2);
    update public.pricing_api_keys k
    set replaced_by = case when k.key_id = v_old.key_id then v_id else k.replaced_by end,
        expires_at = least(k.expires_at, v_now + rotate_pricing_api_key.grace),
        revoked_at = case when rotate_pricing_api_key.grace = interval '0' then v_now end,
        revoked_by = case when rotate_pricing_api_key.grace = interval '0' then v_by end
    where k.name = v_old.name and k.revoked_at is null and k.key_id <> v_id;

    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        v_by,
        'rotate_api_key',
        v_old.name,
        jsonb_build_object(
            'key_id', v_id,
            'replaces', v_old.key_id,
            'old_valid_until', least(v_old.expires_at, v_now + rotate_pricing_api_key.grace),
            'expires_at', v_expires_at
        )
    );
    return v_key;
end;
$$;


ALTER FUNCTION public.rotate_pricing_api_key(name text, rotated_by text, grace interval, expires_at timestamp with time zone) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.rotate_pricing_api_key(name text, rotated_by text, grace interval, expires_at timestamp with time zone) IS 'Give a key a new secret, with the same name and role, and return it, shown this once; the old secret ends at once, or after the grace.';

CREATE FUNCTION public.set_price_override(provider text, model text, reason text, input_per_1m numeric DEFAULT NULL::numeric, output_per_1m numeric DEFAULT NULL::numeric, prices jsonb DEFAULT '{}'::jsonb, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone, author text DEFAULT CURRENT_USER, force boolean DEFAULT false) RETURNS public.pricing_overrides
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $_$
declare
    v_named record;
    v_prices jsonb := jsonb_build_object();
    v_model public.model_pricing;
    v_base jsonb;
    v_suspicion text;
    v_replaced bigint;
    v_override public.pricing_overrides;
    v_now timestamptz;
begin
    if author is null or length(author) not between 1 and 200 then
        raise exception 'author must have 1 to 200 characters'
            using errcode = 'PT422', hint = 'Name the person who sets the price.';
    end if;
    if reason is null or length(reason) > 500 or btrim(reason) = '' then
        raise exception 'reason must have 1 to 500 characters'
            using errcode = 'PT422', hint = 'Say where the price comes from.';
    end if;
    perform public.checked_expiry(
        'expires_at', set_price_override.expires_at, 'null for one that does not end by itself'
    );
    if jsonb_typeof(coalesce(set_price_override.prices, '{}')) <> 'object' then
        raise exception 'prices must be a JSON object'
            using errcode = 'PT422', hint = 'For example {"cache_read_per_1m": 0.25, "per_image": "0.04"}.';
    end if;

    for v_named in
        select
            e.key,
            jsonb_typeof(e.value) as type,
            e.value #>> '{}' as amount,
            a.axis,
            -- Exact, unlike a division.
            case when a.per = 'token' and e.key = a.short_name then 0.000001 else 1 end as factor
        from (
            select p.key, p.value from jsonb_each(coalesce(set_price_override.prices, '{}')) as p
            union all
            select 'input_per_1m', to_jsonb(set_price_override.input_per_1m)
            where set_price_override.input_per_1m is not null
            union all
            select 'output_per_1m', to_jsonb(set_price_override.output_per_1m)
            where set_price_override.output_per_1m is not null
        ) as e
        left join public.pricing_axes() a on e.key in (a.axis, a.short_name)
    loop
        if v_named.axis is null then
            raise exception 'There is no price called %', quote_literal(left(v_named.key, 60))
                using errcode = 'PT422',
                    hint = 'There are ' || (
                        select string_agg(a.short_name, ', ') || ', or by one token ' || string_agg(a.axis, ', ')
                        from public.pricing_axes() a
                    ) || '.';
        end if;
        if v_named.type not in ('number', 'string')
            or length(v_named.amount) > 100
            or v_named.amount !~ '^[0-9]+([.][0-9]+)?([eE][-+]?[0-9]{1,2})?$'
        then
            raise exception '% cannot be %', v_named.key, coalesce(quote_literal(left(v_named.amount, 100)), 'null')
                using errcode = 'PT422', hint = 'A price is a number of US dollars, zero or more, such as 0.25 or "0.25".';
        end if;
        if v_prices ? v_named.axis then
            raise exception '% is given twice', v_named.axis
                using errcode = 'PT422', hint = 'Name each price once, either for a million tokens or for one.';
        end if;
        v_prices := v_prices || jsonb_build_object(
            v_named.axis, trim_scale(v_named.amount::numeric * v_named.factor)::text
        );
    end loop;
    if v_prices = '{}' then
        raise exception 'The override names no price'
            using errcode = 'PT422', hint = 'Give input_per_1m, output_per_1m or prices; clear_price_override ends one.';
    end if;

    perform public.lock_provider_prices(array[set_price_override.provider]);
    select m.* into v_model
    from public.model_pricing m
    where m.provider_slug = set_price_override.provider and m.model_id = set_price_override.model
    for no key update;
    if not found then
        raise exception '% has no model %',
                coalesce(left(set_price_override.provider, 60), 'null'),
                coalesce(quote_literal(left(set_price_override.model, 512)), 'null')
            using errcode = 'PT404',
                hint = 'Ids are case sensitive, as the provider spells them: select provider, model from model_prices where ...';
    end if;

    v_suspicion := public.judge_price_override(v_model, v_prices);
    if v_suspicion is not null and set_price_override.force is not true then
        raise exception '%/%: % - if that is meant, set it with force => true', v_model.provider_slug, v_model.model_id, v_suspicion
            using errcode = 'PT409',
                hint = 'Amounts are US dollars per million tokens, or for one unit. force => true (--force, "force": true) sets it all the same, and is recorded.';
    end if;

    v_base := public.pricing_base_set(v_model);
    v_now := clock_timestamp();
    update public.pricing_overrides o
    set ended_at = v_now, ended_by = set_price_override.author
    where o.model_id = v_model.id and o.ended_at is null
    returning o.id into v_replaced;
    insert into public.pricing_overrides as o (model_id, prices, reason, created_by, created_at, expires_at, forced)
    values (
        v_model.id,
        v_prices,
        set_price_override.reason,
        set_price_override.author,
        v_now,
        set_price_override.expires_at,
        v_suspicion is not null
    )
    returning o.* into v_override;
    perform public.write_model_prices(
        jsonb_build_array(jsonb_build_object('id', v_model.id, 'prices', v_base)),
        'manual:' || set_price_override.author,
        v_now
    );
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        set_price_override.author,
        'set_price_override',
        v_model.provider_slug || '/' || v_model.model_id,
        jsonb_build_object(
            'override', v_override.id,
            'replaces', v_replaced,
            'prices', v_override.prices,
            'reason', v_override.reason,
            'expires_at', v_override.expires_at,
            'forced', v_override.forced,
            -- What force passed over.
            'suspicion', v_suspicion
        )
    );
    return v_override;
end;
$_$;


ALTER FUNCTION public.set_price_override(provider text, model text, reason text, input_per_1m numeric, output_per_1m numeric, prices jsonb, expires_at timestamp with time zone, author text, force boolean) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.set_price_override(provider text, model text, reason text, input_per_1m numeric, output_per_1m numeric, prices jsonb, expires_at timestamp with time zone, author text, force boolean) IS 'Fix prices of a model until the override is cleared or expires: USD per million tokens by the names of model_prices, or per unit by the columns of model_pricing; all others follow the provider. Replaces the one in force; returns it. What its provider''s guards find suspicious needs force.';

CREATE FUNCTION public.settle_pricing_job(p_job_id uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_job public.pricing_sync_jobs;
    v record;
    v_status text;
    v_outcome text;
begin
    select j.* into v_job from public.pricing_sync_jobs j where j.job_id = p_job_id for no key update;
    if not found then
        return false;
    end if;

    with latest as (
        select distinct on (l.provider_slug) l.*
        from public.pricing_sync_log l
        where l.job_id = p_job_id
        order by l.provider_slug, l.id desc
    )
    select
        count(*)::integer as total,
        count(*) filter (where status = 'success')::integer as succeeded,
        count(*) filter (where status = 'failed')::integer as failed,
        count(*) filter (where status = 'cancelled')::integer as cancelled,
        count(*) filter (where status in ('queued', 'in_progress'))::integer as open,
        (select min(l.sync_started_at) from public.pricing_sync_log l where l.job_id = p_job_id) as started_at,
        coalesce(sum(models_fetched), 0)::integer as models_fetched,
        coalesce(sum(models_updated), 0)::integer as models_updated,
        coalesce(sum(models_skipped), 0)::integer as models_skipped,
        string_agg(provider_slug || ': ' || error_message, '; ' order by provider_slug)
            filter (where status in ('failed', 'cancelled')) as error_message,
        coalesce(jsonb_object_agg(provider_slug, jsonb_strip_nulls(jsonb_build_object(
            'status', status,
            'attempt', attempt,
            'models_fetched', models_fetched,
            'models_updated', models_updated,
            'models_unchanged', models_unchanged,
            'models_skipped', models_skipped,
            'models_held', models_held,
            'error_kind', error_kind,
            'error_message', error_message,
            'duration_ms', round(duration_ms, 3),
            'differences', details -> 'differences',
            'differences_total', details -> 'differences_total'
        ))), '{}') as results
    into v
    from latest;

    if v_job.outcome is not null then
        -- A job that has ended keeps status, time and message, whatever its rows do later; the counts tell what they did.
        v_status := v_job.status;
        v_outcome := v_job.outcome;
    elsif v.open > 0 then
        v_status := case when coalesce(v_job.started_at, v.started_at) is null then 'queued' else 'running' end;
    elsif v.succeeded > 0 then
        v_status := 'completed';
        v_outcome := case when v.succeeded = v.total then 'success' else 'partial' end;
    elsif v.failed > 0 then
        v_status := 'failed';
        v_outcome := 'failed';
    else
        v_status := 'cancelled';
        v_outcome := 'cancelled';
    end if;

    update public.pricing_sync_jobs j
    set status = v_status,
        outcome = v_outcome,
        -- A row that was on its way when the job ended may start after that end.
        started_at = coalesce(j.started_at, case when j.outcome is null then v.started_at end),
        completed_at = case when v_outcome is not null then coalesce(j.completed_at, clock_timestamp()) end,
        providers_total = v.total,
        providers_synced = v.succeeded,
        providers_failed = v.failed + v.cancelled,
        models_fetched = v.models_fetched,
        models_updated = v.models_updated,
        models_skipped = v.models_skipped,
        total_errors = v.failed,
        error_message = case
            when j.outcome is not null then j.error_message
            when v.total = 0 then 'Its log rows are gone'
            else left(v.error_message, 500)
        end,
        result_data = jsonb_build_object('providers', v.results),
        revision = j.revision + 1
    where j.job_id = p_job_id
        and (j.outcome is null or j.result_data <> jsonb_build_object('providers', v.results));
    return v_outcome is null;
end;
$$;


ALTER FUNCTION public.settle_pricing_job(p_job_id uuid) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.settle_pricing_job(p_job_id uuid) IS 'Bring a job in line with the last attempt of each of its providers: an open one wholly, an ended one in its counts; tells whether it is open.';

CREATE FUNCTION public.show_price_changes(p_changes jsonb, p_held jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
    select jsonb_build_object(
        'differences_total', jsonb_array_length(p_changes),
        'differences', (
            select coalesce(jsonb_agg(d.difference order by d.provider, d.model_id), '[]')
            from (
                select
                    c.provider,
                    c.model_id,
                    jsonb_build_object(
                        'provider', c.provider,
                        'model_id', c.model_id,
                        'price_per_input_token', c.new -> 'price_per_input_token',
                        'price_per_output_token', c.new -> 'price_per_output_token',
                        'previous_input_price', c.old -> 'price_per_input_token',
                        'previous_output_price', c.old -> 'price_per_output_token'
                    ) || jsonb_strip_nulls(jsonb_build_object('class', h.class, 'reason', h.reason)) as difference
                from jsonb_to_recordset(p_changes) as c (provider text, model_id text, old jsonb, new jsonb)
                left join jsonb_to_recordset(p_held) as h (provider text, model_id text, class text, reason text)
                    on h.provider = c.provider and h.model_id = c.model_id
                order by c.provider, c.model_id
                limit 500
            ) as d
        )
    );
$$;


ALTER FUNCTION public.show_price_changes(p_changes jsonb, p_held jsonb) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.show_price_changes(p_changes jsonb, p_held jsonb) IS 'The first 500 differences of a dry run, with class and reason where the change would be held, and how many there are.';

CREATE FUNCTION public.sign_audit_row() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    v_http jsonb;
    v_claims text;
begin
    -- A minute for a clock that is set back in the midst of a transaction.
    if new.at < now() - interval '1 minute' or (new.session_login is not null and new.at < now()) then
        return new;
    end if;
    new.session_login := session_user;
    new.acting_role := nullif(current_setting('role', true), 'none');
    new.client_address := inet_client_addr();
    new.http_client_address := null;
    new.key_name := null;
    new.claims := null;

    -- pricing.http_caller is set by the web process within the statement that calls a function, for its transaction;
    -- anybody can set it, so it counts only where the web process is believed.
    if public.pricing_identity('api:?') = 'api:?' then
        new.key_name := substring(new.who from '^api:(.+)$');
        begin
            v_http := nullif(current_setting('pricing.http_caller', true), '')::jsonb;
            new.key_name := left(coalesce(v_http ->> 'key', new.key_name), 64);
            new.http_client_address := (v_http ->> 'address')::inet;
        exception
            when others then null;
        end;
    end if;

    -- Any role can set the claims too: they count only in the sessions of the login whose program has checked them.
    if exists (select from public.pricing_settings s where s.postgrest_login = session_user) then
        begin
            v_claims := nullif(current_setting('request.jwt.claims', true), '');
            new.claims := v_claims::jsonb;
            if jsonb_typeof(new.claims) <> 'object' then
                new.claims := null;
            elsif octet_length(v_claims) > 4096 or octet_length(new.claims::text) > 4096 then
                select jsonb_object_agg(c.name, left(new.claims ->> c.name, 200)) into new.claims
                from unnest(array['role', 'sub', 'iss', 'email', 'exp', 'session_id']) as c (name)
                where new.claims ? c.name;
            end if;
        exception
            when others then
                new.claims := null;
        end;
    end if;
    return new;
end;
$_$;


ALTER FUNCTION public.sign_audit_row() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.sign_audit_row() IS 'Trigger: write into a new audit row what the server knows of the caller: login, role, addresses, key and claims.';

CREATE FUNCTION public.stop_pricing_job() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_stack text;
begin
    perform public.stop_provider_sync(
        l.queue_job_id,
        case new.status when 'cancelled' then 'cancelled' else 'stopped' end,
        new.error_message
    )
    from (
        select l.queue_job_id
        from public.pricing_sync_log l
        where l.job_id = new.job_id and l.status in ('queued', 'in_progress')
        order by l.queue_job_id
    ) as l;

    -- cancel_pricing_sync comes this way too, and writes an audit row of its own.
    get diagnostics v_stack = pg_context;
    if not public.pricing_is_called_by(v_stack, 'cancel_pricing_sync') then
        insert into public.pricing_audit_log (who, action, subject, details)
        values (
            public.pricing_who(), 'stop_pricing_job', new.job_id::text,
            jsonb_build_object('status', new.status, 'error_message', new.error_message)
        );
    end if;
    return null;
end;
$$;


ALTER FUNCTION public.stop_pricing_job() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.stop_pricing_job() IS 'Trigger: when a person has ended a job, cancel what waits of it and abort what runs.';

CREATE FUNCTION public.stop_provider_sync(p_queue_job_id bigint, p_error_kind text, p_message text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_row procrastinate.procrastinate_jobs;
begin
    select q.* into v_row
    from procrastinate.procrastinate_jobs q
    where q.id = p_queue_job_id and q.task_name = 'sync_provider' and q.status in ('todo', 'doing')
    for no key update skip locked;
    if not found then
        return false;
    end if;

    perform public.log_ended_attempt(v_row.id, v_row.attempts + 1, 'cancelled', p_error_kind, p_message);
    if v_row.status = 'doing' then
        -- The flag tells a live worker to drop what it does; the end does not wait for it.
        update procrastinate.procrastinate_jobs q set abort_requested = true
        where q.id = v_row.id and not q.abort_requested;
    end if;
    update procrastinate.procrastinate_jobs q
    set status = (case v_row.status when 'doing' then 'aborted' else 'cancelled' end)
        ::procrastinate.procrastinate_job_status
    where q.id = v_row.id;
    return true;
end;
$$;


ALTER FUNCTION public.stop_provider_sync(p_queue_job_id bigint, p_error_kind text, p_message text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.stop_provider_sync(p_queue_job_id bigint, p_error_kind text, p_message text) IS 'Cancel a provider sync that waits, abort one that runs; false when it has ended, or somebody else is changing it now.';

CREATE FUNCTION public.store_pricing_catalogue(p_provider text, p_reference jsonb, p_version text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
declare
    v_stored integer;
begin
    with reference as materialized (
        select
            coalesce(r.entry ->> 'provider', p_provider) as provider_slug,
            r.entry ->> 'model_id' as model_id,
            public.pricing_price_set(coalesce(r.entry -> 'prices', r.entry)) - 'conditions' as prices
        from jsonb_array_elements((select b.prices from public.bound_price_list(p_reference, '[]') b)) as r (entry)
        -- Any other provider could replace the numbers that the guards of its neighbours compare with.
        where p_provider in ('catalogue', coalesce(r.entry ->> 'provider', p_provider))
    ),
    stored as (
        insert into public.pricing_catalogue_prices as c (provider_slug, model_id, prices, version)
        select r.provider_slug, r.model_id, r.prices, p_version
        from reference r
        left join public.pricing_catalogue_prices k on k.provider_slug = r.provider_slug and k.model_id = r.model_id
        where (k.prices, k.version) is distinct from (r.prices, p_version)
        on conflict (provider_slug, model_id) do update
        set prices = excluded.prices,
            version = excluded.version,
            updated_at = clock_timestamp()
        returning 1
    )
    select count(*)::integer into v_stored from stored;
    return v_stored;
end;
$$;


ALTER FUNCTION public.store_pricing_catalogue(p_provider text, p_reference jsonb, p_version text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.store_pricing_catalogue(p_provider text, p_reference jsonb, p_version text) IS 'Keep the catalogue''s numbers, [{provider (else the one named), model_id, prices: USD for one unit by column}] or rows of a price list; those of other providers from the catalogue alone; what is as it was is not written. Returns how many were.';

CREATE FUNCTION public.stuck_pricing_syncs() RETURNS TABLE(reason text, provider_slug text, queue_job_id bigint, job_id uuid)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
    select
        -- As the clean-up goes: it settles each once.
        case
            when bool_or(right(e.reason, 7) = '_adrift') then 'adrift'
            when bool_or(e.reason = 'given_up') then 'given_up'
            when bool_or(e.reason = 'disabled') then 'disabled'
            when bool_or(e.reason = 'worker_lost') then 'worker_lost'
            when bool_or(e.reason = 'abort_ignored') then 'abort_ignored'
            when bool_or(e.reason = 'timeout') then 'timeout'
            when bool_or(e.reason = 'no_worker') then 'no_worker'
        end,
        e.provider_slug,
        e.queue_job_id,
        e.job_id
    from public.pricing_sync_expiry e
    where e.since < clock_timestamp() - e.allowed
    group by e.provider_slug, e.queue_job_id, e.attempt, e.job_id;
$$;


ALTER FUNCTION public.stuck_pricing_syncs() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.stuck_pricing_syncs() IS 'What is stuck now, and why: given_up, worker_lost, abort_ignored, timeout, disabled, no_worker, or adrift (queue, log and job disagree); cleanup_stuck_pricing_syncs settles it.';

CREATE FUNCTION public.tick_pricing_schedule(scheduler text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '1s'
    AS $_$
declare
    v_now constant timestamptz := clock_timestamp();
    v_settings public.pricing_settings;
    v_last public.pricing_scheduler_ticks;
    v_is_alone boolean;
    v_yields boolean;
    v_prunes boolean;
    v_enqueued integer := 0;
    v_enqueue_error text;
    v_held_slots text;
    v_prune_error text;
    v_expiry_error text;
begin
    if scheduler is null or scheduler not in ('pg_cron', 'worker') then
        raise exception 'There is no scheduler %', coalesce(quote_literal(left(scheduler, 60)), 'null')
            using errcode = 'PT422', hint = 'It is pg_cron or worker.';
    end if;
    -- Its jobs run as the login that migrates. While it seems to tick, the workers enqueue nothing.
    if scheduler = 'pg_cron'
        and not pg_catalog.pg_has_role(
            session_user,
            (select c.relowner from pg_catalog.pg_class c where c.oid = 'public.pricing_scheduler_ticks'::regclass),
            'usage'
        )
    then
        raise exception '% is not pg_cron', session_user
            using errcode = 'PT409',
                hint = 'pg_cron ticks as the owner. Others tick as a worker: select tick_pricing_schedule(''worker'');';
    end if;
    -- Each its own: a worker that prunes must not cost pg_cron its heartbeat.
    v_is_alone := public.try_pricing_lock('schedule of ' || tick_pricing_schedule.scheduler);

    select s.* into strict v_settings from public.pricing_settings s;
    select t.* into v_last
    from public.pricing_scheduler_ticks t
    where t.scheduler = tick_pricing_schedule.scheduler;
    if v_is_alone and found then
        perform
        from public.pricing_scheduler_ticks t
        where t.scheduler = tick_pricing_schedule.scheduler
        for no key update skip locked;
        v_is_alone := found;
    end if;
    v_yields := scheduler = 'worker' and exists (
        select
        from public.pricing_scheduler_ticks t
        where t.scheduler = 'pg_cron'
            -- One that ticks and cannot enqueue is no better than a silent one.
            and t.last_error is null
            -- Not from the future either: a clock that was set back must not silence the workers.
            and t.last_tick_at between v_now - interval '90 seconds' and v_now + interval '90 seconds'
    );
    -- pg_cron has a job of its own for that.
    v_prunes := v_is_alone and scheduler = 'worker' and not v_yields
        and coalesce(v_last.last_pruned_at not between v_now - interval '1 hour' and v_now, true);

    -- First, because it may take long: what is enqueued holds its providers until the commit.
    if v_prunes then
        begin
            perform public.cleanup_old_pricing_jobs(v_settings.retention);
        exception
            when query_canceled or others then
                v_prune_error := 'Pruning failed: ' || sqlerrm;
                raise warning 'pricing-sync: old jobs could not be pruned: %', sqlerrm;
        end;
    else
        -- It was tried an hour ago at most, and nothing has told since that it goes.
        -- It comes first there: what follows has words of others, such as the name of an application.
        v_prune_error := substring(
            v_last.last_error from '^Pruning failed: .*?(?=; Enqueueing failed: |; Not enqueued: |; Ending overrides failed: |$)'
        );
    end if;
    -- Before what is enqueued holds its providers: a sync holds prices first. With the schedule off as well: somebody
    -- has promised until when a price holds.
    begin
        perform public.end_expired_overrides();
    exception
        when query_canceled or others then
            v_expiry_error := 'Ending overrides failed: ' || sqlerrm;
            raise warning 'pricing-sync: overrides that have expired could not be ended: %', sqlerrm;
    end;
    if v_settings.scheduler_enabled and not v_yields then
        begin
            select coalesce(sum(j.providers_total), 0) into v_enqueued
            from public.enqueue_due_pricing_syncs() j;
            v_held_slots := 'Not enqueued: ' || public.held_pricing_slots();
            if v_held_slots is not null then
                raise warning 'pricing-sync: %', v_held_slots;
            end if;
        exception
            -- A timeout as well: a tick that leaves no heartbeat looks like no scheduler at all.
            when query_canceled or others then
                v_enqueued := 0;
                v_held_slots := null;
                v_enqueue_error := concat_ws(
                    ', ',
                    'Enqueueing failed: ' || sqlerrm,
                    case when sqlstate = '55P03' then public.pricing_table_holders() end
                );
                raise warning 'pricing-sync: the schedule could not be enqueued: %', sqlerrm;
        end;
    end if;

    -- Somebody else's tick leaves the heartbeat. It may be one that was left open, so what is due was enqueued here all
    -- the same: two at once take no slot twice.
    if not v_is_alone then
        return v_enqueued;
    end if;
    insert into public.pricing_scheduler_ticks as t (
        scheduler, last_tick_at, last_enqueued_at, last_pruned_at, last_error
    )
    values (
        tick_pricing_schedule.scheduler,
        v_now,
        case when v_enqueued > 0 then v_now end,
        case when v_prunes then v_now end,
        nullif(concat_ws('; ', v_prune_error, v_enqueue_error, v_held_slots, v_expiry_error), '')
    )
    on conflict on constraint pricing_scheduler_ticks_pkey do update
    set last_tick_at = excluded.last_tick_at,
        last_enqueued_at = coalesce(excluded.last_enqueued_at, t.last_enqueued_at),
        last_pruned_at = coalesce(excluded.last_pruned_at, t.last_pruned_at),
        last_error = excluded.last_error;
    return v_enqueued;
end;
$_$;


ALTER FUNCTION public.tick_pricing_schedule(scheduler text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.tick_pricing_schedule(scheduler text) IS 'One tick of the schedule by pg_cron or worker: leave a heartbeat that says what it could not do and who held it, end overrides that have expired, enqueue what is due, as a worker prune once an hour; a worker leaves these two to pg_cron while that ticks. Returns how many provider syncs it enqueued.';

CREATE FUNCTION public.touch_pricing_api_key(key_id text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '100ms'
    AS $$
begin
    if current_setting('transaction_read_only') = 'on' then
        return false;
    end if;
    update public.pricing_api_keys k
    set last_used_at = clock_timestamp()
    from (
        select u.key_id
        from public.pricing_api_keys u
        where u.key_id = touch_pricing_api_key.key_id
            and (u.last_used_at is null or u.last_used_at < clock_timestamp() - interval '1 minute')
        for no key update skip locked
    ) as used
    where k.key_id = used.key_id;
    return found;
end;
$$;


ALTER FUNCTION public.touch_pricing_api_key(key_id text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.touch_pricing_api_key(key_id text) IS 'Write down that a key was used, once a minute at most; returns whether it did.';

CREATE FUNCTION public.trigger_pricing_sync(providers text[] DEFAULT NULL::text[], triggered_by text DEFAULT CURRENT_USER, dry_run boolean DEFAULT false, on_conflict text DEFAULT 'queue'::text, idempotency_key text DEFAULT NULL::text) RETURNS public.pricing_sync_jobs
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $_$
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
    if triggered_by is null or length(triggered_by) not between 1 and 200 then
        raise exception 'triggered_by must have 1 to 200 characters'
            using errcode = 'PT422', hint = 'Name the person or program that triggers.';
    end if;
    -- The word of enqueue_due_pricing_syncs, by which people tell what nobody asked for.
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
                -- Before 0.4.0 a row had the name of its key alone; a name had one holder ever.
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
                -- Too old: whoever comes first has it anew, and the others look again. Or it was pruned just now.
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
                raise exception 'The idempotency key is held by %',
                        public.pricing_lock_holders('public.pricing_idempotency_keys'::regclass, null)
                    using errcode = 'lock_not_available',
                        hint = 'Nothing was written; try again with the same key.';
        end;
        if v_key.key is not null then
            -- What was asked for, not what it came to: which providers "all" are may change in a day.
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
            raise exception '% is held by job %', v_holder.lock_key, v_holder.job_id
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
            -- Waiting means all of it waits: a part that runs has read its prices already.
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
        -- It was answered with a job that waited already.
        update public.pricing_idempotency_keys k
        set job_id = v_job.job_id
        where k.identity = v_identity and k.key = trigger_pricing_sync.idempotency_key;
    end if;
    return v_job;
end;
$_$;


ALTER FUNCTION public.trigger_pricing_sync(providers text[], triggered_by text, dry_run boolean, on_conflict text, idempotency_key text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.trigger_pricing_sync(providers text[], triggered_by text, dry_run boolean, on_conflict text, idempotency_key text) IS 'Queue one sync of the given providers (null: all that can be synced) and return its job at once; workers do the rest.';

CREATE FUNCTION public.try_pricing_lock(p_name text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '10ms'
    AS $$
begin
    perform public.require_fresh_reads();
    perform from public.pricing_locks l where l.name = p_name for update skip locked;
    if found then
        return true;
    end if;
    if exists (select from public.pricing_locks l where l.name = p_name) then
        return false;
    end if;
    begin
        insert into public.pricing_locks (name) values (p_name) on conflict do nothing;
    exception
        when lock_not_available then
            return false;
    end;
    perform from public.pricing_locks l where l.name = p_name for update skip locked;
    return found;
end;
$$;


ALTER FUNCTION public.try_pricing_lock(p_name text) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.try_pricing_lock(p_name text) IS 'Hold the lock of this name until the end of the transaction; false when somebody else has it.';

CREATE FUNCTION public.wait_for_locks_until(p_until timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select public.require_fresh_reads();
    select pg_catalog.set_config(
        'lock_timeout',
        greatest(ceil(extract(epoch from p_until - clock_timestamp()) * 1000), 1)::integer::text,
        true
    );
$$;


ALTER FUNCTION public.wait_for_locks_until(p_until timestamp with time zone) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.wait_for_locks_until(p_until timestamp with time zone) IS 'Let the next lock be waited for until this time, and at least a millisecond.';

CREATE FUNCTION public.wake_pricing_workers(p_queue_job_id bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    -- The engine's own channels and payload: its workers listen to nothing else.
    select
        pg_catalog.pg_notify('procrastinate_any_queue_v1', payload),
        pg_catalog.pg_notify('procrastinate_queue_v1#pricing', payload)
    from (
        select json_build_object('type', 'job_inserted', 'job_id', p_queue_job_id)::text as payload
    ) as notification;
$$;


ALTER FUNCTION public.wake_pricing_workers(p_queue_job_id bigint) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.wake_pricing_workers(p_queue_job_id bigint) IS 'Tell listening workers, after commit, that this queue row may be fetched.';

CREATE FUNCTION public.write_model_prices(p_changes jsonb, p_changed_by text, p_changed_at timestamp with time zone DEFAULT clock_timestamp(), p_job_id uuid DEFAULT NULL::uuid, p_observed_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
declare
    v_mark constant text := coalesce(current_setting('pricing.writer', true), '');
    v_written integer;
    v_notices jsonb;
    v_notice record;
begin
    -- See guard_model_pricing.
    perform set_config('pricing.writer', 'on', true);
    with change as materialized (
        select
            m.id,
            m.provider_slug,
            c.prices as synced,
            coalesce(m.synced, f.old_in_force) as old_synced,
            o.id is not null as is_overridden,
            case
                when o.id is null then c.prices
                else public.pricing_overridden_set(c.prices, o.prices)
            end as in_force,
            f.old_in_force,
            coalesce(c.source, m.pricing_source) as source,
            coalesce(c.extra, m.extra) as extra,
            coalesce(c.raw, '{}') as raw
        from jsonb_to_recordset(p_changes) as c (id bigint, prices jsonb, source text, extra jsonb, raw jsonb)
        join public.model_pricing m on m.id = c.id
        left join public.pricing_overrides o on o.model_id = m.id and o.ended_at is null
        -- Offset: made once a model, not wherever it is used.
        cross join lateral (select public.pricing_price_set(to_jsonb(m)) as old_in_force offset 0) as f
    ),
    judged as materialized (
        select
            c.*,
            public.pricing_sets_differ(c.old_in_force, c.in_force) as is_changed,
            -- What the provider said, where something else is charged.
            c.is_overridden and public.pricing_sets_differ(c.old_synced, c.synced) as is_noted
        from change c
    ),
    recorded as (
        insert into public.model_pricing_history (
            model_id,
            is_in_force,
            changed_at,
            changed_by,
            job_id,
            observed_at,
            pricing_source,
            previous_input_price,
            previous_output_price,
            price_per_input_token,
            price_per_output_token,
            price_per_cache_read_token,
            price_per_cache_write_token,
            price_per_cache_write_1h_token,
            price_per_reasoning_token,
            price_per_input_audio_token,
            price_per_output_audio_token,
            price_per_cache_read_audio_token,
            price_per_input_image_token,
            price_per_output_image_token,
            price_per_image,
            price_per_request,
            price_per_web_search,
            conditions,
            extra,
            raw
        )
        select
            r.id,
            r.is_in_force,
            p_changed_at,
            p_changed_by,
            p_job_id,
            p_observed_at,
            r.source,
            (r.old_prices ->> 'price_per_input_token')::numeric,
            (r.old_prices ->> 'price_per_output_token')::numeric,
            p.price_per_input_token,
            p.price_per_output_token,
            p.price_per_cache_read_token,
            p.price_per_cache_write_token,
            p.price_per_cache_write_1h_token,
            p.price_per_reasoning_token,
            p.price_per_input_audio_token,
            p.price_per_output_audio_token,
            p.price_per_cache_read_audio_token,
            p.price_per_input_image_token,
            p.price_per_output_image_token,
            p.price_per_image,
            p.price_per_request,
            p.price_per_web_search,
            coalesce(p.conditions, '[]'),
            r.extra,
            r.raw
        from (
            select j.id, false as is_in_force, j.synced as prices, j.old_synced as old_prices, j.source, j.extra, j.raw
            from judged j
            where j.is_noted
            union all
            select j.id, true, j.in_force, j.old_in_force, j.source, j.extra, j.raw
            from judged j
            where j.is_changed
        ) as r
        cross join lateral jsonb_populate_record(null::public.model_pricing, r.prices) as p
        returning model_id
    ),
    written as (
        update public.model_pricing m
        set synced = case when j.is_overridden then j.synced end,
            pricing_source = j.source,
            extra = j.extra,
            last_changed_at = case when j.is_changed then p_changed_at else m.last_changed_at end,
            price_per_input_token = p.price_per_input_token,
            price_per_output_token = p.price_per_output_token,
            price_per_cache_read_token = p.price_per_cache_read_token,
            price_per_cache_write_token = p.price_per_cache_write_token,
            price_per_cache_write_1h_token = p.price_per_cache_write_1h_token,
            price_per_reasoning_token = p.price_per_reasoning_token,
            price_per_input_audio_token = p.price_per_input_audio_token,
            price_per_output_audio_token = p.price_per_output_audio_token,
            price_per_cache_read_audio_token = p.price_per_cache_read_audio_token,
            price_per_input_image_token = p.price_per_input_image_token,
            price_per_output_image_token = p.price_per_output_image_token,
            price_per_image = p.price_per_image,
            price_per_request = p.price_per_request,
            price_per_web_search = p.price_per_web_search,
            conditions = coalesce(p.conditions, '[]')
        from judged j
        cross join lateral jsonb_populate_record(
            null::public.model_pricing,
            -- What differs by float noise alone stays as it was, to the last digit.
            case when j.is_changed then j.in_force else j.old_in_force end
        ) as p
        where m.id = j.id
        returning m.id
    )
    select
        (select count(distinct r.model_id) from recorded r)::integer,
        coalesce(
            (
                select jsonb_agg(jsonb_build_object('provider', n.provider_slug, 'count', n.changed))
                from (
                    select j.provider_slug, count(*) as changed
                    from judged j
                    where j.is_changed
                    group by j.provider_slug
                    order by j.provider_slug
                ) as n
            ),
            '[]'
        )
    into v_written, v_notices;
    perform set_config('pricing.writer', v_mark, true);

    -- One a provider, whatever their number: a payload over 8,000 bytes would undo the transaction.
    for v_notice in
        select n.notice || jsonb_build_object('job_id', p_job_id) as payload
        from jsonb_array_elements(v_notices) as n (notice)
    loop
        perform pg_catalog.pg_notify('pricing_changed', v_notice.payload::text);
    end loop;
    return v_written;
end;
$$;


ALTER FUNCTION public.write_model_prices(p_changes jsonb, p_changed_by text, p_changed_at timestamp with time zone, p_job_id uuid, p_observed_at timestamp with time zone) OWNER TO pricing_owner;

COMMENT ON FUNCTION public.write_model_prices(p_changes jsonb, p_changed_by text, p_changed_at timestamp with time zone, p_job_id uuid, p_observed_at timestamp with time zone) IS 'Make what the provider says, [{id of model_pricing, prices: a price set, source, extra, raw}], the price, and record it; an override stays in force. Returns how many models got a history row.';

ALTER TABLE procrastinate.procrastinate_events OWNER TO pricing_owner;

ALTER TABLE procrastinate.procrastinate_events_id_seq OWNER TO pricing_owner;

ALTER TABLE procrastinate.procrastinate_jobs_id_seq OWNER TO pricing_owner;

ALTER TABLE procrastinate.procrastinate_periodic_defers OWNER TO pricing_owner;

ALTER TABLE procrastinate.procrastinate_periodic_defers_id_seq OWNER TO pricing_owner;

ALTER TABLE procrastinate.procrastinate_workers OWNER TO pricing_owner;

CREATE VIEW public.model_price_conditions WITH (security_invoker='true') AS
 SELECT m.provider_slug AS provider,
    m.model_id AS model,
    c."position",
    (c.condition -> 'min_prompt_tokens'::text) AS min_prompt_tokens,
    (c.condition -> 'utc_days'::text) AS utc_days,
    (c.condition -> 'utc_start'::text) AS utc_start,
    (c.condition -> 'utc_end'::text) AS utc_end,
    trim_scale((((c.condition ->> 'price_per_input_token'::text))::numeric * (1000000)::numeric)) AS input_per_1m,
    trim_scale((((c.condition ->> 'price_per_output_token'::text))::numeric * (1000000)::numeric)) AS output_per_1m,
    trim_scale((((c.condition ->> 'price_per_cache_read_token'::text))::numeric * (1000000)::numeric)) AS cache_read_per_1m,
    trim_scale((((c.condition ->> 'price_per_cache_write_token'::text))::numeric * (1000000)::numeric)) AS cache_write_per_1m,
    trim_scale((((c.condition ->> 'price_per_cache_write_1h_token'::text))::numeric * (1000000)::numeric)) AS cache_write_1h_per_1m,
    c.condition,
    m.is_active
   FROM (public.model_pricing m
     CROSS JOIN LATERAL jsonb_array_elements(m.conditions) WITH ORDINALITY c(condition, "position"));


ALTER TABLE public.model_price_conditions OWNER TO pricing_owner;

COMMENT ON VIEW public.model_price_conditions IS 'Prices that replace those of model_prices for some requests, one row a condition, in US dollars per million tokens: of those that hold, the later position wins, axis by axis; null keeps the price that it would have without.';

COMMENT ON COLUMN public.model_price_conditions.min_prompt_tokens IS 'The prompt has more tokens than this; null: however many.';

COMMENT ON COLUMN public.model_price_conditions.utc_days IS 'Names of the days in UTC on which it holds; null: every day.';

COMMENT ON COLUMN public.model_price_conditions.utc_start IS 'From this time of the day in UTC on, as HHMM; utc_end is the first that is out, and may be earlier: then it goes over midnight.';

COMMENT ON COLUMN public.model_price_conditions.input_per_1m IS 'USD per million input tokens.';

COMMENT ON COLUMN public.model_price_conditions.output_per_1m IS 'USD per million output tokens.';

COMMENT ON COLUMN public.model_price_conditions.cache_read_per_1m IS 'USD per million input tokens read from the cache.';

COMMENT ON COLUMN public.model_price_conditions.cache_write_per_1m IS 'USD per million input tokens written to the cache for 5 minutes.';

COMMENT ON COLUMN public.model_price_conditions.cache_write_1h_per_1m IS 'USD per million input tokens written to the cache for 1 hour.';

COMMENT ON COLUMN public.model_price_conditions.condition IS 'All of it, as it stands in model_pricing: USD for one unit.';

CREATE TABLE public.pricing_providers (
    slug text NOT NULL,
    name text NOT NULL,
    adapter text,
    base_url text,
    credential_variable text,
    enabled boolean DEFAULT true NOT NULL,
    sync_interval interval DEFAULT '06:00:00'::interval NOT NULL,
    sync_jitter numeric DEFAULT 0.1 NOT NULL,
    timeout interval DEFAULT '00:10:00'::interval NOT NULL,
    review_first boolean DEFAULT false NOT NULL,
    state text DEFAULT 'ok'::text NOT NULL,
    next_sync_at timestamp with time zone,
    next_allowed_at timestamp with time zone,
    last_success_at timestamp with time zone,
    last_changed_at timestamp with time zone,
    consecutive_failures integer DEFAULT 0 NOT NULL,
    etag text,
    etag_parser text,
    content_digest text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    price_api boolean DEFAULT true NOT NULL,
    guards_enabled boolean DEFAULT true NOT NULL,
    guard_large_ratio numeric DEFAULT 10 NOT NULL,
    guard_unit_ratio numeric DEFAULT 100 NOT NULL,
    guard_lowest_per_1m numeric DEFAULT 0.001 NOT NULL,
    guard_highest_per_1m numeric DEFAULT 1000 NOT NULL,
    unknown_keys text[] DEFAULT '{}'::text[] NOT NULL,
    accepted_list_at timestamp with time zone,
    accepted_list_models integer,
    accepted_list_prices_gone boolean DEFAULT false NOT NULL,
    CONSTRAINT pricing_providers_accepted_list_models_check CHECK ((accepted_list_models >= 0)),
    CONSTRAINT pricing_providers_adapter_check CHECK ((adapter <> ''::text)),
    CONSTRAINT pricing_providers_base_url_check CHECK ((base_url ~ '^https?://[^[:space:]]+$'::text)),
    CONSTRAINT pricing_providers_check CHECK (((guard_large_ratio > (1)::numeric) AND (guard_large_ratio <= guard_unit_ratio) AND (guard_unit_ratio < 'Infinity'::numeric))),
    CONSTRAINT pricing_providers_check1 CHECK ((guard_lowest_per_1m < guard_highest_per_1m)),
    CONSTRAINT pricing_providers_consecutive_failures_check CHECK ((consecutive_failures >= 0)),
    CONSTRAINT pricing_providers_credential_variable_check CHECK ((credential_variable ~ '^[A-Z][A-Z0-9_]*$'::text)),
    CONSTRAINT pricing_providers_guard_highest_per_1m_check CHECK (((guard_highest_per_1m > (0)::numeric) AND (guard_highest_per_1m < 'Infinity'::numeric))),
    CONSTRAINT pricing_providers_guard_lowest_per_1m_check CHECK (((guard_lowest_per_1m >= (0)::numeric) AND (guard_lowest_per_1m < 'Infinity'::numeric))),
    CONSTRAINT pricing_providers_name_check CHECK ((name <> ''::text)),
    CONSTRAINT pricing_providers_slug_check CHECK ((slug ~ '^[a-z0-9][a-z0-9_-]{0,39}$'::text)),
    CONSTRAINT pricing_providers_state_check CHECK ((state = ANY (ARRAY['ok'::text, 'failing'::text, 'no_credentials'::text, 'no_price_api'::text, 'disabled'::text]))),
    CONSTRAINT pricing_providers_sync_interval_check CHECK ((sync_interval >= '00:05:00'::interval)),
    CONSTRAINT pricing_providers_sync_interval_check1 CHECK ((sync_interval <= '100 years'::interval)),
    CONSTRAINT pricing_providers_sync_jitter_check CHECK (((sync_jitter >= (0)::numeric) AND (sync_jitter <= 0.5))),
    CONSTRAINT pricing_providers_timeout_check CHECK ((timeout >= '00:00:01'::interval)),
    CONSTRAINT pricing_providers_timeout_check1 CHECK ((timeout <= '100 years'::interval))
);


ALTER TABLE public.pricing_providers OWNER TO pricing_owner;

COMMENT ON TABLE public.pricing_providers IS 'The providers whose prices are synced: where, how often, and how it goes.';

COMMENT ON COLUMN public.pricing_providers.slug IS 'The provider''s name in every other table, URL and command.';

COMMENT ON COLUMN public.pricing_providers.adapter IS 'Which adapter reads its price list; null: none, prices can only come from the catalogue.';

COMMENT ON COLUMN public.pricing_providers.base_url IS 'Scheme, host and any prefix; the adapter appends its path.';

COMMENT ON COLUMN public.pricing_providers.credential_variable IS 'Name of the worker''s environment variable that holds the credential; never the credential.';

COMMENT ON COLUMN public.pricing_providers.enabled IS 'False: neither scheduled nor accepted by a trigger.';

COMMENT ON COLUMN public.pricing_providers.sync_interval IS 'Time between scheduled syncs, 5 minutes or more; stretched up to a day while the provider is failing.';

COMMENT ON COLUMN public.pricing_providers.sync_jitter IS 'Share of the interval by which a scheduled sync is moved at random, either way.';

COMMENT ON COLUMN public.pricing_providers.timeout IS 'An attempt that takes longer than this fails.';

COMMENT ON COLUMN public.pricing_providers.review_first IS 'True: its first list waits until a person has accepted it; approving what its sync held, or the last of it, ends that.';

COMMENT ON COLUMN public.pricing_providers.state IS 'ok, failing (3 failures in a row), no_credentials, no_price_api or disabled.';

COMMENT ON COLUMN public.pricing_providers.next_sync_at IS 'When the schedule enqueues the next sync; null: as soon as possible. A sync by hand leaves it alone until it has come, and then serves it.';

COMMENT ON COLUMN public.pricing_providers.next_allowed_at IS 'The provider asked not to be called before this time; the schedule waits for it, a trigger by hand does not.';

COMMENT ON COLUMN public.pricing_providers.last_success_at IS 'When its prices were last confirmed, changed or not.';

COMMENT ON COLUMN public.pricing_providers.last_changed_at IS 'When a sync last changed one of its prices.';

COMMENT ON COLUMN public.pricing_providers.etag IS 'Sent back as If-None-Match, when etag_parser names this version, adapter and address.';

COMMENT ON COLUMN public.pricing_providers.etag_parser IS 'Version, adapter and address of the list that the ETag is of.';

COMMENT ON COLUMN public.pricing_providers.content_digest IS 'SHA-256 of the last price list that was applied.';

COMMENT ON COLUMN public.pricing_providers.price_api IS 'False: its list names models only, and their prices are the catalogue''s.';

COMMENT ON COLUMN public.pricing_providers.guards_enabled IS 'False: every change is applied, however suspicious. Nothing is held.';

COMMENT ON COLUMN public.pricing_providers.guard_large_ratio IS 'A token price that moves by this factor or more waits: for a person, or until it has stayed the same for a day.';

COMMENT ON COLUMN public.pricing_providers.guard_unit_ratio IS 'A token price that moves by this factor or more looks like another unit: only a person applies it.';

COMMENT ON COLUMN public.pricing_providers.guard_lowest_per_1m IS 'A token price that is lower, in USD per million, and not zero looks like another unit.';

COMMENT ON COLUMN public.pricing_providers.guard_highest_per_1m IS 'A token price that is higher, in USD per million, looks like another unit.';

COMMENT ON COLUMN public.pricing_providers.unknown_keys IS 'Price keys of its list that no adapter knows, each reported once; their values are in extra.';

COMMENT ON COLUMN public.pricing_providers.accepted_list_at IS 'When a person accepted a list that was refused as too short (accept_shorter_list); null: none, or a sync has succeeded since.';

COMMENT ON COLUMN public.pricing_providers.accepted_list_models IS 'Models of the accepted list: one of half of them or fewer is refused again; null: what was refused was not the number of models.';

COMMENT ON COLUMN public.pricing_providers.accepted_list_prices_gone IS 'True: the accepted list may lack prices that its models had.';

CREATE VIEW public.model_prices WITH (security_invoker='true') AS
 SELECT m.provider_slug AS provider,
    m.model_id AS model,
    m.name,
    trim_scale(((m.price_per_input_token)::numeric * (1000000)::numeric)) AS input_per_1m,
    trim_scale(((m.price_per_output_token)::numeric * (1000000)::numeric)) AS output_per_1m,
    trim_scale(((m.price_per_cache_read_token)::numeric * (1000000)::numeric)) AS cache_read_per_1m,
    trim_scale(((m.price_per_cache_write_token)::numeric * (1000000)::numeric)) AS cache_write_per_1m,
    trim_scale(((m.price_per_cache_write_1h_token)::numeric * (1000000)::numeric)) AS cache_write_1h_per_1m,
    trim_scale(((m.price_per_reasoning_token)::numeric * (1000000)::numeric)) AS reasoning_per_1m,
    trim_scale(((m.price_per_input_audio_token)::numeric * (1000000)::numeric)) AS input_audio_per_1m,
    trim_scale(((m.price_per_output_audio_token)::numeric * (1000000)::numeric)) AS output_audio_per_1m,
    trim_scale(((m.price_per_cache_read_audio_token)::numeric * (1000000)::numeric)) AS cache_read_audio_per_1m,
    trim_scale(((m.price_per_input_image_token)::numeric * (1000000)::numeric)) AS input_image_per_1m,
    trim_scale(((m.price_per_output_image_token)::numeric * (1000000)::numeric)) AS output_image_per_1m,
    m.price_per_image AS per_image,
    m.price_per_request AS per_request,
    m.price_per_web_search AS per_web_search,
    (jsonb_array_length(m.conditions) > 0) AS has_conditions,
        CASE
            WHEN ((GREATEST(m.price_per_input_token, m.price_per_output_token, m.price_per_cache_read_token, m.price_per_cache_write_token, m.price_per_cache_write_1h_token, m.price_per_reasoning_token, m.price_per_input_audio_token, m.price_per_output_audio_token, m.price_per_cache_read_audio_token, m.price_per_input_image_token, m.price_per_output_image_token, m.price_per_image, m.price_per_request))::numeric > (0)::numeric) THEN 'priced'::text
            WHEN (COALESCE(m.price_per_input_token, m.price_per_output_token) IS NULL) THEN 'unknown'::text
            ELSE 'free'::text
        END AS price_state,
    m.pricing_source AS source,
    m.is_active,
    m.last_changed_at,
    p.last_success_at AS confirmed_at,
        CASE
            WHEN isfinite(p.last_success_at) THEN date_trunc('second'::text, (now() - p.last_success_at))
            ELSE NULL::interval
        END AS confirmed_ago,
    (EXISTS ( SELECT
           FROM public.pricing_held_changes h
          WHERE ((h.model_id = m.id) AND (h.status = 'held'::text)))) AS is_held,
    (m.synced IS NOT NULL) AS is_overridden,
        CASE
            WHEN (m.synced IS NULL) THEN trim_scale(((m.price_per_input_token)::numeric * (1000000)::numeric))
            ELSE trim_scale((((m.synced ->> 'price_per_input_token'::text))::numeric * (1000000)::numeric))
        END AS provider_input_per_1m,
        CASE
            WHEN (m.synced IS NULL) THEN trim_scale(((m.price_per_output_token)::numeric * (1000000)::numeric))
            ELSE trim_scale((((m.synced ->> 'price_per_output_token'::text))::numeric * (1000000)::numeric))
        END AS provider_output_per_1m,
    m.id
   FROM (public.model_pricing m
     LEFT JOIN public.pricing_providers p ON ((p.slug =
        CASE
            WHEN (m.pricing_source ~~ 'catalogue:%'::text) THEN 'catalogue'::text
            ELSE m.provider_slug
        END)));


ALTER TABLE public.model_prices OWNER TO pricing_owner;

COMMENT ON VIEW public.model_prices IS 'Prices for people: US dollars per million tokens, and per single image, request and web search; null is unknown, 0 is free.';

COMMENT ON COLUMN public.model_prices.input_per_1m IS 'USD per million input tokens.';

COMMENT ON COLUMN public.model_prices.output_per_1m IS 'USD per million output tokens.';

COMMENT ON COLUMN public.model_prices.cache_read_per_1m IS 'USD per million input tokens read from the cache.';

COMMENT ON COLUMN public.model_prices.cache_write_per_1m IS 'USD per million input tokens written to the cache for 5 minutes.';

COMMENT ON COLUMN public.model_prices.cache_write_1h_per_1m IS 'USD per million input tokens written to the cache for 1 hour.';

COMMENT ON COLUMN public.model_prices.reasoning_per_1m IS 'USD per million reasoning tokens.';

COMMENT ON COLUMN public.model_prices.input_audio_per_1m IS 'USD per million audio input tokens.';

COMMENT ON COLUMN public.model_prices.output_audio_per_1m IS 'USD per million audio output tokens.';

COMMENT ON COLUMN public.model_prices.cache_read_audio_per_1m IS 'USD per million audio input tokens read from the cache.';

COMMENT ON COLUMN public.model_prices.input_image_per_1m IS 'USD per million image input tokens.';

COMMENT ON COLUMN public.model_prices.output_image_per_1m IS 'USD per million image output tokens.';

COMMENT ON COLUMN public.model_prices.per_image IS 'USD per image.';

COMMENT ON COLUMN public.model_prices.per_request IS 'USD per request.';

COMMENT ON COLUMN public.model_prices.per_web_search IS 'USD per web search.';

COMMENT ON COLUMN public.model_prices.price_state IS 'priced, free (everything known is 0, web searches apart) or unknown.';

COMMENT ON COLUMN public.model_prices.confirmed_ago IS 'How long ago the source of this price was last read successfully.';

COMMENT ON COLUMN public.model_prices.is_held IS 'Its provider says another price, which waits in pricing_held.';

COMMENT ON COLUMN public.model_prices.is_overridden IS 'A person has fixed one of its prices; see pricing_overrides.';

COMMENT ON COLUMN public.model_prices.provider_input_per_1m IS 'USD per million input tokens as the provider says it, beside an override; else the price in force.';

COMMENT ON COLUMN public.model_prices.provider_output_per_1m IS 'USD per million output tokens as the provider says it, beside an override; else the price in force.';

COMMENT ON COLUMN public.model_prices.id IS 'model_pricing.id.';

ALTER TABLE public.model_pricing_history ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.model_pricing_history_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.model_pricing ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.model_pricing_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW public.pricing_active_overrides WITH (security_invoker='true') AS
 SELECT m.provider_slug AS provider,
    m.model_id AS model,
    trim_scale((((o.prices ->> 'price_per_input_token'::text))::numeric * (1000000)::numeric)) AS input_per_1m,
    trim_scale((((o.prices ->> 'price_per_output_token'::text))::numeric * (1000000)::numeric)) AS output_per_1m,
    trim_scale((((m.synced ->> 'price_per_input_token'::text))::numeric * (1000000)::numeric)) AS provider_input_per_1m,
    trim_scale((((m.synced ->> 'price_per_output_token'::text))::numeric * (1000000)::numeric)) AS provider_output_per_1m,
    o.prices,
    o.reason,
    o.created_by,
    o.created_at,
    o.expires_at,
    o.id,
    o.forced
   FROM (public.pricing_overrides o
     JOIN public.model_pricing m ON ((m.id = o.model_id)))
  WHERE (o.ended_at IS NULL);


ALTER TABLE public.pricing_active_overrides OWNER TO pricing_owner;

COMMENT ON VIEW public.pricing_active_overrides IS 'The prices that people have set and that are in force, in US dollars per million tokens. clear_price_override(provider, model) ends one.';

COMMENT ON COLUMN public.pricing_active_overrides.input_per_1m IS 'USD per million input tokens; null: it follows the provider.';

COMMENT ON COLUMN public.pricing_active_overrides.output_per_1m IS 'USD per million output tokens; null: it follows the provider.';

COMMENT ON COLUMN public.pricing_active_overrides.provider_input_per_1m IS 'USD per million input tokens as the provider says it; null is unknown.';

COMMENT ON COLUMN public.pricing_active_overrides.provider_output_per_1m IS 'USD per million output tokens as the provider says it; null is unknown.';

COMMENT ON COLUMN public.pricing_active_overrides.prices IS 'All that is fixed: USD for one unit by column of model_pricing.';

COMMENT ON COLUMN public.pricing_active_overrides.expires_at IS 'When the schedule''s tick ends it; null: never by itself.';

COMMENT ON COLUMN public.pricing_active_overrides.forced IS 'True: the guards found it suspicious, and a person set it with force.';

CREATE VIEW public.pricing_active_rules WITH (security_invoker='true') AS
 SELECT r.provider_slug AS provider,
    r.model_id AS model,
    r.up_to_ratio,
    r.reason,
    r.created_by,
    r.created_at,
    r.expires_at,
    r.id
   FROM public.pricing_change_rules r
  WHERE ((r.ended_at IS NULL) AND (r.expires_at > now()));


ALTER TABLE public.pricing_active_rules OWNER TO pricing_owner;

COMMENT ON VIEW public.pricing_active_rules IS 'The rules in force: which larger changes are accepted beforehand, and until when. end_price_change_rule(id) ends one before its time.';

COMMENT ON COLUMN public.pricing_active_rules.model IS 'Null: every model of the provider.';

COMMENT ON COLUMN public.pricing_active_rules.up_to_ratio IS 'A change whose token prices all move by this factor or less is applied.';

CREATE TABLE public.pricing_api_keys (
    key_id text NOT NULL,
    name text NOT NULL,
    role text DEFAULT 'admin'::text NOT NULL,
    key_digest bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    created_by text NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    revoked_by text,
    replaced_by text,
    CONSTRAINT pricing_api_keys_key_digest_check CHECK ((length(key_digest) = 32)),
    CONSTRAINT pricing_api_keys_key_id_check CHECK ((key_id ~ '^[0-9a-f]{12}$'::text)),
    CONSTRAINT pricing_api_keys_name_check CHECK ((name ~ '^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}$'::text)),
    CONSTRAINT pricing_api_keys_role_check CHECK ((role = ANY (ARRAY['read'::text, 'operate'::text, 'admin'::text])))
);


ALTER TABLE public.pricing_api_keys OWNER TO pricing_owner;

COMMENT ON TABLE public.pricing_api_keys IS 'Bearer keys of the HTTP interface: digests only, a key is shown once when it is made.';

COMMENT ON COLUMN public.pricing_api_keys.key_id IS 'The public part of the key: psk_<key_id>_<secret>.';

COMMENT ON COLUMN public.pricing_api_keys.role IS 'read: GET only; operate: also syncs, reviews, rules, overrides and rollback; admin: everything.';

COMMENT ON COLUMN public.pricing_api_keys.key_digest IS 'SHA-256 of the whole key.';

COMMENT ON COLUMN public.pricing_api_keys.last_used_at IS 'When a request came with it, to the minute; null: never.';

COMMENT ON COLUMN public.pricing_api_keys.replaced_by IS 'The key_id of the key that a rotation has made; until expires_at this one is valid beside it.';

CREATE TABLE public.pricing_audit_log (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    who text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    client_address inet,
    http_client_address inet,
    claims jsonb,
    session_login text,
    acting_role text,
    key_name text
);


ALTER TABLE public.pricing_audit_log OWNER TO pricing_owner;

COMMENT ON TABLE public.pricing_audit_log IS 'What people decided: one row per decision, never changed.';

COMMENT ON COLUMN public.pricing_audit_log.who IS 'What the caller says of itself; without that, the role or login.';

COMMENT ON COLUMN public.pricing_audit_log.action IS 'A word such as create_api_key.';

COMMENT ON COLUMN public.pricing_audit_log.subject IS 'What it was done to.';

COMMENT ON COLUMN public.pricing_audit_log.client_address IS 'Where the database session comes from: for HTTP the web process; null for a socket of the server''s own machine.';

COMMENT ON COLUMN public.pricing_audit_log.http_client_address IS 'Where the HTTP request comes from, as the web process saw it; null for all others.';

COMMENT ON COLUMN public.pricing_audit_log.claims IS 'The claims of the JWT that PostgREST has checked, 4 kB at most; null for every session that is not PostgREST''s.';

COMMENT ON COLUMN public.pricing_audit_log.session_login IS 'The login of the database session (session_user), as the server knows it; null in rows from before version 0.4.0.';

COMMENT ON COLUMN public.pricing_audit_log.acting_role IS 'The role taken with SET ROLE, as the server knows it; null for none.';

COMMENT ON COLUMN public.pricing_audit_log.key_name IS 'The name of the bearer key that the web process has checked; null for whoever came without the web process.';

ALTER TABLE public.pricing_audit_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.pricing_audit_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.pricing_catalogue_prices (
    provider_slug text NOT NULL,
    model_id text NOT NULL,
    prices jsonb NOT NULL,
    version text NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pricing_catalogue_prices_prices_check CHECK ((jsonb_typeof(prices) = 'object'::text))
);


ALTER TABLE public.pricing_catalogue_prices OWNER TO pricing_owner;

COMMENT ON TABLE public.pricing_catalogue_prices IS 'The catalogue''s number for each model that it knows under exactly this id: what suspicious changes and the drift report are measured against. Nothing is charged by it.';

COMMENT ON COLUMN public.pricing_catalogue_prices.prices IS 'USD for one unit by column of model_pricing.';

COMMENT ON COLUMN public.pricing_catalogue_prices.version IS 'The catalogue and its version, such as genai-prices@0.2.3.';

ALTER TABLE public.pricing_change_rules ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.pricing_change_rules_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW public.pricing_cron_jobs WITH (security_invoker='true') AS
 SELECT wanted.name,
    wanted.schedule,
    wanted.command
   FROM ( VALUES ('pricing_sync_cleanup'::text,'* * * * *'::text,'select * from public.cleanup_stuck_pricing_syncs()'::text), ('pricing_sync_schedule'::text,'* * * * *'::text,'select public.tick_pricing_schedule(''pg_cron'')'::text), ('pricing_sync_retention'::text,'17 * * * *'::text,'select public.cleanup_old_pricing_jobs(s.retention) from public.pricing_settings s'::text), ('pricing_sync_run_details'::text,'43 * * * *'::text,'delete from cron.job_run_details where runid in (select d.runid from cron.job_run_details d join cron.job j on j.jobid = d.jobid where j.username = current_user and j.jobname in (''pricing_sync_cleanup'', ''pricing_sync_schedule'', ''pricing_sync_retention'', ''pricing_sync_run_details'') and d.runid <= (select max(o.runid) from cron.job_run_details o where o.end_time < now() - interval ''7 days'') order by d.runid limit 10000)'::text)) wanted(name, schedule, command);


ALTER TABLE public.pricing_cron_jobs OWNER TO pricing_owner;

COMMENT ON VIEW public.pricing_cron_jobs IS 'The jobs that pg_cron runs for us where it is installed, as released: name, schedule and command.';

CREATE VIEW public.pricing_drift WITH (security_invoker='true') AS
 SELECT d.provider,
    d.model,
    d.price,
    trim_scale((d.said * (d.factor)::numeric)) AS provider_amount,
    trim_scale((d.listed * (d.factor)::numeric)) AS catalogue_amount,
    (d.said / NULLIF(d.listed, (0)::numeric)) AS ratio,
    d.source,
    d.catalogue
   FROM ( SELECT m.provider_slug AS provider,
            m.model_id AS model,
            a.short_name AS price,
                CASE
                    WHEN (a.per = 'token'::text) THEN 1000000
                    ELSE 1
                END AS factor,
            ((COALESCE(m.synced, to_jsonb(m.*)) ->> a.axis))::numeric AS said,
            ((c.prices ->> a.axis))::numeric AS listed,
            m.pricing_source AS source,
            c.version AS catalogue
           FROM ((public.model_pricing m
             JOIN public.pricing_catalogue_prices c ON (((c.provider_slug = m.provider_slug) AND (c.model_id = m.model_id))))
             CROSS JOIN public.pricing_axes() a(axis, per, is_fee, short_name))
          WHERE (m.is_active AND (m.pricing_source !~~ 'catalogue:%'::text))) d
  WHERE (abs((d.said - d.listed)) > (0.01 * d.listed));


ALTER TABLE public.pricing_drift OWNER TO pricing_owner;

COMMENT ON VIEW public.pricing_drift IS 'Where a provider''s own number and the catalogue''s differ by more than 1 %: one row per model and price, under the names of model_prices. An override is neither.';

COMMENT ON COLUMN public.pricing_drift.price IS 'Which price, as model_prices names it: token prices per million.';

COMMENT ON COLUMN public.pricing_drift.provider_amount IS 'US dollars, as the provider says.';

COMMENT ON COLUMN public.pricing_drift.catalogue_amount IS 'US dollars, as the catalogue says.';

COMMENT ON COLUMN public.pricing_drift.ratio IS 'The provider''s number divided by the catalogue''s; null where the catalogue says 0.';

CREATE TABLE public.pricing_given_up_syncs (
    queue_job_id bigint NOT NULL,
    attempt integer NOT NULL,
    message text NOT NULL,
    given_up_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pricing_given_up_syncs_attempt_check CHECK ((attempt >= 1))
);


ALTER TABLE public.pricing_given_up_syncs OWNER TO pricing_owner;

COMMENT ON TABLE public.pricing_given_up_syncs IS 'Attempts that a worker has given up while somebody held their queue row, log row or job; the first clean-up that can queues them again.';

COMMENT ON COLUMN public.pricing_given_up_syncs.queue_job_id IS 'The queue row, procrastinate.procrastinate_jobs.id.';

COMMENT ON COLUMN public.pricing_given_up_syncs.message IS 'Who held what, as far as the database could tell; it becomes the error_message of the attempt.';

CREATE VIEW public.pricing_held WITH (security_invoker='true') AS
 SELECT h.provider_slug AS provider,
    m.model_id AS model,
    h.class,
    h.reason,
    h.ratio,
    trim_scale((((h.previous ->> 'price_per_input_token'::text))::numeric * (1000000)::numeric)) AS input_per_1m_before,
    trim_scale((((h.prices ->> 'price_per_input_token'::text))::numeric * (1000000)::numeric)) AS input_per_1m_now,
    trim_scale((((h.previous ->> 'price_per_output_token'::text))::numeric * (1000000)::numeric)) AS output_per_1m_before,
    trim_scale((((h.prices ->> 'price_per_output_token'::text))::numeric * (1000000)::numeric)) AS output_per_1m_now,
    h.first_seen_at,
    h.last_seen_at,
    h.times_seen,
        CASE
            WHEN (h.class <> 'large'::text) THEN NULL::timestamp with time zone
            WHEN h.to_zero THEN (h.first_seen_at + '72:00:00'::interval)
            ELSE (h.first_seen_at + '24:00:00'::interval)
        END AS applies_at,
    h.pricing_source AS source,
    h.job_id,
    h.id,
    h.to_zero,
    h.prices,
    h.previous,
    h.evidence,
    h.observed_at
   FROM (public.pricing_held_changes h
     JOIN public.model_pricing m ON ((m.id = h.model_id)))
  WHERE (h.status = 'held'::text);


ALTER TABLE public.pricing_held OWNER TO pricing_owner;

COMMENT ON VIEW public.pricing_held IS 'Price changes that wait: what each would replace, why it was held, and its id for approve_held_price_change and reject_held_price_change. US dollars per million tokens.';

COMMENT ON COLUMN public.pricing_held.class IS 'large: applies itself at applies_at; unit, first_list and rollback: only a person applies it.';

COMMENT ON COLUMN public.pricing_held.ratio IS 'The largest factor by which one of its token prices moves, up or down.';

COMMENT ON COLUMN public.pricing_held.input_per_1m_before IS 'USD per million input tokens as the provider said it last; null is unknown.';

COMMENT ON COLUMN public.pricing_held.input_per_1m_now IS 'USD per million input tokens as the provider says it now; null is unknown.';

COMMENT ON COLUMN public.pricing_held.output_per_1m_before IS 'USD per million output tokens as the provider said it last; null is unknown.';

COMMENT ON COLUMN public.pricing_held.output_per_1m_now IS 'USD per million output tokens as the provider says it now; null is unknown.';

COMMENT ON COLUMN public.pricing_held.applies_at IS 'The first sync after this that still says it applies it (unless it falls to zero, the third at the earliest); null: never by itself.';

COMMENT ON COLUMN public.pricing_held.job_id IS 'The last job that said it, for approve_held_price_changes and reject_held_price_changes.';

COMMENT ON COLUMN public.pricing_held.prices IS 'The whole price set that waits: USD for one unit by column of model_pricing, and its conditions.';

COMMENT ON COLUMN public.pricing_held.previous IS 'The price set that it would replace.';

COMMENT ON COLUMN public.pricing_held.evidence IS 'For each suspicious axis: number before, number now, the catalogue''s, the provider''s own text and unit; USD for one unit.';

ALTER TABLE public.pricing_held_changes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.pricing_held_changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW public.pricing_history WITH (security_invoker='true') AS
 SELECT m.provider_slug AS provider,
    m.model_id AS model,
    h.changed_at,
    trim_scale(((h.price_per_input_token)::numeric * (1000000)::numeric)) AS input_per_1m,
    trim_scale(((h.price_per_output_token)::numeric * (1000000)::numeric)) AS output_per_1m,
    trim_scale(((h.previous_input_price)::numeric * (1000000)::numeric)) AS previous_input_per_1m,
    trim_scale(((h.previous_output_price)::numeric * (1000000)::numeric)) AS previous_output_per_1m,
    h.changed_by,
    h.pricing_source AS source,
    h.job_id,
    h.id,
    h.is_in_force
   FROM (public.model_pricing_history h
     JOIN public.model_pricing m ON ((m.id = h.model_id)));


ALTER TABLE public.pricing_history OWNER TO pricing_owner;

COMMENT ON VIEW public.pricing_history IS 'Every price change with its model''s name, in US dollars per million tokens; order by changed_at desc, id desc. Where is_in_force, a price that was charged.';

COMMENT ON COLUMN public.pricing_history.input_per_1m IS 'USD per million input tokens from changed_at on.';

COMMENT ON COLUMN public.pricing_history.output_per_1m IS 'USD per million output tokens from changed_at on.';

COMMENT ON COLUMN public.pricing_history.previous_input_per_1m IS 'USD per million input tokens before; null: unknown, or the first price.';

COMMENT ON COLUMN public.pricing_history.previous_output_per_1m IS 'USD per million output tokens before; null: unknown, or the first price.';

COMMENT ON COLUMN public.pricing_history.is_in_force IS 'False: what the provider said while an override was in force.';

CREATE TABLE public.pricing_idempotency_keys (
    key text NOT NULL,
    job_id uuid NOT NULL,
    request jsonb NOT NULL,
    used_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    identity text DEFAULT ''::text NOT NULL,
    CONSTRAINT pricing_idempotency_keys_key_check CHECK (((length(key) >= 1) AND (length(key) <= 200)))
);


ALTER TABLE public.pricing_idempotency_keys OWNER TO pricing_owner;

COMMENT ON TABLE public.pricing_idempotency_keys IS 'The idempotency keys of the last 24 hours: what was asked with each, and the job that it got.';

COMMENT ON COLUMN public.pricing_idempotency_keys.request IS 'What the caller asked for: providers (null: all), dry_run, on_conflict. Another request with the same key is refused.';

COMMENT ON COLUMN public.pricing_idempotency_keys.identity IS 'Who used it, as far as the server knows (pricing_identity): a key belongs to one caller. From before 0.4.0: what its job''s triggered_by says.';

CREATE VIEW public.pricing_keys WITH (security_invoker='true') AS
 SELECT k.name,
    k.role,
        CASE
            WHEN (k.revoked_at IS NOT NULL) THEN 'revoked'::text
            WHEN (k.expires_at <= clock_timestamp()) THEN 'expired'::text
            ELSE 'active'::text
        END AS state,
    public.capped_expiry(k.created_at) AS created_at,
    k.created_by,
    public.capped_expiry(k.expires_at) AS expires_at,
    public.capped_expiry(k.last_used_at) AS last_used_at,
    public.capped_expiry(k.revoked_at) AS revoked_at,
    k.revoked_by,
    k.key_id,
    k.replaced_by
   FROM public.pricing_api_keys k;


ALTER TABLE public.pricing_keys OWNER TO pricing_owner;

COMMENT ON VIEW public.pricing_keys IS 'The bearer keys of the HTTP interface, for people: whose, what they may do, until when, and when they were last used; never a secret.';

CREATE TABLE public.pricing_locks (
    name text NOT NULL
);


ALTER TABLE public.pricing_locks OWNER TO pricing_owner;

COMMENT ON TABLE public.pricing_locks IS 'What our functions lock, one row each: "prices of <provider>", "triggers of <provider>", "schedule of <scheduler>". A row says nothing; who has locked it holds what it names. Rows are made when they are first needed, and may be deleted.';

CREATE VIEW public.pricing_missing_credentials WITH (security_invoker='true') AS
 SELECT p.slug,
    p.credential_variable
   FROM public.pricing_providers p
  WHERE (p.enabled AND (p.state = 'no_credentials'::text) AND (p.credential_variable IS NOT NULL));


ALTER TABLE public.pricing_missing_credentials OWNER TO pricing_owner;

COMMENT ON VIEW public.pricing_missing_credentials IS 'Enabled providers that are not asked, because no worker has reported the environment variable with their credential.';

ALTER TABLE public.pricing_overrides ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.pricing_overrides_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW public.pricing_provider_syncs WITH (security_invoker='true') AS
 SELECT DISTINCT ON (log.job_id, log.provider_slug) log.job_id,
    log.provider_slug AS provider,
    log.status,
    log.attempt,
    log.models_fetched,
    log.models_updated,
    log.models_unchanged,
    log.models_held,
    log.models_skipped,
    log.errors,
    log.error_kind,
    log.error_message,
    (round(log.duration_ms))::double precision AS duration_ms,
    log.sync_started_at,
    ((log.details ->> 'differences_total'::text))::integer AS differences_total,
    (log.details -> 'differences'::text) AS differences
   FROM public.pricing_sync_log log
  ORDER BY log.job_id, log.provider_slug, log.id DESC;


ALTER TABLE public.pricing_provider_syncs OWNER TO pricing_owner;

COMMENT ON VIEW public.pricing_provider_syncs IS 'Each provider''s part of each job as it stands: its newest attempt.';

COMMENT ON COLUMN public.pricing_provider_syncs.duration_ms IS 'Milliseconds from the attempt''s start to its end, rounded.';

COMMENT ON COLUMN public.pricing_provider_syncs.differences_total IS 'Of a dry run: how many differences there are; null otherwise.';

COMMENT ON COLUMN public.pricing_provider_syncs.differences IS 'Of a dry run: what a sync would have changed, the first of them; null otherwise.';

CREATE VIEW public.pricing_rights WITH (security_invoker='true') AS
 WITH relation(name, readers) AS (
         VALUES ('model_price_conditions'::text,'{pricing_web,service_role}'::text[]), ('model_prices'::text,'{pricing_web,service_role}'::text[]), ('model_pricing'::text,'{pricing_web,service_role}'::text[]), ('model_pricing_history'::text,'{pricing_web,service_role}'::text[]), ('pricing_active_overrides'::text,'{pricing_web,service_role}'::text[]), ('pricing_active_rules'::text,'{pricing_web,service_role}'::text[]), ('pricing_api_keys'::text,'{}'::text[]), ('pricing_audit_log'::text,'{pricing_web,service_role}'::text[]), ('pricing_catalogue_prices'::text,'{pricing_web,service_role}'::text[]), ('pricing_change_rules'::text,'{pricing_web,service_role}'::text[]), ('pricing_cron_jobs'::text,'{pricing_web,service_role}'::text[]), ('pricing_drift'::text,'{pricing_web,service_role}'::text[]), ('pricing_given_up_syncs'::text,'{}'::text[]), ('pricing_held'::text,'{pricing_web,service_role}'::text[]), ('pricing_held_changes'::text,'{pricing_web,service_role}'::text[]), ('pricing_history'::text,'{pricing_web,service_role}'::text[]), ('pricing_idempotency_keys'::text,'{}'::text[]), ('pricing_keys'::text,'{}'::text[]), ('pricing_locks'::text,'{}'::text[]), ('pricing_missing_credentials'::text,'{pricing_web,service_role}'::text[]), ('pricing_overrides'::text,'{pricing_web,service_role}'::text[]), ('pricing_provider_syncs'::text,'{pricing_web,service_role}'::text[]), ('pricing_providers'::text,'{pricing_web,service_role}'::text[]), ('pricing_rights'::text,'{pricing_web,service_role}'::text[]), ('pricing_scheduler_ticks'::text,'{pricing_web,service_role}'::text[]), ('pricing_schema_ledger'::text,'{pricing_web,service_role,pricing_worker}'::text[]), ('pricing_settings'::text,'{pricing_web,service_role,pricing_worker}'::text[]), ('pricing_sync_expiry'::text,'{}'::text[]), ('pricing_sync_jobs'::text,'{pricing_web,service_role}'::text[]), ('pricing_sync_lock'::text,'{pricing_web,service_role}'::text[]), ('pricing_sync_log'::text,'{pricing_web,service_role}'::text[]), ('pricing_sync_progress'::text,'{pricing_web,service_role}'::text[]), ('pricing_syncable_providers'::text,'{pricing_web,service_role}'::text[]), ('pricing_unpriced'::text,'{pricing_web,service_role}'::text[]), ('pricing_worker_heartbeats'::text,'{}'::text[]), ('pricing_worker_settings'::text,'{pricing_web,service_role,pricing_worker}'::text[])
        ), function(name, callers) AS (
         VALUES ('trigger_pricing_sync'::text,'{pricing_web,service_role}'::text[]), ('cancel_pricing_sync'::text,'{pricing_web,service_role}'::text[]), ('retry_pricing_sync'::text,'{pricing_web,service_role}'::text[]), ('cleanup_stuck_pricing_syncs'::text,'{pricing_web,pricing_worker,service_role}'::text[]), ('cleanup_expired_pricing_locks'::text,'{pricing_web,pricing_worker,service_role}'::text[]), ('cleanup_old_pricing_jobs'::text,'{pricing_worker,service_role}'::text[]), ('enqueue_due_pricing_syncs'::text,'{pricing_worker,service_role}'::text[]), ('tick_pricing_schedule'::text,'{pricing_worker,service_role}'::text[]), ('create_pricing_api_key'::text,'{}'::text[]), ('revoke_pricing_api_key'::text,'{}'::text[]), ('rotate_pricing_api_key'::text,'{}'::text[]), ('approve_held_price_change'::text,'{pricing_web,service_role}'::text[]), ('approve_held_price_changes'::text,'{pricing_web,service_role}'::text[]), ('reject_held_price_change'::text,'{pricing_web,service_role}'::text[]), ('reject_held_price_changes'::text,'{pricing_web,service_role}'::text[]), ('accept_price_changes'::text,'{pricing_web,service_role}'::text[]), ('end_price_change_rule'::text,'{pricing_web,service_role}'::text[]), ('accept_shorter_list'::text,'{pricing_web,service_role}'::text[]), ('set_price_override'::text,'{pricing_web,service_role}'::text[]), ('clear_price_override'::text,'{pricing_web,service_role}'::text[]), ('rollback_pricing_sync'::text,'{pricing_web,service_role}'::text[]), ('model_price_at'::text,'{pricing_web,service_role}'::text[]), ('fetch_queue_row'::text,'{pricing_worker}'::text[]), ('beat_pricing_worker'::text,'{pricing_worker}'::text[]), ('prune_pricing_workers'::text,'{pricing_worker}'::text[]), ('get_provider_sync'::text,'{pricing_worker}'::text[]), ('apply_provider_prices'::text,'{pricing_worker}'::text[]), ('end_provider_sync'::text,'{pricing_worker}'::text[]), ('give_up_sync'::text,'{pricing_worker}'::text[]), ('pricing_table_holders'::text,'{pricing_worker}'::text[]), ('pricing_held_syncs'::text,'{pricing_worker}'::text[]), ('pricing_credential_variables'::text,'{pricing_worker}'::text[]), ('report_pricing_credentials'::text,'{pricing_worker}'::text[]), ('pricing_api_key'::text,'{pricing_web}'::text[]), ('pricing_has_admin_key'::text,'{pricing_web}'::text[]), ('touch_pricing_api_key'::text,'{pricing_web}'::text[]), ('pricing_scheduler_status'::text,'{pricing_web,service_role}'::text[]), ('pricing_sync_estimate'::text,'{pricing_web,service_role}'::text[]), ('held_pricing_locks'::text,'{pricing_web,service_role}'::text[]), ('capped_expiry'::text,'{pricing_web,service_role}'::text[]), ('pricing_axes'::text,'{pricing_web,service_role}'::text[]), ('pricing_price_set'::text,'{pricing_web,service_role}'::text[]), ('pricing_workers_alive'::text,'{pricing_web,service_role}'::text[]), ('pricing_doctor'::text,'{}'::text[]), ('stuck_pricing_syncs'::text,'{}'::text[]), ('pricing_unrecorded_prices'::text,'{}'::text[]), ('record_price_in_force'::text,'{}'::text[]), ('add_pricing_sync_job'::text,'{}'::text[]), ('defer_provider_syncs'::text,'{}'::text[]), ('next_pricing_sync_at'::text,'{}'::text[]), ('resolve_sync_providers'::text,'{}'::text[]), ('lock_provider_prices'::text,'{}'::text[]), ('try_pricing_lock'::text,'{}'::text[]), ('hold_pricing_lock'::text,'{}'::text[]), ('keep_pricing_lock'::text,'{}'::text[]), ('pricing_lock_holders'::text,'{}'::text[]), ('pricing_is_open_transaction'::text,'{}'::text[]), ('wait_for_locks_until'::text,'{}'::text[]), ('require_fresh_reads'::text,'{}'::text[]), ('hold_sync_end'::text,'{}'::text[]), ('held_sync_locks'::text,'{}'::text[]), ('requeue_given_up_sync'::text,'{}'::text[]), ('requeue_given_up_syncs'::text,'{}'::text[]), ('compare_provider_prices'::text,'{}'::text[]), ('bound_price_list'::text,'{}'::text[]), ('counts_of_sync'::text,'{}'::text[]), ('judge_price_changes'::text,'{}'::text[]), ('pricing_short_number'::text,'{}'::text[]), ('show_price_changes'::text,'{}'::text[]), ('refuse_odd_list'::text,'{}'::text[]), ('lock_listed_prices'::text,'{}'::text[]), ('decide_price_changes'::text,'{}'::text[]), ('pricing_token_moves'::text,'{}'::text[]), ('pricing_shared_moves'::text,'{}'::text[]), ('repeat_provider_list'::text,'{}'::text[]), ('list_provider_models'::text,'{}'::text[]), ('hold_price_changes'::text,'{}'::text[]), ('decide_held_price_changes'::text,'{}'::text[]), ('decide_held_changes_of_job'::text,'{}'::text[]), ('write_model_prices'::text,'{}'::text[]), ('store_pricing_catalogue'::text,'{}'::text[]), ('end_expired_overrides'::text,'{}'::text[]), ('pricing_base_set'::text,'{}'::text[]), ('pricing_sets_differ'::text,'{}'::text[]), ('pricing_overridden_set'::text,'{}'::text[]), ('pricing_is_clock_turn'::text,'{}'::text[]), ('lock_provider_triggers'::text,'{}'::text[]), ('held_pricing_slots'::text,'{}'::text[]), ('log_queued_attempt'::text,'{}'::text[]), ('log_ended_attempt'::text,'{}'::text[]), ('settle_pricing_job'::text,'{}'::text[]), ('reopen_pricing_job'::text,'{}'::text[]), ('wake_pricing_workers'::text,'{}'::text[]), ('stop_provider_sync'::text,'{}'::text[]), ('requeue_provider_sync'::text,'{}'::text[]), ('hold_stuck_sync'::text,'{}'::text[]), ('release_stalled_syncs'::text,'{}'::text[]), ('end_ignored_aborts'::text,'{}'::text[]), ('fail_unattended_syncs'::text,'{}'::text[]), ('cancel_disabled_syncs'::text,'{}'::text[]), ('fail_overtime_syncs'::text,'{}'::text[]), ('hold_log_row'::text,'{}'::text[]), ('mend_pricing_jobs'::text,'{}'::text[]), ('checked_expiry'::text,'{}'::text[]), ('checked_interval'::text,'{}'::text[]), ('guard_interval'::text,'{}'::text[]), ('add_pricing_api_key'::text,'{}'::text[]), ('folded_key_name'::text,'{}'::text[]), ('lock_key_name'::text,'{}'::text[]), ('idempotency_identity'::text,'{}'::text[]), ('sign_audit_row'::text,'{}'::text[]), ('audit_change_by_hand'::text,'{}'::text[]), ('audit_deleted_jobs'::text,'{}'::text[]), ('pricing_who'::text,'{}'::text[]), ('pricing_identity'::text,'{}'::text[]), ('pricing_prices_differ'::text,'{}'::text[]), ('prepare_provider_sync'::text,'{}'::text[]), ('queue_id_is_taken'::text,'{}'::text[]), ('guard_queue_row'::text,'{}'::text[]), ('guard_new_queue_row'::text,'{}'::text[]), ('queue_row_fault'::text,'{}'::text[]), ('project_provider_sync'::text,'{}'::text[]), ('notify_pricing_sync_job'::text,'{}'::text[]), ('guard_pricing_job'::text,'{}'::text[]), ('stop_pricing_job'::text,'{}'::text[]), ('release_pricing_lock'::text,'{}'::text[]), ('follow_provider_disabled'::text,'{}'::text[]), ('follow_provider_switch'::text,'{}'::text[]), ('audit_provider_change'::text,'{}'::text[]), ('audit_settings_change'::text,'{}'::text[]), ('guard_pricing_settings'::text,'{}'::text[]), ('guard_pricing_lock'::text,'{}'::text[]), ('pricing_is_called_by'::text,'{}'::text[]), ('pricing_access_differences'::text,'{}'::text[]), ('judge_price_override'::text,'{}'::text[]), ('erase_audit_details'::text,'{}'::text[]), ('guard_model_pricing'::text,'{}'::text[]), ('guard_price_override'::text,'{}'::text[]), ('guard_pricing_records'::text,'{}'::text[]), ('note_pricing_maintenance'::text,'{}'::text[])
        )
 SELECT 'relation'::text AS kind,
    relation.name AS object,
    role.name AS role,
    'SELECT'::text AS privilege
   FROM (relation
     LEFT JOIN LATERAL unnest(relation.readers) role(name) ON (true))
UNION ALL
 SELECT 'function'::text AS kind,
    function.name AS object,
    role.name AS role,
    'EXECUTE'::text AS privilege
   FROM (function
     LEFT JOIN LATERAL unnest(function.callers) role(name) ON (true));


ALTER TABLE public.pricing_rights OWNER TO pricing_owner;

COMMENT ON VIEW public.pricing_rights IS 'Who besides the owner may read which relation and execute which function, as released; role is null where nobody may.';

CREATE TABLE public.pricing_scheduler_ticks (
    scheduler text NOT NULL,
    last_tick_at timestamp with time zone NOT NULL,
    last_enqueued_at timestamp with time zone,
    last_pruned_at timestamp with time zone,
    last_error text,
    CONSTRAINT pricing_scheduler_ticks_scheduler_check CHECK ((scheduler = ANY (ARRAY['pg_cron'::text, 'worker'::text])))
);


ALTER TABLE public.pricing_scheduler_ticks OWNER TO pricing_owner;

COMMENT ON TABLE public.pricing_scheduler_ticks IS 'The heartbeat of the schedule: pg_cron ticks every minute; the workers tick every few seconds, and take over while pg_cron is silent.';

COMMENT ON COLUMN public.pricing_scheduler_ticks.last_tick_at IS 'When it last ticked, whether or not anything was due.';

COMMENT ON COLUMN public.pricing_scheduler_ticks.last_enqueued_at IS 'When it last enqueued a sync that was due.';

COMMENT ON COLUMN public.pricing_scheduler_ticks.last_pruned_at IS 'When it last pruned old jobs.';

COMMENT ON COLUMN public.pricing_scheduler_ticks.last_error IS 'Why its last tick could not do all it should; null when it could.';

CREATE TABLE public.pricing_schema_ledger (
    name text NOT NULL,
    digest text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);


ALTER TABLE public.pricing_schema_ledger OWNER TO pricing_owner;

COMMENT ON TABLE public.pricing_schema_ledger IS 'What migrate has applied: engine steps, migrations, and db/ as one unit with its objects.';

CREATE TABLE public.pricing_settings (
    id boolean DEFAULT true NOT NULL,
    heartbeat_interval interval DEFAULT '00:00:05'::interval NOT NULL,
    lease interval DEFAULT '00:00:20'::interval NOT NULL,
    max_attempts integer DEFAULT 3 NOT NULL,
    queued_timeout interval DEFAULT '24:00:00'::interval NOT NULL,
    retention interval DEFAULT '30 days'::interval NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    scheduler_enabled boolean DEFAULT true NOT NULL,
    audit_retention interval DEFAULT '1 year'::interval NOT NULL,
    postgrest_login text DEFAULT 'authenticator'::text,
    CONSTRAINT pricing_settings_audit_retention_check CHECK (((audit_retention >= '01:00:00'::interval) AND (audit_retention <= '100 years'::interval))),
    CONSTRAINT pricing_settings_check CHECK ((lease >= ((2)::double precision * heartbeat_interval))),
    CONSTRAINT pricing_settings_heartbeat_interval_check CHECK ((heartbeat_interval >= '00:00:01'::interval)),
    CONSTRAINT pricing_settings_heartbeat_interval_check1 CHECK ((heartbeat_interval <= '01:00:00'::interval)),
    CONSTRAINT pricing_settings_id_check CHECK (id),
    CONSTRAINT pricing_settings_lease_check CHECK ((lease <= '1 day'::interval)),
    CONSTRAINT pricing_settings_max_attempts_check CHECK (((max_attempts >= 1) AND (max_attempts <= 100))),
    CONSTRAINT pricing_settings_postgrest_login_check CHECK ((postgrest_login <> ''::text)),
    CONSTRAINT pricing_settings_queued_timeout_check CHECK ((queued_timeout >= '00:01:00'::interval)),
    CONSTRAINT pricing_settings_queued_timeout_check1 CHECK ((queued_timeout <= '100 years'::interval)),
    CONSTRAINT pricing_settings_retention_check CHECK ((retention >= '01:00:00'::interval)),
    CONSTRAINT pricing_settings_retention_check1 CHECK ((retention <= '100 years'::interval))
);


ALTER TABLE public.pricing_settings OWNER TO pricing_owner;

COMMENT ON TABLE public.pricing_settings IS 'The one row of settings that the database and the workers share.';

COMMENT ON COLUMN public.pricing_settings.heartbeat_interval IS 'How often a worker shows that it is alive.';

COMMENT ON COLUMN public.pricing_settings.lease IS 'A worker without a heartbeat for this long is stalled, and its syncs are taken back.';

COMMENT ON COLUMN public.pricing_settings.max_attempts IS 'Attempts at one provider sync, lost workers included, before it fails.';

COMMENT ON COLUMN public.pricing_settings.queued_timeout IS 'A sync that waits this long fails when no worker has been alive for this long; one that only waits for a lock does not.';

COMMENT ON COLUMN public.pricing_settings.retention IS 'How long finished jobs are kept: pg_cron, or a worker where there is none, prunes older ones every hour. Price history is kept for ever.';

COMMENT ON COLUMN public.pricing_settings.scheduler_enabled IS 'False: no sync is enqueued by the schedule; triggers still work, and stuck syncs are still settled.';

COMMENT ON COLUMN public.pricing_settings.audit_retention IS 'The hourly retention erases client addresses and claims from rows of pricing_audit_log that are older than this; the rows stay.';

COMMENT ON COLUMN public.pricing_settings.postgrest_login IS 'PostgREST''s login: in its sessions the claims of a JWT are believed; null: in none.';

CREATE VIEW public.pricing_worker_heartbeats WITH (security_invoker='true') AS
 SELECT w.id AS worker_id,
        CASE
            WHEN (w.last_heartbeat <= (clock_timestamp() + ( SELECT s.lease
               FROM public.pricing_settings s))) THEN w.last_heartbeat
            ELSE NULL::timestamp with time zone
        END AS last_heartbeat
   FROM procrastinate.procrastinate_workers w;


ALTER TABLE public.pricing_worker_heartbeats OWNER TO pricing_owner;

COMMENT ON VIEW public.pricing_worker_heartbeats IS 'When each worker last showed that it is alive; null when all there is lies in the future.';

CREATE VIEW public.pricing_sync_expiry WITH (security_invoker='true') AS
 SELECT 'queue_row_adrift'::text AS reason,
    (q.args ->> 'provider'::text) AS provider_slug,
    q.id AS queue_job_id,
    (q.attempts + 1) AS attempt,
    ((q.args ->> 'job_id'::text))::uuid AS job_id,
    '-infinity'::timestamp with time zone AS since,
    '00:00:00'::interval AS allowed
   FROM ((procrastinate.procrastinate_jobs q
     LEFT JOIN LATERAL ( SELECT j_1.job_id,
            j_1.outcome
           FROM public.pricing_sync_jobs j_1
          WHERE (j_1.job_id = ((q.args ->> 'job_id'::text))::uuid)
         LIMIT 1) j ON (true))
     LEFT JOIN LATERAL ( SELECT l_1.id,
            l_1.status
           FROM public.pricing_sync_log l_1
          WHERE ((l_1.queue_job_id = q.id) AND (l_1.attempt = (q.attempts + 1)))
         LIMIT 1) l ON (true))
  WHERE ((q.status = ANY (ARRAY['todo'::procrastinate.procrastinate_job_status, 'doing'::procrastinate.procrastinate_job_status])) AND ((q.task_name)::text = 'sync_provider'::text) AND ((j.job_id IS NULL) OR (j.outcome IS NOT NULL) OR (l.id IS NULL) OR ((q.status = 'doing'::procrastinate.procrastinate_job_status) AND (l.status = 'queued'::text))))
UNION ALL
 SELECT 'log_row_adrift'::text AS reason,
    l.provider_slug,
    l.queue_job_id,
    l.attempt,
    l.job_id,
    l.queued_at AS since,
    '00:00:10'::interval AS allowed
   FROM (public.pricing_sync_log l
     LEFT JOIN LATERAL ( SELECT q_1.id,
            q_1.attempts,
            q_1.status
           FROM procrastinate.procrastinate_jobs q_1
          WHERE (q_1.id = l.queue_job_id)
         LIMIT 1) q ON (true))
  WHERE ((l.status = ANY (ARRAY['queued'::text, 'in_progress'::text])) AND ((q.id IS NULL) OR (q.attempts >= l.attempt) OR (q.status <> ALL (ARRAY['todo'::procrastinate.procrastinate_job_status, 'doing'::procrastinate.procrastinate_job_status]))))
UNION ALL
 SELECT 'job_adrift'::text AS reason,
    NULL::text AS provider_slug,
    NULL::bigint AS queue_job_id,
    NULL::integer AS attempt,
    j.job_id,
    '-infinity'::timestamp with time zone AS since,
    '00:00:00'::interval AS allowed
   FROM public.pricing_sync_jobs j
  WHERE ((j.status = ANY (ARRAY['queued'::text, 'running'::text])) AND (((NOT (EXISTS ( SELECT
           FROM public.pricing_sync_log l
          WHERE ((l.job_id = j.job_id) AND (l.status = ANY (ARRAY['queued'::text, 'in_progress'::text])))))) AND (NOT (EXISTS ( SELECT
           FROM procrastinate.procrastinate_jobs q
          WHERE ((q.status = ANY (ARRAY['todo'::procrastinate.procrastinate_job_status, 'doing'::procrastinate.procrastinate_job_status])) AND ((q.task_name)::text = 'sync_provider'::text) AND ((q.args ->> 'job_id'::text) = (j.job_id)::text)))))) OR (EXISTS ( SELECT
           FROM public.pricing_sync_log l
          WHERE ((l.job_id = j.job_id) AND (l.status <> ALL (ARRAY['queued'::text, 'in_progress'::text])) AND (COALESCE((j.result_data #>> ARRAY['providers'::text, l.provider_slug, 'status'::text]), 'queued'::text) = ANY (ARRAY['queued'::text, 'in_progress'::text])) AND (NOT (EXISTS ( SELECT
                   FROM public.pricing_sync_log newer
                  WHERE ((newer.job_id = l.job_id) AND (newer.provider_slug = l.provider_slug) AND (newer.id > l.id))))))))))
UNION ALL
 SELECT 'given_up'::text AS reason,
    (q.args ->> 'provider'::text) AS provider_slug,
    q.id AS queue_job_id,
    (q.attempts + 1) AS attempt,
    ((q.args ->> 'job_id'::text))::uuid AS job_id,
    g.given_up_at AS since,
    '00:00:00'::interval AS allowed
   FROM (public.pricing_given_up_syncs g
     JOIN procrastinate.procrastinate_jobs q ON (((q.id = g.queue_job_id) AND ((q.attempts + 1) = g.attempt))))
  WHERE ((q.status = 'doing'::procrastinate.procrastinate_job_status) AND ((q.task_name)::text = 'sync_provider'::text))
UNION ALL
 SELECT 'disabled'::text AS reason,
    (q.args ->> 'provider'::text) AS provider_slug,
    q.id AS queue_job_id,
    (q.attempts + 1) AS attempt,
    ((q.args ->> 'job_id'::text))::uuid AS job_id,
    '-infinity'::timestamp with time zone AS since,
    '00:00:00'::interval AS allowed
   FROM procrastinate.procrastinate_jobs q
  WHERE ((q.status = 'todo'::procrastinate.procrastinate_job_status) AND ((q.task_name)::text = 'sync_provider'::text) AND (NOT (EXISTS ( SELECT
           FROM public.pricing_providers p
          WHERE ((('pricing_sync:'::text || p.slug) = q.lock) AND p.enabled)))))
UNION ALL
 SELECT 'worker_lost'::text AS reason,
    (q.args ->> 'provider'::text) AS provider_slug,
    q.id AS queue_job_id,
    (q.attempts + 1) AS attempt,
    ((q.args ->> 'job_id'::text))::uuid AS job_id,
    COALESCE(w.last_heartbeat, '-infinity'::timestamp with time zone) AS since,
    s.lease AS allowed
   FROM ((procrastinate.procrastinate_jobs q
     CROSS JOIN public.pricing_settings s)
     LEFT JOIN public.pricing_worker_heartbeats w ON ((w.worker_id = q.worker_id)))
  WHERE ((q.status = 'doing'::procrastinate.procrastinate_job_status) AND ((q.task_name)::text = 'sync_provider'::text) AND (NOT (EXISTS ( SELECT
           FROM public.pricing_given_up_syncs g
          WHERE ((g.queue_job_id = q.id) AND (g.attempt = (q.attempts + 1)))))))
UNION ALL
 SELECT 'abort_ignored'::text AS reason,
    (q.args ->> 'provider'::text) AS provider_slug,
    q.id AS queue_job_id,
    (q.attempts + 1) AS attempt,
    ((q.args ->> 'job_id'::text))::uuid AS job_id,
    COALESCE(( SELECT max(e.at) AS max
           FROM procrastinate.procrastinate_events e
          WHERE ((e.job_id = q.id) AND (e.type = 'abort_requested'::procrastinate.procrastinate_job_event_type))), '-infinity'::timestamp with time zone) AS since,
    s.lease AS allowed
   FROM (procrastinate.procrastinate_jobs q
     CROSS JOIN public.pricing_settings s)
  WHERE ((q.status = 'doing'::procrastinate.procrastinate_job_status) AND ((q.task_name)::text = 'sync_provider'::text) AND q.abort_requested)
UNION ALL
 SELECT 'timeout'::text AS reason,
    (q.args ->> 'provider'::text) AS provider_slug,
    q.id AS queue_job_id,
    (q.attempts + 1) AS attempt,
    ((q.args ->> 'job_id'::text))::uuid AS job_id,
    COALESCE(l.sync_started_at, ( SELECT max(e.at) AS max
           FROM procrastinate.procrastinate_events e
          WHERE ((e.job_id = q.id) AND (e.type = 'started'::procrastinate.procrastinate_job_event_type)))) AS since,
    COALESCE(p.timeout, '00:10:00'::interval) AS allowed
   FROM ((((procrastinate.procrastinate_jobs q
     CROSS JOIN public.pricing_settings s)
     JOIN public.pricing_worker_heartbeats w ON (((w.worker_id = q.worker_id) AND (w.last_heartbeat >= (clock_timestamp() - s.lease)))))
     LEFT JOIN public.pricing_providers p ON ((p.slug = (q.args ->> 'provider'::text))))
     LEFT JOIN LATERAL ( SELECT l_1.sync_started_at
           FROM public.pricing_sync_log l_1
          WHERE ((l_1.queue_job_id = q.id) AND (l_1.attempt = (q.attempts + 1)))
         LIMIT 1) l ON (true))
  WHERE ((q.status = 'doing'::procrastinate.procrastinate_job_status) AND ((q.task_name)::text = 'sync_provider'::text) AND (NOT (EXISTS ( SELECT
           FROM public.pricing_given_up_syncs g
          WHERE ((g.queue_job_id = q.id) AND (g.attempt = (q.attempts + 1)))))))
UNION ALL
 SELECT 'no_worker'::text AS reason,
    (q.args ->> 'provider'::text) AS provider_slug,
    q.id AS queue_job_id,
    (q.attempts + 1) AS attempt,
    ((q.args ->> 'job_id'::text))::uuid AS job_id,
    l.queued_at AS since,
    s.queued_timeout AS allowed
   FROM ((procrastinate.procrastinate_jobs q
     CROSS JOIN public.pricing_settings s)
     CROSS JOIN LATERAL ( SELECT l_1.queued_at
           FROM public.pricing_sync_log l_1
          WHERE ((l_1.queue_job_id = q.id) AND (l_1.attempt = (q.attempts + 1)))
         LIMIT 1) l)
  WHERE ((q.status = 'todo'::procrastinate.procrastinate_job_status) AND ((q.task_name)::text = 'sync_provider'::text) AND (NOT (EXISTS ( SELECT
           FROM public.pricing_settings s_1
          WHERE (GREATEST(( SELECT max(w.last_heartbeat) AS max
                   FROM public.pricing_worker_heartbeats w), ( SELECT t.last_tick_at
                   FROM public.pricing_scheduler_ticks t
                  WHERE (t.scheduler = 'worker'::text))) >= (clock_timestamp() - s_1.queued_timeout))))));


ALTER TABLE public.pricing_sync_expiry OWNER TO pricing_owner;

COMMENT ON VIEW public.pricing_sync_expiry IS 'Why provider syncs, log rows and jobs may be stuck: each is once `since` is longer ago than `allowed`. One may have several reasons.';

COMMENT ON COLUMN public.pricing_sync_expiry.attempt IS 'Of the log row; of a queue row the one that waits or runs.';

COMMENT ON COLUMN public.pricing_sync_expiry.since IS 'When the last sign of it was seen, or it began: -infinity if there is none, or if it is stuck at once.';

COMMENT ON COLUMN public.pricing_sync_expiry.allowed IS 'How long that may go on: a setting, or the provider''s timeout.';

CREATE VIEW public.pricing_sync_lock WITH (security_invoker='true') AS
 WITH held AS (
         SELECT h.lock_key,
            h.locked_at,
            h.locked_by,
            h.expires_at,
            h.job_id
           FROM public.held_pricing_locks() h(lock_key, locked_at, locked_by, expires_at, job_id, queue_job_id)
        )
 SELECT held.lock_key,
    held.locked_at,
    held.locked_by,
    held.expires_at,
    held.job_id
   FROM held
UNION ALL
 SELECT 'pricing_sync_global'::text AS lock_key,
    min(held.locked_at) AS locked_at,
    (count(*) || ' running'::text) AS locked_by,
    max(held.expires_at) AS expires_at,
    (array_agg(held.job_id ORDER BY held.locked_at))[1] AS job_id
   FROM held
 HAVING (count(*) > 0);


ALTER TABLE public.pricing_sync_lock OWNER TO pricing_owner;

COMMENT ON VIEW public.pricing_sync_lock IS 'The locks held now: one row per running provider sync, and while there is any, pricing_sync_global for all of them.';

ALTER TABLE public.pricing_sync_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.pricing_sync_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW public.pricing_sync_progress WITH (security_invoker='true') AS
 SELECT job.job_id,
    job.status,
    job.outcome,
    (job.status <> ALL (ARRAY['queued'::text, 'running'::text])) AS finished,
        CASE
            WHEN (cardinality(job.providers) = 1) THEN job.providers[1]
            ELSE 'all'::text
        END AS provider_slug,
    job.triggered_by,
    job.triggered_at,
    job.started_at,
    job.completed_at,
    job.duration_seconds,
    job.dry_run,
    job.providers_total,
    part.synced AS providers_synced,
    part.failed AS providers_failed,
    job.models_fetched,
    job.models_updated,
    job.models_skipped,
    job.total_errors,
    job.error_message,
    (
        CASE
            WHEN (job.status <> ALL (ARRAY['queued'::text, 'running'::text])) THEN (100)::bigint
            WHEN (part.total = 0) THEN (0)::bigint
            ELSE ((100 * part.ended) / part.total)
        END)::integer AS progress_percent,
    part.results,
    job.revision
   FROM (public.pricing_sync_jobs job
     CROSS JOIN LATERAL ( SELECT count(*) AS total,
            count(*) FILTER (WHERE (newest.status = ANY (ARRAY['success'::text, 'failed'::text, 'cancelled'::text]))) AS ended,
            COALESCE(array_agg(newest.provider_slug ORDER BY newest.provider_slug) FILTER (WHERE (newest.status = 'success'::text)), '{}'::text[]) AS synced,
            COALESCE(array_agg(newest.provider_slug ORDER BY newest.provider_slug) FILTER (WHERE (newest.status = ANY (ARRAY['failed'::text, 'cancelled'::text]))), '{}'::text[]) AS failed,
            COALESCE(jsonb_object_agg(newest.provider_slug, (jsonb_build_object('status', newest.status, 'attempt', newest.attempt, 'models_fetched', newest.models_fetched, 'models_updated', newest.models_updated, 'models_unchanged', newest.models_unchanged, 'models_skipped', newest.models_skipped, 'models_held', newest.models_held, 'error_kind', newest.error_kind, 'error_message', newest.error_message, 'duration_ms', round(newest.duration_ms, 3)) ||
                CASE
                    WHEN (newest.details ? 'differences'::text) THEN jsonb_build_object('differences', (newest.details -> 'differences'::text), 'differences_total', (newest.details -> 'differences_total'::text))
                    ELSE '{}'::jsonb
                END)), '{}'::jsonb) AS results
           FROM ( SELECT DISTINCT ON (log.provider_slug) log.id,
                    log.job_id,
                    log.provider_slug,
                    log.queue_job_id,
                    log.attempt,
                    log.status,
                    log.triggered_by,
                    log.queued_at,
                    log.sync_started_at,
                    log.sync_completed_at,
                    log.duration_ms,
                    log.models_fetched,
                    log.models_updated,
                    log.models_unchanged,
                    log.models_skipped,
                    log.models_held,
                    log.errors,
                    log.error_kind,
                    log.error_message,
                    log.worker_id,
                    log.applied_at,
                    log.details
                   FROM public.pricing_sync_log log
                  WHERE (log.job_id = job.job_id)
                  ORDER BY log.provider_slug, log.id DESC) newest) part);


ALTER TABLE public.pricing_sync_progress OWNER TO pricing_owner;

COMMENT ON VIEW public.pricing_sync_progress IS 'Each job with its provider syncs as they stand: who succeeded, who failed, and how far it is.';

COMMENT ON COLUMN public.pricing_sync_progress.provider_slug IS 'The one provider of the job, or all.';

COMMENT ON COLUMN public.pricing_sync_progress.duration_seconds IS 'Seconds from started_at to completed_at.';

COMMENT ON COLUMN public.pricing_sync_progress.providers_synced IS 'Slugs of the providers that succeeded.';

COMMENT ON COLUMN public.pricing_sync_progress.providers_failed IS 'Slugs of the providers that failed or were cancelled.';

COMMENT ON COLUMN public.pricing_sync_progress.progress_percent IS 'Provider syncs that have ended, of 100; counted, not guessed.';

COMMENT ON COLUMN public.pricing_sync_progress.results IS 'Per provider: status, attempt, counts, error and duration in ms of its newest attempt; of a dry run the differences too.';

CREATE VIEW public.pricing_syncable_providers WITH (security_invoker='true') AS
 SELECT p.slug
   FROM public.pricing_providers p
  WHERE (p.enabled AND (p.adapter IS NOT NULL) AND (p.state <> 'no_credentials'::text));


ALTER TABLE public.pricing_syncable_providers OWNER TO pricing_owner;

COMMENT ON VIEW public.pricing_syncable_providers IS 'The providers that a trigger without a list syncs: enabled, with an adapter and with what it needs.';

CREATE VIEW public.pricing_unpriced WITH (security_invoker='true') AS
 SELECT m.provider_slug AS provider,
    m.model_id AS model,
    m.name,
        CASE
            WHEN (h.status = 'held'::text) THEN 'held'::text
            WHEN (h.status = 'rejected'::text) THEN 'rejected'::text
            WHEN (m.missing_count > 0) THEN 'not in the list'::text
            WHEN (m.extra <> '{}'::jsonb) THEN 'only in extra'::text
            WHEN (m.pricing_source ~~ 'catalogue:%'::text) THEN 'not in the catalogue'::text
            ELSE 'said unknown'::text
        END AS why,
    h.id AS held_id,
    m.pricing_source AS source,
    m.first_seen_at,
    m.last_changed_at AS lost_at
   FROM ((public.model_pricing m
     JOIN public.model_prices s ON (((s.provider = m.provider_slug) AND (s.model = m.model_id))))
     LEFT JOIN LATERAL ( SELECT c.id,
            c.status
           FROM public.pricing_held_changes c
          WHERE ((c.model_id = m.id) AND ((c.status = 'held'::text) OR ((c.status = 'rejected'::text) AND c.still_said)))
          ORDER BY c.id DESC
         LIMIT 1) h ON (true))
  WHERE (m.is_active AND (s.price_state = 'unknown'::text));


ALTER TABLE public.pricing_unpriced OWNER TO pricing_owner;

COMMENT ON VIEW public.pricing_unpriced IS 'Active models without a price in force, and why; do not bill by an unknown price.';

COMMENT ON COLUMN public.pricing_unpriced.why IS 'held: a price waits in pricing_held; rejected: it was refused; not in the list: its provider''s last lists lack it; only in extra: what its list says of it has no column, such as a price by the minute; not in the catalogue: its provider tells no prices, and the catalogue does not know it; said unknown: the list has it without a price.';

COMMENT ON COLUMN public.pricing_unpriced.held_id IS 'The held or rejected change, for approve_held_price_change.';

COMMENT ON COLUMN public.pricing_unpriced.lost_at IS 'Since when it has no price; null: it never had one.';

CREATE VIEW public.pricing_worker_settings WITH (security_invoker='true') AS
 SELECT (EXTRACT(epoch FROM s.heartbeat_interval))::double precision AS heartbeat_seconds,
    (EXTRACT(epoch FROM s.lease))::double precision AS lease_seconds
   FROM public.pricing_settings s;


ALTER TABLE public.pricing_worker_settings OWNER TO pricing_owner;

COMMENT ON VIEW public.pricing_worker_settings IS 'The one row of settings that a worker starts with, in seconds; change them in pricing_settings.';

COMMENT ON COLUMN public.pricing_worker_settings.heartbeat_seconds IS 'Seconds between two heartbeats of a worker.';

COMMENT ON COLUMN public.pricing_worker_settings.lease_seconds IS 'A worker without a heartbeat for this many seconds is stalled.';

INSERT INTO procrastinate.procrastinate_events (id, job_id, type, at) VALUES
	(1, 1, 'deferred', '2026-11-29 12:49:50.89025+00'),
	(2, 2, 'deferred', '2026-11-29 12:49:50.89025+00'),
	(3, 1, 'started', '2026-11-29 12:49:50.908351+00'),
	(4, 2, 'started', '2026-11-29 12:49:50.979968+00'),
	(5, 1, 'succeeded', '2026-11-29 12:49:51.033201+00'),
	(6, 2, 'succeeded', '2026-11-29 12:49:51.042596+00'),
	(7, 3, 'deferred', '2026-11-29 12:49:51.102032+00'),
	(8, 4, 'deferred', '2026-11-29 12:49:51.102032+00'),
	(9, 3, 'started', '2026-11-29 12:49:51.115872+00'),
	(10, 4, 'started', '2026-11-29 12:49:51.120043+00'),
	(11, 4, 'succeeded', '2026-11-29 12:49:51.186248+00'),
	(12, 3, 'succeeded', '2026-11-29 12:49:51.18071+00'),
	(13, 5, 'deferred', '2026-11-29 12:49:51.221144+00'),
	(14, 5, 'started', '2026-11-29 12:49:51.229372+00'),
	(15, 5, 'succeeded', '2026-11-29 12:49:51.284602+00'),
	(16, 6, 'deferred', '2026-11-29 12:49:51.323918+00'),
	(17, 6, 'started', '2026-11-29 12:49:51.330254+00'),
	(18, 6, 'succeeded', '2026-11-29 12:49:51.392385+00'),
	(19, 7, 'deferred', '2026-11-29 12:49:51.489595+00'),
	(20, 8, 'deferred', '2026-11-29 12:49:51.489595+00'),
	(21, 7, 'started', '2026-11-29 12:49:51.495248+00'),
	(22, 8, 'started', '2026-11-29 12:49:51.503692+00'),
	(23, 7, 'succeeded', '2026-11-29 12:49:51.557877+00'),
	(24, 8, 'failed', '2026-11-29 12:49:53.149965+00'),
	(25, 9, 'deferred', '2026-11-29 12:49:53.163499+00'),
	(26, 9, 'started', '2026-11-29 12:49:53.166263+00'),
	(27, 9, 'failed', '2026-11-29 12:49:55.154844+00'),
	(28, 10, 'deferred', '2026-11-29 12:49:55.162704+00'),
	(29, 10, 'started', '2026-11-29 12:49:55.167091+00'),
	(30, 11, 'deferred', '2026-11-29 12:49:55.191082+00');

INSERT INTO procrastinate.procrastinate_jobs (id, queue_name, task_name, priority, lock, queueing_lock, args, status, scheduled_at, attempts, abort_requested, worker_id) VALUES
	(1, 'pricing', 'sync_provider', 0, 'pricing_sync:openrouter', NULL, '{"job_id": "04f2bf5d-37d0-49ec-89f4-69804f89ca4f", "provider": "openrouter"}', 'succeeded', NULL, 1, false, NULL),
	(2, 'pricing', 'sync_provider', 0, 'pricing_sync:deepinfra', NULL, '{"job_id": "04f2bf5d-37d0-49ec-89f4-69804f89ca4f", "provider": "deepinfra"}', 'succeeded', NULL, 1, false, NULL),
	(4, 'pricing', 'sync_provider', 0, 'pricing_sync:deepinfra', NULL, '{"job_id": "bb258044-5a7c-43eb-a6b5-1cf82399517d", "provider": "deepinfra"}', 'succeeded', NULL, 1, false, NULL),
	(3, 'pricing', 'sync_provider', 0, 'pricing_sync:openrouter', NULL, '{"job_id": "bb258044-5a7c-43eb-a6b5-1cf82399517d", "provider": "openrouter"}', 'succeeded', NULL, 1, false, NULL),
	(5, 'pricing', 'sync_provider', 0, 'pricing_sync:openrouter', NULL, '{"job_id": "4a04e342-adc0-4715-b1e9-29481f1e5121", "provider": "openrouter"}', 'succeeded', NULL, 1, false, NULL),
	(6, 'pricing', 'sync_provider', 0, 'pricing_sync:openrouter', NULL, '{"job_id": "f9ac8701-2824-4f21-bb36-1e9ca1394c86", "provider": "openrouter"}', 'succeeded', NULL, 1, false, NULL),
	(7, 'pricing', 'sync_provider', 0, 'pricing_sync:openrouter', NULL, '{"job_id": "6021c8e4-6ccb-4b1c-b211-ac83e10c28f6", "provider": "openrouter"}', 'succeeded', NULL, 1, false, NULL),
	(8, 'pricing', 'sync_provider', 0, 'pricing_sync:deepinfra', NULL, '{"job_id": "6021c8e4-6ccb-4b1c-b211-ac83e10c28f6", "provider": "deepinfra"}', 'failed', NULL, 1, false, NULL),
	(9, 'pricing', 'sync_provider', 0, 'pricing_sync:deepinfra', NULL, '{"job_id": "ef9212eb-a095-43c3-9a46-2c49b2e747a2", "provider": "deepinfra"}', 'failed', NULL, 1, false, NULL),
	(10, 'pricing', 'sync_provider', 0, 'pricing_sync:openrouter', NULL, '{"job_id": "6aa4c167-a836-4be8-8217-df892dc98a47", "provider": "openrouter"}', 'doing', NULL, 0, false, 1),
	(11, 'pricing', 'sync_provider', 0, 'pricing_sync:deepinfra', NULL, '{"job_id": "a06cba68-7ffb-48cc-829b-4a9472529811", "provider": "deepinfra"}', 'todo', NULL, 0, false, NULL);

INSERT INTO procrastinate.procrastinate_workers (id, last_heartbeat) OVERRIDING SYSTEM VALUE VALUES
	(1, '2026-11-29 12:49:50.869477+00');

INSERT INTO public.model_pricing (id, provider_slug, model_id, name, price_per_input_token, price_per_output_token, price_per_cache_read_token, price_per_cache_write_token, price_per_cache_write_1h_token, price_per_reasoning_token, price_per_input_audio_token, price_per_output_audio_token, price_per_cache_read_audio_token, price_per_input_image_token, price_per_output_image_token, price_per_image, price_per_request, price_per_web_search, conditions, extra, pricing_source, first_seen_at, last_changed_at, missing_count, is_active, listed_by, synced) OVERRIDING SYSTEM VALUE VALUES
	(3, 'openrouter', 'aetherwiing/mn-starcannon-12b', 'aetherwiing/mn-starcannon-12b', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:openrouter', '2026-11-29 12:49:51.038084+00', NULL, 0, true, 'openrouter', NULL),
	(4, 'openrouter', 'ai21/jamba-1-5-mini', 'ai21/jamba-1-5-mini', 0.0000002, 0.0000004, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:openrouter', '2026-11-29 12:49:51.038084+00', '2026-11-29 12:49:51.038084+00', 0, true, 'openrouter', NULL),
	(5, 'openrouter', 'ai21/jamba-1.6-large', 'ai21/jamba-1.6-large', 0.000002, 0.000008, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:openrouter', '2026-11-29 12:49:51.038084+00', '2026-11-29 12:49:51.038084+00', 0, true, 'openrouter', NULL),
	(7, 'deepinfra', 'Sao10K/L3-8B-Stheno-v3.2', 'Sao10K/L3-8B-Stheno-v3.2', 0.00000005, 0.00000005, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '2026-11-29 12:49:51.045727+00', '2026-11-29 12:49:51.045727+00', 0, true, 'deepinfra', NULL),
	(9, 'deepinfra', 'baichuan/baichuan-m2-32b', 'baichuan/baichuan-m2-32b', 0.00000007, 0.00000007, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '2026-11-29 12:49:51.045727+00', '2026-11-29 12:49:51.045727+00', 0, true, 'deepinfra', NULL),
	(6, 'deepinfra', 'baidu/cobuddy', 'baidu/cobuddy', 0.00000028, 0.00000113, 0.00000007, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '2026-11-29 12:49:51.045727+00', '2026-11-29 12:49:51.045727+00', 0, true, 'deepinfra', NULL),
	(10, 'deepinfra', 'baidu/ernie-4.5-21B-a3b', 'baidu/ernie-4.5-21B-a3b', 0.00000007, 0.00000028, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '2026-11-29 12:49:51.045727+00', '2026-11-29 12:49:51.045727+00', 0, true, 'deepinfra', NULL),
	(8, 'deepinfra', 'cognitivecomputations/dolphin-mixtral-8x22b', 'cognitivecomputations/dolphin-mixtral-8x22b', 0.0000009, 0.0000009, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '2026-11-29 12:49:51.045727+00', '2026-11-29 12:49:51.045727+00', 0, true, 'deepinfra', NULL),
	(11, 'deepinfra', 'deepseek/deepseek-ocr-2', 'deepseek/deepseek-ocr-2', 0.00000003, 0.00000003, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '2026-11-29 12:49:51.045727+00', '2026-11-29 12:49:51.045727+00', 0, true, 'deepinfra', NULL),
	(2, 'openrouter', '01-ai/yi-large', '01-ai/yi-large', 0.000002, 0.00001, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0.005, '[]', '{"batch_discount": "0.5"}', 'api:openrouter', '2026-11-29 12:49:51.038084+00', '2026-11-29 12:49:51.473535+00', 0, true, 'openrouter', '{"conditions": [{"min_prompt_tokens": 200000, "price_per_input_token": "0.00000005"}], "price_per_web_search": "0.005", "price_per_input_token": "0.0000000208333333333333", "price_per_output_token": "0.00001"}'),
	(1, 'openrouter', 'ai21/jamba-1.6-mini', 'ai21/jamba-1.6-mini', 0.0000002, 0.0000004, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:openrouter', '2026-11-29 12:49:51.038084+00', '2026-11-29 12:49:51.038084+00', 3, false, 'openrouter', NULL);

INSERT INTO public.model_pricing_history (id, model_id, price_per_input_token, price_per_output_token, previous_input_price, previous_output_price, changed_at, changed_by, job_id, observed_at, price_per_cache_read_token, price_per_cache_write_token, price_per_cache_write_1h_token, price_per_reasoning_token, price_per_input_audio_token, price_per_output_audio_token, price_per_cache_read_audio_token, price_per_input_image_token, price_per_output_image_token, price_per_image, price_per_request, price_per_web_search, conditions, extra, pricing_source, raw, is_in_force) OVERRIDING SYSTEM VALUE VALUES
	(1, 2, 0.0000000208333333333333, 0.000003, NULL, NULL, '2026-11-29 12:49:51.038084+00', 'api_sync:openrouter', '04f2bf5d-37d0-49ec-89f4-69804f89ca4f', '2026-11-29 12:49:50.965701+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0.005, '[{"min_prompt_tokens": 200000, "price_per_input_token": "0.00000005"}]', '{"batch_discount": "0.5"}', 'api:openrouter', '{"prompt": {"axis": "price_per_input_token", "text": "0.0000000208333333333333", "unit": "usd_per_token"}, "completion": {"axis": "price_per_output_token", "text": "0.000003", "unit": "usd_per_token"}, "web_search": {"axis": "price_per_web_search", "text": "0.005", "unit": "usd_per_search"}, "overrides[0].prompt": {"axis": "price_per_input_token", "text": "0.00000005", "unit": "usd_per_token"}}', true),
	(2, 4, 0.0000002, 0.0000004, NULL, NULL, '2026-11-29 12:49:51.038084+00', 'api_sync:openrouter', '04f2bf5d-37d0-49ec-89f4-69804f89ca4f', '2026-11-29 12:49:50.965701+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:openrouter', '{"prompt": {"axis": "price_per_input_token", "text": "0.0000002", "unit": "usd_per_token"}, "completion": {"axis": "price_per_output_token", "text": "0.0000004", "unit": "usd_per_token"}}', true),
	(3, 5, 0.000002, 0.000008, NULL, NULL, '2026-11-29 12:49:51.038084+00', 'api_sync:openrouter', '04f2bf5d-37d0-49ec-89f4-69804f89ca4f', '2026-11-29 12:49:50.965701+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:openrouter', '{"prompt": {"axis": "price_per_input_token", "text": "0.000002", "unit": "usd_per_token"}, "completion": {"axis": "price_per_output_token", "text": "0.000008", "unit": "usd_per_token"}}', true),
	(4, 1, 0.0000002, 0.0000004, NULL, NULL, '2026-11-29 12:49:51.038084+00', 'api_sync:openrouter', '04f2bf5d-37d0-49ec-89f4-69804f89ca4f', '2026-11-29 12:49:50.965701+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:openrouter', '{"prompt": {"axis": "price_per_input_token", "text": "0.0000002", "unit": "usd_per_token"}, "completion": {"axis": "price_per_output_token", "text": "0.0000004", "unit": "usd_per_token"}}', true),
	(5, 7, 0.00000005, 0.00000005, NULL, NULL, '2026-11-29 12:49:51.045727+00', 'api_sync:deepinfra', '04f2bf5d-37d0-49ec-89f4-69804f89ca4f', '2026-11-29 12:49:51.03988+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '{"input_tokens": {"axis": "price_per_input_token", "text": "0.05", "unit": "usd_per_1m_tokens"}, "output_tokens": {"axis": "price_per_output_token", "text": "0.05", "unit": "usd_per_1m_tokens"}}', true),
	(6, 9, 0.00000007, 0.00000007, NULL, NULL, '2026-11-29 12:49:51.045727+00', 'api_sync:deepinfra', '04f2bf5d-37d0-49ec-89f4-69804f89ca4f', '2026-11-29 12:49:51.03988+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '{"input_tokens": {"axis": "price_per_input_token", "text": "0.07", "unit": "usd_per_1m_tokens"}, "output_tokens": {"axis": "price_per_output_token", "text": "0.07", "unit": "usd_per_1m_tokens"}}', true),
	(7, 6, 0.00000028, 0.00000113, NULL, NULL, '2026-11-29 12:49:51.045727+00', 'api_sync:deepinfra', '04f2bf5d-37d0-49ec-89f4-69804f89ca4f', '2026-11-29 12:49:51.03988+00', 0.00000007, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '{"input_tokens": {"axis": "price_per_input_token", "text": "0.28", "unit": "usd_per_1m_tokens"}, "output_tokens": {"axis": "price_per_output_token", "text": "1.13", "unit": "usd_per_1m_tokens"}, "cache_read_tokens": {"axis": "price_per_cache_read_token", "text": "0.07", "unit": "usd_per_1m_tokens"}}', true),
	(8, 10, 0.00000007, 0.00000028, NULL, NULL, '2026-11-29 12:49:51.045727+00', 'api_sync:deepinfra', '04f2bf5d-37d0-49ec-89f4-69804f89ca4f', '2026-11-29 12:49:51.03988+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '{"input_tokens": {"axis": "price_per_input_token", "text": "0.07", "unit": "usd_per_1m_tokens"}, "output_tokens": {"axis": "price_per_output_token", "text": "0.28", "unit": "usd_per_1m_tokens"}}', true),
	(9, 8, 0.0000009, 0.0000009, NULL, NULL, '2026-11-29 12:49:51.045727+00', 'api_sync:deepinfra', '04f2bf5d-37d0-49ec-89f4-69804f89ca4f', '2026-11-29 12:49:51.03988+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '{"input_tokens": {"axis": "price_per_input_token", "text": "0.9", "unit": "usd_per_1m_tokens"}, "output_tokens": {"axis": "price_per_output_token", "text": "0.9", "unit": "usd_per_1m_tokens"}}', true),
	(10, 11, 0.00000003, 0.00000003, NULL, NULL, '2026-11-29 12:49:51.045727+00', 'api_sync:deepinfra', '04f2bf5d-37d0-49ec-89f4-69804f89ca4f', '2026-11-29 12:49:51.03988+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '{"input_tokens": {"axis": "price_per_input_token", "text": "0.03", "unit": "usd_per_1m_tokens"}, "output_tokens": {"axis": "price_per_output_token", "text": "0.03", "unit": "usd_per_1m_tokens"}}', true),
	(11, 2, 0.0000000208333333333333, 0.00001, 0.0000000208333333333333, 0.000003, '2026-11-29 12:49:51.181845+00', 'api_sync:openrouter', 'bb258044-5a7c-43eb-a6b5-1cf82399517d', '2026-11-29 12:49:51.140315+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0.005, '[{"min_prompt_tokens": 200000, "price_per_input_token": "0.00000005"}]', '{"batch_discount": "0.5"}', 'api:openrouter', '{"prompt": {"axis": "price_per_input_token", "text": "0.0000000208333333333333", "unit": "usd_per_token"}, "completion": {"axis": "price_per_output_token", "text": "0.00001", "unit": "usd_per_token"}, "web_search": {"axis": "price_per_web_search", "text": "0.005", "unit": "usd_per_search"}, "overrides[0].prompt": {"axis": "price_per_input_token", "text": "0.00000005", "unit": "usd_per_token"}}', true),
	(12, 2, 0.000002, 0.00001, 0.0000000208333333333333, 0.00001, '2026-11-29 12:49:51.473535+00', 'manual:postgres', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0.005, '[]', '{"batch_discount": "0.5"}', 'api:openrouter', '{}', true);

INSERT INTO public.pricing_api_keys (key_id, name, role, key_digest, created_at, created_by, expires_at, revoked_at, last_used_at, revoked_by, replaced_by) VALUES
	('a98e343d35d7', 'sample', 'read', '\xe3c5bb30a2175eba606e405d007232f5eea778910a0bea1238f3a871eb9183a1', '2026-11-29 12:49:49.471296+00', 'operator', NULL, NULL, NULL, NULL, NULL);

INSERT INTO public.pricing_audit_log (id, at, who, action, subject, details, client_address, http_client_address, claims, session_login, acting_role, key_name) OVERRIDING SYSTEM VALUE VALUES
	(1, '2026-11-29 12:49:49.230094+00', 'postgres', 'change_settings', 'pricing_settings', '{"scheduler_enabled": {"now": false, "was": true}}', '127.0.0.1', NULL, NULL, 'postgres', NULL, NULL),
	(2, '2026-11-29 12:49:49.482082+00', 'operator', 'create_api_key', 'sample', '{"role": "read", "key_id": "a98e343d35d7", "expires_at": null}', '127.0.0.1', NULL, NULL, 'postgres', NULL, NULL),
	(3, '2026-11-29 12:49:51.482071+00', 'postgres', 'set_price_override', 'openrouter/01-ai/yi-large', '{"forced": true, "prices": {"price_per_input_token": "0.000002"}, "reason": "contract", "override": 1, "replaces": null, "suspicion": "input_per_1m moves by 96 times (0.0208333 -> 2)", "expires_at": null}', '127.0.0.1', NULL, NULL, 'postgres', NULL, NULL),
	(4, '2026-11-29 12:49:51.488828+00', 'postgres', 'accept_price_changes', '1', '{"model": null, "until": "2035-11-29T12:49:51.487179+00:00", "reason": "sale", "provider": "openrouter", "up_to_ratio": 20}', '127.0.0.1', NULL, NULL, 'postgres', NULL, NULL);

INSERT INTO public.pricing_catalogue_prices (provider_slug, model_id, prices, version, updated_at) VALUES
	('openrouter', 'ai21/jamba-1.6-mini', '{"price_per_input_token": "0.0000002", "price_per_output_token": "0.0000004"}', 'genai-prices@0.2.3', '2026-11-29 12:49:51.045554+00'),
	('openrouter', '01-ai/yi-large', '{"price_per_input_token": "0.000003", "price_per_output_token": "0.000003"}', 'genai-prices@0.2.3', '2026-11-29 12:49:51.045699+00'),
	('openrouter', 'aetherwiing/mn-starcannon-12b', '{"price_per_input_token": "0.0000008", "price_per_output_token": "0.0000012"}', 'genai-prices@0.2.3', '2026-11-29 12:49:51.04571+00'),
	('openrouter', 'ai21/jamba-1-5-mini', '{"price_per_input_token": "0.0000002", "price_per_output_token": "0.0000004"}', 'genai-prices@0.2.3', '2026-11-29 12:49:51.045716+00'),
	('openrouter', 'ai21/jamba-1.6-large', '{"price_per_input_token": "0.000002", "price_per_output_token": "0.000008"}', 'genai-prices@0.2.3', '2026-11-29 12:49:51.045722+00');

INSERT INTO public.pricing_change_rules (id, provider_slug, model_id, up_to_ratio, reason, created_by, created_at, expires_at, ended_at, ended_by) OVERRIDING SYSTEM VALUE VALUES
	(1, 'openrouter', NULL, 20, 'sale', 'postgres', '2026-11-29 12:49:51.48829+00', '2035-11-29 12:49:51.487179+00', NULL, NULL);

INSERT INTO public.pricing_held_changes (id, model_id, provider_slug, status, class, reason, ratio, to_zero, prices, previous, evidence, pricing_source, extra, raw, first_job_id, job_id, first_seen_at, last_seen_at, times_seen, still_said, observed_at, decided_at, decided_by, decision_note) OVERRIDING SYSTEM VALUE VALUES
	(1, 4, 'openrouter', 'held', 'unit', 'unit: input_per_1m is 100,000,000 times the catalogue''s 0.2; input_per_1m moves by 100,000,000 times (0.2 -> 20,000,000); input_per_1m 20,000,000 is outside 0.001 to 1,000', 100000000.000000000000, false, '{"price_per_input_token": "20", "price_per_output_token": "0.0000004"}', '{"price_per_input_token": "0.0000002", "price_per_output_token": "0.0000004"}', '[{"key": "prompt", "now": "20", "axis": "price_per_input_token", "kind": "catalogue", "text": "20", "unit": "usd_per_token", "ratio": "100000000", "before": "0.0000002", "catalogue": "0.0000002"}, {"key": "prompt", "now": "20", "axis": "price_per_input_token", "kind": "ratio", "text": "20", "unit": "usd_per_token", "ratio": "100000000", "before": "0.0000002", "catalogue": "0.0000002"}, {"key": "prompt", "now": "20", "axis": "price_per_input_token", "kind": "band", "text": "20", "unit": "usd_per_token", "ratio": "100000000", "before": "0.0000002", "catalogue": "0.0000002"}]', 'api:openrouter', '{}', '{"prompt": {"axis": "price_per_input_token", "text": "20", "unit": "usd_per_token"}, "completion": {"axis": "price_per_output_token", "text": "0.0000004", "unit": "usd_per_token"}}', 'f9ac8701-2824-4f21-bb36-1e9ca1394c86', '6021c8e4-6ccb-4b1c-b211-ac83e10c28f6', '2026-11-29 12:49:51.393492+00', '2026-11-29 12:49:51.559012+00', 2, true, '2026-11-29 12:49:51.527017+00', NULL, NULL, NULL);

INSERT INTO public.pricing_idempotency_keys (key, job_id, request, used_at, identity) VALUES
	('sample', 'bb258044-5a7c-43eb-a6b5-1cf82399517d', '{"dry_run": false, "providers": ["openrouter", "deepinfra"], "on_conflict": "queue"}', '2026-11-29 12:49:51.10296+00', 'postgres');

INSERT INTO public.pricing_locks (name) VALUES
	('keys named sample'),
	('schedule of worker'),
	('prices of openrouter'),
	('prices of deepinfra');

INSERT INTO public.pricing_overrides (id, model_id, prices, reason, created_by, created_at, expires_at, ended_at, ended_by, forced) OVERRIDING SYSTEM VALUE VALUES
	(1, 2, '{"price_per_input_token": "0.000002"}', 'contract', 'postgres', '2026-11-29 12:49:51.473535+00', NULL, NULL, NULL, true);

INSERT INTO public.pricing_providers (slug, name, adapter, base_url, credential_variable, enabled, sync_interval, sync_jitter, timeout, review_first, state, next_sync_at, next_allowed_at, last_success_at, last_changed_at, consecutive_failures, etag, etag_parser, content_digest, created_at, price_api, guards_enabled, guard_large_ratio, guard_unit_ratio, guard_lowest_per_1m, guard_highest_per_1m, unknown_keys, accepted_list_at, accepted_list_models, accepted_list_prices_gone) VALUES
	('catalogue', 'Catalogue (genai-prices)', 'catalogue', NULL, NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 12:49:47.303482+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('aihubmix', 'AiHubMix', 'aihubmix', 'https://aihubmix.com', NULL, true, '06:00:00', 0.1, '00:10:00', true, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 12:49:47.430728+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('alibaba-cloud', 'Alibaba Cloud Model Studio', 'alibaba-cloud', 'https://dashscope-intl.aliyuncs.com', 'DASHSCOPE_API_KEY', true, '06:00:00', 0.1, '00:10:00', true, 'no_credentials', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 12:49:47.430728+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('cerebras', 'Cerebras', 'cerebras', 'https://api.cerebras.ai', NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 12:49:47.430728+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('chutes', 'Chutes', 'chutes', 'https://llm.chutes.ai', NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 12:49:47.430728+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('featherless', 'Featherless', 'featherless', 'https://api.featherless.ai', NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 12:49:47.430728+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('fireworks', 'Fireworks AI', 'fireworks', 'https://api.fireworks.ai', 'FIREWORKS_API_KEY', true, '06:00:00', 0.1, '00:10:00', false, 'no_credentials', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 12:49:47.430728+00', false, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('groq', 'Groq', 'groq', 'https://api.groq.com', 'GROQ_API_KEY', true, '06:00:00', 0.1, '00:10:00', false, 'no_credentials', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 12:49:47.430728+00', false, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('huggingface', 'Hugging Face Inference Providers', 'huggingface', 'https://router.huggingface.co', NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 12:49:47.430728+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('nearai', 'NEAR AI', 'nearai', 'https://cloud-api.near.ai', NULL, true, '06:00:00', 0.1, '00:10:00', true, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 12:49:47.430728+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('openrouter', 'OpenRouter', 'openrouter', 'https://openrouter.ai', NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', '2026-11-29 18:32:12.088813+00', NULL, '2026-11-29 12:49:51.559012+00', '2026-11-29 12:49:51.181845+00', 0, NULL, NULL, 'b41202d20916e580b84f1534f1269fee98137690a878cebc07a2ba3a8e389f8f', '2026-11-29 12:49:47.303482+00', true, true, 10, 100, 0.001, 1000, '{batch_discount}', NULL, NULL, false),
	('deepinfra', 'DeepInfra', 'deepinfra', 'https://api.deepinfra.com', NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', '2026-11-29 18:17:03.457602+00', NULL, '2026-11-29 12:49:51.187353+00', '2026-11-29 12:49:51.045727+00', 2, NULL, NULL, 'cf2054c8879a79e3bf3423eb00d32a3de71836399b63315f13ff6be9cf73f8dd', '2026-11-29 12:49:47.303482+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('nebius', 'Nebius Token Factory', 'nebius', 'https://api.tokenfactory.nebius.com', 'NEBIUS_API_KEY', true, '06:00:00', 0.1, '00:10:00', false, 'no_credentials', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 12:49:47.430728+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('novita', 'Novita AI', 'novita', 'https://api.novita.ai', NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 12:49:47.430728+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('ovhcloud', 'OVHcloud AI Endpoints', 'ovhcloud', 'https://oai.endpoints.kepler.ai.cloud.ovh.net', NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 12:49:47.430728+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('requesty', 'Requesty', 'requesty', 'https://router.requesty.ai', NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 12:49:47.430728+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('together', 'Together AI', 'together', 'https://api.together.xyz', 'TOGETHER_API_KEY', true, '06:00:00', 0.1, '00:10:00', true, 'no_credentials', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 12:49:47.430728+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('vercel', 'Vercel AI Gateway', 'vercel', 'https://ai-gateway.vercel.sh', NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 12:49:47.430728+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false);

INSERT INTO public.pricing_scheduler_ticks (scheduler, last_tick_at, last_enqueued_at, last_pruned_at, last_error) VALUES
	('worker', '2026-11-29 12:49:50.90839+00', NULL, '2026-11-29 12:49:50.90839+00', NULL);

INSERT INTO public.pricing_schema_ledger (name, digest, applied_at) VALUES
	('engine:00.00.00_01_initial.sql', '6d7ba94c51af22f6cf437e01774a2de4d98666886f9c0597bfb24deb86546dfa', '2026-11-29 12:49:47.213938+00'),
	('engine:00.05.00_01_drop_started_at_column.sql', '8c36c1cbb9c2c2c4e29996d0839cfc0e674638dd59da73d22d5883a66c94a6d8', '2026-11-29 12:49:47.213938+00'),
	('engine:00.05.00_02_drop_started_at_column.sql', '62fab33b3996ef2bfab09a0502318c51cae1a186db58a2d803e1c341fcf6a149', '2026-11-29 12:49:47.213938+00'),
	('engine:00.05.00_03_drop_procrastinate_version_table.sql', 'e43a1e3cec48cf071140edce6828107b43ca6b7cfa8ae9dcd527a6fa99e40236', '2026-11-29 12:49:47.213938+00'),
	('engine:00.06.00_01_fix_procrastinate_fetch_job.sql', '4dac8738ebebc78b890b56db631018a3cd74089fc3a0e6004aaf7c6252779169', '2026-11-29 12:49:47.213938+00'),
	('engine:00.07.01_01_fix_trigger_status_events_insert.sql', 'e40c589ce32d0b3a0cc5d6b667da42f0fef066e51e6907fad196b1d8b83c9149', '2026-11-29 12:49:47.213938+00'),
	('engine:00.08.01_01_add_queueing_lock_column.sql', 'c8896579a44c9f258309f96c76b8c9415e1766dedfc4a8ca9158094438e6085b', '2026-11-29 12:49:47.213938+00'),
	('engine:00.10.00_01_close_fetch_job_race_condition.sql', '0be9e8dfa820f435482a2066fc68e6f44f92d7ca9a90226443c4be448de0fc32', '2026-11-29 12:49:47.213938+00'),
	('engine:00.10.00_02_add_defer_job_function.sql', 'f49362754442068426b66872cd7f15bb1a9610909a5e8539edbccce79a78c8e8', '2026-11-29 12:49:47.213938+00'),
	('engine:00.11.00_03_add_procrastinate_periodic_defers.sql', '9cf251e931e905ce31d4e5b8bebea220c035b255e3ec0046ba7659d2a6ee9cb6', '2026-11-29 12:49:47.213938+00'),
	('engine:00.12.00_01_add_foreign_key_index.sql', 'd4b44b60e1c79891a52145a9804d1f942cdfb6c8717d575ef2b3fec26b70224f', '2026-11-29 12:49:47.213938+00'),
	('engine:00.14.00_01_add_locks_to_periodic_defer.sql', '7150bc363db295dd7f7114ceab63ae7d52dfece3b91b1735546e64f7b22c1638', '2026-11-29 12:49:47.213938+00'),
	('engine:00.15.02_01_fix_procrastinate_defer_periodic_job.sql', 'cee1ba5828128ff062cd73a7505e5f5a827aea9d09131049cdde8ed32af767f1', '2026-11-29 12:49:47.213938+00'),
	('engine:00.16.00_01_add_finish_job_and_retry_job_functions.sql', 'adc143a05e5d53d4e32513cfe389a6201cc47a8169723f7135429109d8b41264', '2026-11-29 12:49:47.213938+00'),
	('engine:00.17.00_01_add_trigger_on_job_deletion.sql', 'a5c49223abe0566e2952013d16089ffc3b29c1238642341632a3e245f22f0b92', '2026-11-29 12:49:47.213938+00'),
	('engine:00.17.00_02_delete_finished_jobs.sql', 'd777d6c03fab2e590f6ac5144ac7401762bb2ba1c2b83504392638427e556242', '2026-11-29 12:49:47.213938+00'),
	('engine:00.17.00_03_add_checks_to_finish_job.sql', '989c1d0a968ebc0f7a33bebfcab41c0e41fcbf4629d6ed67e40d32d0a5b31201', '2026-11-29 12:49:47.213938+00'),
	('engine:00.17.00_04_add_checks_to_retry_job.sql', '588340629e015ef0fef21d702a64b3031fe449d9676474850ca4425dc63fcd87', '2026-11-29 12:49:47.213938+00'),
	('engine:00.18.01_01_fix_finish_job_compat_issue.sql', '046d1a97cbf2d9fbfbb0fb3a1dd6dc271f0267e55843566acc1cee86eab41288', '2026-11-29 12:49:47.213938+00'),
	('engine:00.19.00_01_add_index_on_procrastinate_jobs.sql', '3a424d244f9af480f581b493c5d93fea60b03540e369797294518f128c9e6360', '2026-11-29 12:49:47.213938+00'),
	('engine:00.22.00_01_add_kwargs_to_defer_periodic_job.sql', 'ba2e550f46f912b420aec63b46462ede8291b66552369df567dc0b36360eae3f', '2026-11-29 12:49:47.213938+00'),
	('engine:00.23.00_01_null_locks_excluded.sql', '24c853edc002f63535d87bbc7bba5093f4e26bc7844b504c0786242aea698c16', '2026-11-29 12:49:47.213938+00'),
	('engine:01.00.00_01_remove_old_finish_job_function.sql', '2665cd1782a2ecb93a7f95e7bf4867335886d31f26acc15fc97be7c8957ae323', '2026-11-29 12:49:47.213938+00'),
	('engine:01.01.01_01_job_id_bigint.sql', '223e3f20475bc76efe3e00509f9ba2d8610e27a77da72a5fcb7dbc4bec357a8b', '2026-11-29 12:49:47.213938+00'),
	('engine:02.00.03_01_add_job_priority.sql', '34aa498b770d1f6a1bdda291a45866dae7cc2cb509f19d8e0445788b91191142', '2026-11-29 12:49:47.213938+00'),
	('engine:02.05.00_01_add_periodic_job_priority.sql', '997a8b9d61c5c93752521f7dd52c87799752fe2e0396b3f636c413b23c778280', '2026-11-29 12:49:47.213938+00'),
	('engine:02.06.00_01_add_cancel_states.sql', '28e8be115842d81d29a0e818338dc319a24be044b469e30df6f535977a25a498', '2026-11-29 12:49:47.213938+00'),
	('engine:02.08.00_01_add_additional_params_to_retry_job.sql', 'd3c9d446a79ff2a9f3030db01772c33a4c4dd3898151598d05f1979ea4e76319', '2026-11-29 12:49:47.213938+00'),
	('engine:02.14.01_01_add_indexes_for_fetch_job.sql', '66c0fdc9ea24569f14d2b2ebaf9f8309858e66141dd271d9bf61ecf56c362ada', '2026-11-29 12:49:47.213938+00'),
	('engine:03.00.00_01_pre_cancel_notification.sql', 'e79f3dc19f80de6f6c54aec9deb4548989b68ae38061a55b6ee3144e313c1ecd', '2026-11-29 12:49:47.213938+00'),
	('engine:03.00.00_50_post_cancel_notification.sql', 'd16fba7d14d5c699ceb81fd67a450422bd4b8337b1934b4eb00aa5438eddfbdf', '2026-11-29 12:49:47.213938+00'),
	('engine:03.01.00_01_pre_add_heartbeat.sql', 'f07b98da98e470881e629478f85f142b2f28a659f1ab53e0da1dc7fe917834b8', '2026-11-29 12:49:47.213938+00'),
	('engine:03.01.00_50_post_add_heartbeat.sql', '562472e1ccfd262792a57dcd771f918dae87b0dc038e3832172b3f1ccce69dc0', '2026-11-29 12:49:47.213938+00'),
	('engine:03.02.00_01_pre_batch_defer_jobs.sql', '1f8f957339ff8a455bfd27bdbdbda41daca3b19931a032cd2d9356620af93951', '2026-11-29 12:49:47.213938+00'),
	('engine:03.02.00_50_post_batch_defer_jobs.sql', '8fc1d2c94a057eab36cb074f920f8fab17cb23f8ccee708a64ea52804222ac67', '2026-11-29 12:49:47.213938+00'),
	('engine:03.03.00_01_pre_priority_lock_fetch_job.sql', '70731b65ba99a63962fd1adc6e1c9b3bef6a480a091f3d41d32c50b7ddc31441', '2026-11-29 12:49:47.213938+00'),
	('engine:03.04.00_01_pre_add_retry_failed_job_procedure.sql', '6883b7336508620ba856db4a78558158fe15c8e68b2ea05c60b468e73c311255', '2026-11-29 12:49:47.213938+00'),
	('engine:03.04.00_50_post_add_retry_failed_job_procedure.sql', 'b7938e0a0885d8d00d3f55647bcf141c3f2acac439070c1287734fcb3d98947b', '2026-11-29 12:49:47.213938+00'),
	('migrations/20261121000100_settings_and_providers.sql', '970ed46bcd7e2fb428a928f01d14a063deb35b51f222ddadad71c11c418f80f7', '2026-11-29 12:49:47.303482+00'),
	('migrations/20261121000200_jobs_and_attempts.sql', 'dcb6ec30985590e545e67e73393f92d05942237f4e3d0ff67cb66fc6dacb2187', '2026-11-29 12:49:47.327264+00'),
	('migrations/20261121000300_model_pricing.sql', 'e8b7921111168c9b2ee87307516a30dccf6050341541cad5e9007de0be43cb8f', '2026-11-29 12:49:47.351926+00'),
	('migrations/20261121000400_keys_and_audit.sql', 'bde9b8f0ab24b3ce468ce3b239d7ee439039a065c0bdf5508abebec8cbaaef14', '2026-11-29 12:49:47.367229+00'),
	('migrations/20261121000500_engine_indexes.sql', 'ef4d8757f11d97c9dab5f0090f2b0205b2b7cdc96bc7a5c9602d4c35c376e0a3', '2026-11-29 12:49:47.391011+00'),
	('migrations/20261122000100_schedules.sql', 'c8bc8bf2cd323b228e0528b66db638ba2d25b8d3ced37ee03443dec88416acd0', '2026-11-29 12:49:47.399064+00'),
	('migrations/20261122000200_idempotency_keys.sql', 'f95c91d2d1bbe8a0f230ab3866a66311cef383d29a94ad14e1fce69970bd058e', '2026-11-29 12:49:47.408457+00'),
	('migrations/20261122000300_upper_bounds.sql', '42f7ae6a9dba5a7e707095203fcbdde1a3e3be42cd74c7f2ddc19f5543bd2007', '2026-11-29 12:49:47.424418+00'),
	('migrations/20261122100100_providers_and_guards.sql', '19dfd7f1b035c25838742d052b1368c4d150afa3aac05da84cf1abfcb2849ec0', '2026-11-29 12:49:47.430728+00'),
	('migrations/20261122100200_price_decisions.sql', 'acd3341fc551931d3b3325e5db374134338643aec31383ab6ca4aca7a5cbd998', '2026-11-29 12:49:47.434017+00'),
	('migrations/20261129000100_locks.sql', '8271fe16da2838375b9642d76b3a0e9be596c913db98acb06f4fce00b2cf1587', '2026-11-29 12:49:47.503053+00'),
	('migrations/20261129000200_price_borders.sql', 'd2569d0a5ed7dec59fcf6a53a4fddf5f5b4f4a602795c8d2834866604b479044', '2026-11-29 12:49:47.5274+00');
INSERT INTO public.pricing_schema_ledger (name, digest, applied_at) VALUES
	('migrations/20261129000300_keys_and_identity.sql', '3625637ca3c05a5d6d3581a118ea5e56bbfc2571d973d45df314acc3affe0529', '2026-11-29 12:49:47.535187+00'),
	('db/functions/accept_price_changes', '67b8b85c9cbe0573d28d2a09c70f92bae224f3286d058555ce8fdaf394dd15c9', '2026-11-29 12:49:47.544989+00'),
	('db/functions/accept_shorter_list', '4553f8369dc2dc81583f06bf2abeddc096ce3cc593457ac141d61a0ea4a2d74d', '2026-11-29 12:49:47.544989+00'),
	('db/functions/approve_held_price_change', '72d489c7fda1d6fe61869bbf7fa386f6d1bb89fbbe328d792d8d4ef2ab0876eb', '2026-11-29 12:49:47.544989+00'),
	('db/functions/audit_provider_change', '331d794649909e06de2690cd6feda58674f4c638976dd7fd5e219d84e9afb429', '2026-11-29 12:49:47.544989+00'),
	('db/functions/audit_settings_change', 'ff8e9c30f4e3127a93e0e307604453fb4123d5a24748879cce439940b68e696e', '2026-11-29 12:49:47.544989+00'),
	('db/functions/beat_pricing_worker', 'd55a6a6a92cf54a40cc0e9b900c23af3aec6cd1a3db5c5bdbb221718afd76326', '2026-11-29 12:49:47.544989+00'),
	('db/functions/bound_price_list', '0027aaeb64462e1be2d32e5af7a424c7d48a13798ab681d216d9addb6de59ce6', '2026-11-29 12:49:47.544989+00'),
	('db/functions/cancel_disabled_syncs', '4e0d1e80da43414e247033b054a1cbe5d38507a8988ca952e272b5756a12c75c', '2026-11-29 12:49:47.544989+00'),
	('db/functions/cancel_pricing_sync', 'ee684b8d874438cf015bded9b8e48b2b9f286fda2543fa43f9625a4aacd9db47', '2026-11-29 12:49:47.544989+00'),
	('db/functions/capped_expiry', '264113716afb87135ff3eef0dc7696fc90ffdc013e415f409a9bdc31f0117f8b', '2026-11-29 12:49:47.544989+00'),
	('db/functions/checked_expiry', 'd605785292c8bfc3bc0f9a3fbd7f949cad75db9e497be9ef01a3b47d17de602c', '2026-11-29 12:49:47.544989+00'),
	('db/functions/checked_interval', '31d47089433b90ebd0403cf74ab2909ecf9536fcec58f5d17531a49cf8e14a96', '2026-11-29 12:49:47.544989+00'),
	('db/functions/cleanup_expired_pricing_locks', 'f5dd67d8b2859c3e759f7798dedb3a4fe7a74fd34f69076d280808b65fbda6b4', '2026-11-29 12:49:47.544989+00'),
	('db/functions/cleanup_old_pricing_jobs', '74079f26a4946983220438f1fb1f3eaa04144c3f8c1fae22f7c39572f0f2f5ce', '2026-11-29 12:49:47.544989+00'),
	('db/functions/cleanup_stuck_pricing_syncs', '19fc15b6234537184741739822b039fb98a75500a9ec77c6a6f72a35a96360a7', '2026-11-29 12:49:47.544989+00'),
	('db/functions/counts_of_sync', '7becb29465ed860e8d58e5587fb189e55d692b84ee9ddabd3202e3820e0bf6fd', '2026-11-29 12:49:47.544989+00'),
	('db/functions/defer_provider_syncs', 'e22082901c369c025cd04962d692d37cf73d311dca22dc754c9ee6aa4baae3e9', '2026-11-29 12:49:47.544989+00'),
	('db/functions/add_pricing_sync_job', '877a075322181208fd787d8b5c82f4cc67a4f2470308242a2168f24c884a89ba', '2026-11-29 12:49:47.544989+00'),
	('db/functions/end_ignored_aborts', '0ae5e21ecc4fc28aebcb9c4ab1a1f5851315e956f8f3650f81f860a2d3ac313f', '2026-11-29 12:49:47.544989+00'),
	('db/functions/end_price_change_rule', 'de25cd7b56142b45342cef707ae9dd8a79f3eab4809d90c6037133bc015cb69a', '2026-11-29 12:49:47.544989+00'),
	('db/functions/enqueue_due_pricing_syncs', '2c223300cbceae2304ba7c1d0498eb21c3c8a8c00dda5eb2c7c0a4c673f8b1e3', '2026-11-29 12:49:47.544989+00'),
	('db/functions/erase_audit_details', 'aecc75d6154e3e7f7ac4df2f494077ac3c7236f0418251735cf714a46254763c', '2026-11-29 12:49:47.544989+00'),
	('db/functions/fail_overtime_syncs', 'aed88109adb7b79e840716fe01cea8d9293c921029e41bb7f46278208ccca5a8', '2026-11-29 12:49:47.544989+00'),
	('db/functions/fail_unattended_syncs', 'd87834f7ac2d7bd4a4edaf40d123f7674551a8f6c50a6f0a3913bf4ff3f1e37c', '2026-11-29 12:49:47.544989+00'),
	('db/functions/folded_key_name', 'f631db978fed5542e71622d53dcb85353a1d9ba1eef4105911871c0aed9770a6', '2026-11-29 12:49:47.544989+00'),
	('db/functions/follow_provider_disabled', 'a768967701d14ddd6f37462a05431c2dfb98bd2c08ee9e7468c476aaf9d675d8', '2026-11-29 12:49:47.544989+00'),
	('db/functions/follow_provider_switch', 'e118a6415a846f174d7e59cc881ee046f5ec0c730ad6f224abc912a25d268374', '2026-11-29 12:49:47.544989+00'),
	('db/functions/get_provider_sync', '9f91fb7e2a4edcea222fe581b8dc1b1e9051302b3c33b1076299c1d8e03f7a0d', '2026-11-29 12:49:47.544989+00'),
	('db/functions/guard_interval', '10a2d16582b4fa0e8960c730d8dd859f0e8e697d3b85f15f258a1c276b5e3a27', '2026-11-29 12:49:47.544989+00'),
	('db/functions/guard_pricing_job', '52575a3d30da4c891aad92a226b30bb915d778a5bc03885ed4f622aaeccbdc18', '2026-11-29 12:49:47.544989+00'),
	('db/functions/guard_pricing_lock', 'da071a225493557c6a62984a5a9dae4e1d39ae69b2b9920949c03320f48f18d0', '2026-11-29 12:49:47.544989+00'),
	('db/functions/guard_pricing_settings', '03a7957d522bf5641f62794e2b6fa288197ce6102affe33d9b82c692ab3faf5c', '2026-11-29 12:49:47.544989+00'),
	('db/functions/held_pricing_locks', '96427634d3f69a2ffc9570f61c55916023c78ec99fab1c980232000cea7e2df4', '2026-11-29 12:49:47.544989+00'),
	('db/functions/hold_log_row', '663245bba58fce82e9a5ce7cd865748b5b90aed404df00c961b8a3fa16bafa17', '2026-11-29 12:49:47.544989+00'),
	('db/functions/hold_stuck_sync', '0d6759f1b722edde89f07306b0efe1bfd3f9e68a5daf0d28c679564e7865668d', '2026-11-29 12:49:47.544989+00'),
	('db/functions/keep_pricing_lock', '7df7df43a87f68e428deca6a3f5fc2c3c408878a3f84a6dbad88ae90e964bc0d', '2026-11-29 12:49:47.544989+00'),
	('db/functions/log_ended_attempt', '2c401261bc1356339580427ca7bd9543506d609d8ed93a60b85a9b391cba7e18', '2026-11-29 12:49:47.544989+00'),
	('db/functions/log_queued_attempt', 'd10bfd4d99f0b42196b623c0fd122d58d633936be9fd54066b1e665d7a464b2d', '2026-11-29 12:49:47.544989+00'),
	('db/functions/mend_pricing_jobs', '51fcda9a148de36722612849ac0c678ff350156ff79e70ee4b1301104854d0b3', '2026-11-29 12:49:47.544989+00'),
	('db/functions/model_price_at', 'eba4b001e0c8d75dcd09fd9151206d4a184309ec49820356449c6de0b0ddc2c6', '2026-11-29 12:49:47.544989+00'),
	('db/functions/next_pricing_sync_at', 'c9dab87258e540bd102971162466f6925c97148836eea5cd97bbd14740cbddcb', '2026-11-29 12:49:47.544989+00'),
	('db/functions/notify_pricing_sync_job', '3a213ae36bf2627b6c8663f70f20a9891cb9aba19768a9b4671e23e09b120a64', '2026-11-29 12:49:47.544989+00'),
	('db/functions/prepare_provider_sync', 'e7a29a20a0199acb3ca5afd90ddf34606d03bd63842bf4f799bddfb3a3c4670b', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_api_key', '84ddefd598e206dcc2f46c6ecd976409e60f77cdf56bbb3cf5e7c66d11c2c111', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_axes', 'ad85f380fbba9faf9acd9e3b1c66ee8ebe833419a8d4cc81a9c4209effdf2399', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_credential_variables', 'ac8e867d4b711e9edad03337e08df7b4dd6cf4424d16101795e96625a878c4ad', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_doctor', '3c48000213c2af7fa2b90e27c7f65038efd87c01a459c3d3ca892d154227b517', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_has_admin_key', 'e8c694032a9bf416b58a2e1f44747d3f5d8e5f46e47104ee6e1e487322afb09d', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_is_called_by', '217b95942d6a734e4523e2a67bab78c684ef94790d3b0a474dff530d870284bd', '2026-11-29 12:49:47.544989+00');
INSERT INTO public.pricing_schema_ledger (name, digest, applied_at) VALUES
	('db/functions/pricing_is_clock_turn', 'd1857f8d862d8e3c0a4f0d2de7a2119c69ca9ad8378ad50453537fd31e0041fd', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_is_open_transaction', 'f7bfc68f8e2abb6d9ceca1ae2f7a914c6abb37928ac83c91a56904316a9faedd', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_lock_holders', '5e311572c64c2f029735da80c8ad80effd95f1e51dc020a2412190bfc7850b9a', '2026-11-29 12:49:47.544989+00'),
	('db/functions/held_pricing_slots', 'eb22f5d9e6d80068a59db126c49efa899c95c71073ee30bca1a8422adc0e38e2', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_held_syncs', 'b885fd6f82d27cd5d53982e421f2fb6cc56671c00ca8fc7cb9019d80bc7b90b8', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_overridden_set', '2b970aa4f438e658a35d1894444bdbeb20bf7296a794f67162d3a4c90512e811', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_price_set', '6908b7c6d70ad2ba4361ce421ca2d1c3cad5e72850d171206c43b27ea88253d7', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_base_set', '39f5d89c6fdb6ac6effdcf63715b661cce8474bbd49fb9fb326c9b3dcf756951', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_prices_differ', 'a66db5e93b125d0145eb972afc8281142b45b887d32e5a4f5df7a9cdda3ea8e5', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_scheduler_status', '4db7255c5a26ef56591208336ac829c8098be0bfcfaa269cea9f2dcf74061e11', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_sets_differ', '72096867256034351472e5fac51cc16c7a92a40ad8d8e45a36b02f007c0614fd', '2026-11-29 12:49:47.544989+00'),
	('db/functions/compare_provider_prices', '4cddf3fb748552cc33a544779efecd46118dcd1422ffcb32e08e87bbe93ad405', '2026-11-29 12:49:47.544989+00'),
	('db/functions/decide_price_changes', '8979c8af66e6145982b914af6c3603eec34e056a3a66205078ac0db08ea282d4', '2026-11-29 12:49:47.544989+00'),
	('db/functions/hold_price_changes', '67590187f74447966092079c64718f86ad262f22119704e5b4090a5afccfeca3', '2026-11-29 12:49:47.544989+00'),
	('db/functions/list_provider_models', 'bb3df32cbaa9e629292391483dcb0a2f44e8ef7f9ca20d2aad63a3dd67427177', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_shared_moves', '3bd86cd8ca6b27f90e92ca5430f044551c0829e3ccc0f4de408fa06e8d599a1f', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_short_number', '90fb58e4b3335a2fd5496c07d42efbc2a51bdd2d3ad17ca0aae9b2b8a811bd27', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_sync_estimate', '36b13ed1c0bf92d3d8d7c6dc643c1614ee0622a06c66232fad1b56d17bfcbafb', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_table_holders', '8530bec069a9fc64116dcb01eba552334b9654a5318f911f2bf8b343a3e8cd56', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_token_moves', '891f88c62732e147bd87e1da37e144945381e0d741474e242f1f546113520fbd', '2026-11-29 12:49:47.544989+00'),
	('db/functions/judge_price_changes', 'c37be7db24d00a042d05042066fb0634ba59b391d704b4d0c191604014ce8151', '2026-11-29 12:49:47.544989+00'),
	('db/functions/judge_price_override', 'df78bec4a3eecfc4d0fc4ee9407e9421780df61d14ed83663b611145c8202cfe', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_unrecorded_prices', '7bf2bb7ca9c70aaa50c9afd4a225694c9b869eccf31200620e3d9001f2177520', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_who', '45a3f740d2a729f402fa2386100d6864d556bddbd3118e58c5b898a6acb419f4', '2026-11-29 12:49:47.544989+00'),
	('db/functions/add_pricing_api_key', '931c82136624fdb98a125bc0bd113e78d29576f0a94f29a047c736016fffc979', '2026-11-29 12:49:47.544989+00'),
	('db/functions/audit_change_by_hand', '658870c2ce4bcbe5567aabc67814c0d2e1424732c9b82940476a0dd427cb51b0', '2026-11-29 12:49:47.544989+00'),
	('db/functions/audit_deleted_jobs', '3de0400b8d735378ab14ed5049d5dfa7fec536176ee7ae9dd27d13974afe2bdb', '2026-11-29 12:49:47.544989+00'),
	('db/functions/note_pricing_maintenance', '5954e88469a08b04bf068161d75670edb14602cbe65ad48844d299d8653c1244', '2026-11-29 12:49:47.544989+00'),
	('db/functions/guard_model_pricing', '6c2307c1d71cd717bfab33f52f7346e12e9ca49a3f9a954cb005596857858baf', '2026-11-29 12:49:47.544989+00'),
	('db/functions/guard_price_override', '4d97cdf1db4a16ed2016ca815f8bdbc6dbad215e35a7d07e6f6b45f1cc99cd80', '2026-11-29 12:49:47.544989+00'),
	('db/functions/guard_pricing_records', '4d037e7f75c7cbc7242df20047c9133afdb43f6b7cefd53abf8ba0958786059e', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_identity', '63e80aa92e2c75a573c4300e9c3919210b4438b29cac2f5d9bb1a1196e64f66f', '2026-11-29 12:49:47.544989+00'),
	('db/functions/idempotency_identity', '0841c2dab58f4e7bf96a932cf981d5e54a35371e8d32902dc54524bd920ebe0f', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_workers_alive', '67a6a69cf48c09c6e50024af254d4085938f73b0b452f21aa53e1a925a34d429', '2026-11-29 12:49:47.544989+00'),
	('db/functions/project_provider_sync', '14de78d74d71c8d98615d19781ae5f304695fa983355d537671aab5bccb49123', '2026-11-29 12:49:47.544989+00'),
	('db/functions/prune_pricing_workers', 'b049d7fd1711c102a33881e863f2a5730c73958abb4216e8de388a97ff0d39e1', '2026-11-29 12:49:47.544989+00'),
	('db/functions/queue_id_is_taken', '522bfd56e3c206dbe3c0c56ccd8037229c1dd1d7bb4591bdc2c45f065df74fe2', '2026-11-29 12:49:47.544989+00'),
	('db/functions/queue_row_fault', '57ad7d0ae25fb111f9a8cbd25944df2d19df86e6dc06cd9e2c7346e8b6cf547a', '2026-11-29 12:49:47.544989+00'),
	('db/functions/guard_new_queue_row', '745e4684864470c4dda9f919967e0925708c2e9b6e527ce351f0819fd2accea9', '2026-11-29 12:49:47.544989+00'),
	('db/functions/guard_queue_row', 'e53133126565bd3de3b716970ae98f3fc38b8880f5ff479dba5c3e1ee989ebe3', '2026-11-29 12:49:47.544989+00'),
	('db/functions/record_price_in_force', '720ea51c25b81f4b140e3522323bd346e2b605074b84f83d154dea939ce85bae', '2026-11-29 12:49:47.544989+00'),
	('db/functions/refuse_odd_list', '0d96fcfd0a6d2674e5ac8427c88d8de18b51bc24e005b5a612f742daacf41b8c', '2026-11-29 12:49:47.544989+00'),
	('db/functions/reject_held_price_change', '5e0a50f0eea6c8a32768c5254ad178a16fc1b521f1cdd3d0293b3f553651e8bc', '2026-11-29 12:49:47.544989+00'),
	('db/functions/release_pricing_lock', '8dc86b9d1696f8dc2d92e36e8f8b0ad3e3a3d35391dd10a91bb84ff25f6ddd07', '2026-11-29 12:49:47.544989+00'),
	('db/functions/release_stalled_syncs', 'b8925e4f54674597451ae35d0cc1f2e1ccacfe1606e512aacb8845d5011f4823', '2026-11-29 12:49:47.544989+00'),
	('db/functions/reopen_pricing_job', 'f7229d86024455864fbdfcb7f0e90ab42044501084f290ecda1c19cfd77ff54b', '2026-11-29 12:49:47.544989+00'),
	('db/functions/repeat_provider_list', '7a4b44456063101efcd136f2b0f91a65eb012828d3357561b3cd6e5f77009ac1', '2026-11-29 12:49:47.544989+00'),
	('db/functions/report_pricing_credentials', '9946b1a3587277a7e53cb80859b0a0f2da867655605becaf3d035c3e4694cc9a', '2026-11-29 12:49:47.544989+00'),
	('db/functions/requeue_given_up_sync', '73b96a8991a7f753b8f89cb1f98ae805618e020d3ce55bf529f975f9f221ebd8', '2026-11-29 12:49:47.544989+00'),
	('db/functions/requeue_given_up_syncs', 'ae53ab4173af70c16d4df76a28dfa7dc5ba56f4044a42a646d90339a93f66f9c', '2026-11-29 12:49:47.544989+00');
INSERT INTO public.pricing_schema_ledger (name, digest, applied_at) VALUES
	('db/functions/requeue_provider_sync', '0725f455d8e610f53d825f9849aa69a32e26d379ac48ce9dde7cf8ab33022ec7', '2026-11-29 12:49:47.544989+00'),
	('db/functions/require_fresh_reads', '255420739436e1ff2af0acee53e0fe54f9c967fdb58c4d534513dc4c6de4d3c0', '2026-11-29 12:49:47.544989+00'),
	('db/functions/resolve_sync_providers', 'b63bbb096549aa4dc8287a2a7b0bcc789b799cbc748699648db36e6072e9fa87', '2026-11-29 12:49:47.544989+00'),
	('db/functions/retry_pricing_sync', 'e696d0d534fe3ed4e6681c72f1f1cfa7e5bde5ae766be520028d7633a7f2e97a', '2026-11-29 12:49:47.544989+00'),
	('db/functions/settle_pricing_job', '098841f239fd3213c78e886d5a19605b18b52003db6d43d32d96b2eea0f15a32', '2026-11-29 12:49:47.544989+00'),
	('db/functions/show_price_changes', 'c359503d9230b1eaec448ef53da170e65697832b86b4cd11860f2d7b56996745', '2026-11-29 12:49:47.544989+00'),
	('db/functions/sign_audit_row', 'a9fb4563f3ff8d43989059ba8717f462cb836a71700676659d70121faedb4a29', '2026-11-29 12:49:47.544989+00'),
	('db/functions/stop_pricing_job', '646160aa4d3c5d5466d792326aa3c4f33bf67f070aa16a10e6d561129bd7d4fa', '2026-11-29 12:49:47.544989+00'),
	('db/functions/stop_provider_sync', '59691c9968b29cbf56caba96ff8b39acf97ab6b528799cc59b0f777eb68497dd', '2026-11-29 12:49:47.544989+00'),
	('db/functions/store_pricing_catalogue', '7ce8e39c348cdfc9f0a9a7216aff3fb073ed274e8cd4fad1bb52a6ab47e31626', '2026-11-29 12:49:47.544989+00'),
	('db/functions/stuck_pricing_syncs', '0f382c9072eeeb2bd3a1209393bfc15bd598b5c3297d210757676b164a0cfd17', '2026-11-29 12:49:47.544989+00'),
	('db/functions/touch_pricing_api_key', 'f8913e5a4ff2f9c4dde12e7ea46c17148fe0964c92c88509e88eb0207a910040', '2026-11-29 12:49:47.544989+00'),
	('db/functions/trigger_pricing_sync', 'f7d15a27f03b3f46665eca2dcca81af05be0d2cfc08f67a754b9786ea314aa59', '2026-11-29 12:49:47.544989+00'),
	('db/functions/try_pricing_lock', '3cf79c4d5268b23d66d3550875eea0525570d66dba79f789ad21192ab77abeb4', '2026-11-29 12:49:47.544989+00'),
	('db/functions/held_sync_locks', 'd22f7dd841d6a958d7a78e779facc8ef31ae40c9bed473db92b03ffa942c11e2', '2026-11-29 12:49:47.544989+00'),
	('db/functions/fetch_queue_row', 'dee4b2f9cf9b37faf0b3fd46dddbc8417d43ae42f24c7537f43a46e49762c369', '2026-11-29 12:49:47.544989+00'),
	('db/functions/give_up_sync', '3e1852dba1ccdc4db1884ea05b9cc0bad69bed58f6c0a0547c2e243e9d62dd79', '2026-11-29 12:49:47.544989+00'),
	('db/functions/tick_pricing_schedule', '5aefea50b56a8f729f204f12416bf13b98efa8970cc47523ac8f7df43ed3f34b', '2026-11-29 12:49:47.544989+00'),
	('db/functions/wait_for_locks_until', '022d7a90a02c5d5eb4acd940a9bca5a1226505c2acf6ba1e3cc2c67a833d0352', '2026-11-29 12:49:47.544989+00'),
	('db/functions/hold_pricing_lock', '3ef3a6f97ab4e36aad42f225918b58eedc2fdab9675244b843e19557de377960', '2026-11-29 12:49:47.544989+00'),
	('db/functions/hold_sync_end', '69f3dcdac46399669dfa3e42aaaec65c9b8cd949d3f957d9b9beeb20c70fec7e', '2026-11-29 12:49:47.544989+00'),
	('db/functions/end_provider_sync', 'a2e225f43105bb5151088ce5a5fe17aa6a55bce71b4d4ed4333940bd00e7fc30', '2026-11-29 12:49:47.544989+00'),
	('db/functions/lock_key_name', '86e8247d06530824436615157727eb4b82239b26dabebd7616ad1606c6149c58', '2026-11-29 12:49:47.544989+00'),
	('db/functions/create_pricing_api_key', 'c3347bd47fa534e96bd11376a1516d82512deb6dc19376781718be8104310667', '2026-11-29 12:49:47.544989+00'),
	('db/functions/lock_provider_prices', 'f7496ae3a93957b8974db9665d4853608198d4f46a9a1c050c9db214c9d3a525', '2026-11-29 12:49:47.544989+00'),
	('db/functions/lock_listed_prices', '78db2dad715da91efb1f1a168a06b95c5237e31139594f6cd5fdb60d1e986d01', '2026-11-29 12:49:47.544989+00'),
	('db/functions/lock_provider_triggers', '313a9c68e7460f237d600f345c6793cb4bb7da56cf9a358c2c7b28d8598f342f', '2026-11-29 12:49:47.544989+00'),
	('db/functions/revoke_pricing_api_key', '8ce187dce4c6807c133ca9bc3c9cb5c9eac42ef3cdbedb01b6d3031033511960', '2026-11-29 12:49:47.544989+00'),
	('db/functions/rotate_pricing_api_key', '469fc5a93cd0cbcfa1e1868900aa725cefe09061216cf9502f9265857ff6eb7d', '2026-11-29 12:49:47.544989+00'),
	('db/functions/wake_pricing_workers', '112e4c0b24d1b530a1ce48cf695962d191a8f336560e85cae07c46c05bd2a533', '2026-11-29 12:49:47.544989+00'),
	('db/functions/write_model_prices', '49e0e3403f2409fc1039d888e56cb02c81c3d54ce96e792565fd8020d74f59ae', '2026-11-29 12:49:47.544989+00'),
	('db/functions/apply_provider_prices', '94eb787a79c4334f1b6bc048ba436f8cf37402ae88370dcc357254c5ee711eb8', '2026-11-29 12:49:47.544989+00'),
	('db/functions/clear_price_override', '9d1479341d92e71c09f1db743843c4627890554f17036a445d397319f9661588', '2026-11-29 12:49:47.544989+00'),
	('db/functions/decide_held_price_changes', '7038921e9dc85edc7df47ab6d9abaa5f34474d2a8301e02d44d09b69ea1628b9', '2026-11-29 12:49:47.544989+00'),
	('db/functions/decide_held_changes_of_job', 'f0ff38bb420b21a092d72c268f7c0d5510a393e989c1ce2e3bdbbdf3996f2301', '2026-11-29 12:49:47.544989+00'),
	('db/functions/approve_held_price_changes', 'dfeee2eb93e80a05ed6e6429c5570b766f00ba9878e2415cfbef623700bb733d', '2026-11-29 12:49:47.544989+00'),
	('db/functions/end_expired_overrides', 'f278da181b43006d3ba6030d9eb84357bde32046e9f227b70c9b3a4aabbc1489', '2026-11-29 12:49:47.544989+00'),
	('db/functions/reject_held_price_changes', '780f850d9e828c12bd859b06817946e75493a2ac7700e3b381e134619b1b20c4', '2026-11-29 12:49:47.544989+00'),
	('db/functions/rollback_pricing_sync', '94e617a3735a72b9c5612082e56b30cafdcfb73eba231e10f90f657526fd08ee', '2026-11-29 12:49:47.544989+00'),
	('db/functions/set_price_override', 'c8973dbd148e2c4eaa09090c2712e3e86f84205fc09ea283c2316e0723a1e44e', '2026-11-29 12:49:47.544989+00'),
	('db/views/model_price_conditions', '867edf9542244c53486770f8aa791ea6599f6d7ef28eb3901b30183b1fc9c7c4', '2026-11-29 12:49:47.544989+00'),
	('db/views/model_prices', '11037c8f13d501d71f947745eab73f4f04502a9d08f74a2d4630f3da21250a34', '2026-11-29 12:49:47.544989+00'),
	('db/views/pricing_active_overrides', '4a94074469eb310bb06ec9d9087b89398fedf919d27876f4fd85e65a5608b644', '2026-11-29 12:49:47.544989+00'),
	('db/views/pricing_active_rules', 'de54a2421ea729c33cbeb6fb20a725a1f3d375c5c4aa05f6e542676d2e549e1c', '2026-11-29 12:49:47.544989+00'),
	('db/views/pricing_cron_jobs', 'c90727b7fdee9b45d75fb2de16102e02c053987add9b2f33ded7f03067febe11', '2026-11-29 12:49:47.544989+00'),
	('db/views/pricing_drift', 'bfa9190d97f97aa07b6a48f22ef1d6895a9b1a32e4a772830b77a66777619243', '2026-11-29 12:49:47.544989+00'),
	('db/views/pricing_held', 'c2441c7842fb13ac9f35a2852df66d9d371c9e86a1288fa7aca4958016f74b61', '2026-11-29 12:49:47.544989+00'),
	('db/views/pricing_history', 'fcb6df05327a7984ef6cc0487ec803e5aa655f3310c17a58798dbc7a5d51ab88', '2026-11-29 12:49:47.544989+00'),
	('db/views/pricing_keys', 'cc05056c0d85cec1f6708178d9ac04ba404d8dbf5acdc4db9a8685f720479d02', '2026-11-29 12:49:47.544989+00'),
	('db/views/pricing_missing_credentials', '543ae6f7483d41ff00bad8fbdf88d584395ff81b1f25ffe5877987f2f81407d8', '2026-11-29 12:49:47.544989+00');
INSERT INTO public.pricing_schema_ledger (name, digest, applied_at) VALUES
	('db/views/pricing_provider_syncs', 'a69cb39e56ad8f3fbc622c175cc24ee18367a5da2846b6c80e002660cf5f6cfd', '2026-11-29 12:49:47.544989+00'),
	('db/views/pricing_rights', '625898e5a2948297fe890f333719c80ee0085b4b3251696597c61be94e519c5f', '2026-11-29 12:49:47.544989+00'),
	('db/functions/pricing_access_differences', '4320d3a631e84194dd30c950f9c490ba19914a819717297cfcc7b7ea285a0448', '2026-11-29 12:49:47.544989+00'),
	('db/views/pricing_sync_lock', '7de827456a155f2d492a0d8ef295b3bfe96ed8c96925d5577b90bb0e8e08442c', '2026-11-29 12:49:47.544989+00'),
	('db/views/pricing_sync_progress', '7167b67f2d37139ba17d8fe34956d2ca52528801575dffc82bd0888f1d943191', '2026-11-29 12:49:47.544989+00'),
	('db/views/pricing_syncable_providers', '4a640729353490b1e4fd144cc7b78b16fc21eab8b2a56b0d103b3696602a6111', '2026-11-29 12:49:47.544989+00'),
	('db/views/pricing_unpriced', 'b15b48cec88b4a7b4da801663d73a2612be5ec6a7c1950c8305fd188c25b581c', '2026-11-29 12:49:47.544989+00'),
	('db/views/pricing_worker_heartbeats', 'f2bcda4283afb15ce714bd6be8f96939cd00988cd238197d786272875d2723e2', '2026-11-29 12:49:47.544989+00'),
	('db/views/pricing_sync_expiry', 'e83b45ad24c238fa9fcc3a498e6e396cd40fbde42d7eae2b913ed3997d49490a', '2026-11-29 12:49:47.544989+00'),
	('db/views/pricing_worker_settings', '62ec88824a1ac1517aa35ceeadacdfd3d3b5d91ae9d481bad882b2863e3ee554', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_audit_deleted_jobs', 'ee6afe39fa2e30fcccda437a584337bec78b245dafb098b980acde266eea84a8', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_audit_keys_by_hand', '7f8f2cd832ae00aad498ebe87bb3b4bed03c5a0a003aa1c3b56ba6059f355bf3', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_audit_keys_truncated', '760b31c999f3851d34555968b28e0e2ffeac09fb5219ed66f1c25d856250f18f', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_audit_overrides_by_hand', '153888bb3e7aaf854fdc4402f507f5135f1fa27847287a5290dcf3bab7492cab', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_audit_overrides_truncated', 'c545a71f2e18688c98d9cb9542590bd8ba1b41db946dddb6271cf01df1aabe09', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_audit_provider_change', 'dfadd987d5202231d79ea490e414e7fded30b4aa40ce2f2950195f2ea38086f8', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_audit_provider_change_by_others', 'dfadd987d5202231d79ea490e414e7fded30b4aa40ce2f2950195f2ea38086f8', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_audit_providers_truncated', '4919865b004c296a3e46e41c18b76f0b26058c25cb023aa4bb2be28f0ef81951', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_audit_rules_by_hand', '72df7d72553573aceffce969a580d71a35d83af41d5e71c5a9dcba666aa965b7', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_audit_rules_truncated', 'dd575075b1c94241eee997c75c0b1097eca026ca8e899d3132b521bc5e5bb566', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_audit_settings_change', '3a1c298decd1085d50ac4b2d1f2381de7aa601e22eaa3d86bb71e4417adce008', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_audit_truncated_jobs', '3a84204bdadfb0dfc1f84c8408deb3ca3d457967fbc0c0f5d2269525c3060a40', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_follow_provider_disabled', '4d86b536bcea91ac78406e299d810f52be5d2d3a78c5b9afa1e65fddfc66cfc4', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_follow_provider_removed', 'fc1ba9586b298975c9e8aae1b140690d17ea663cbdc0c9ddb92fc8b49852896c', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_follow_provider_switch', '725dfb4e646bbaa6772e796e7bcf63523a5edbd9c78a2b8322a8d34b5f679c6b', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_guard_settings_intervals', '6d35874fc1d403e41dd8b35acdec044023d062fe885d934104758dea5e5829eb', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_guard_provider_intervals', '6d35874fc1d403e41dd8b35acdec044023d062fe885d934104758dea5e5829eb', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_guard_model_update', '0599e3dea2043e0b054c2450ade2c3b253639192fdcf045ef49f57c5bf7e9301', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_guard_model_updates', '0599e3dea2043e0b054c2450ade2c3b253639192fdcf045ef49f57c5bf7e9301', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_guard_model_removal', '0599e3dea2043e0b054c2450ade2c3b253639192fdcf045ef49f57c5bf7e9301', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_guard_new_queue_row', '1fa4a0f193ebe1fcde92142a9d0037ab94579b94880ec5ac7623bf55a6c37304', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_guard_override', '783978b2cd29ca4e56af48ebf991d306c6caebd3a4ed8e3278b0afaee6639726', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_guard_new_override', '783978b2cd29ca4e56af48ebf991d306c6caebd3a4ed8e3278b0afaee6639726', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_guard_job', '92267cbab50d018bc73a83d548a77ca349bda975c484129b62ddd737ac369ca8', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_guard_lock', 'ceffab14b13013c98c54d6fbb1671038f5dbb537036ed9fc2016e93d21f10057', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_guard_history', '7c02bc2684a98f469bcddaeb6d5481327a1d991d05c24d99079fcf86d19e6879', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_guard_audit_log', '7c02bc2684a98f469bcddaeb6d5481327a1d991d05c24d99079fcf86d19e6879', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_guard_history_truncate', '7c02bc2684a98f469bcddaeb6d5481327a1d991d05c24d99079fcf86d19e6879', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_guard_audit_log_truncate', '7c02bc2684a98f469bcddaeb6d5481327a1d991d05c24d99079fcf86d19e6879', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_guard_settings', '17186b895ff8f1caf0b398e962e8a9fed21b5641365c07277b5ee373540a059a', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_guard_queue_row', 'db621b440bb317d2da0da51ba44a3cfae2f2112327dc3000d384ffc92fa39747', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/keep_pricing_lock', '20580dc02684d9cc7d0c9e296178e07eaa4b7a71f7b28d87e6c5aa80e0e9637b', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_notify_sync_job', 'dff7c848c58abc38bb13743672a04bca7f8a5d9e07cd5035dcdd579c9896d3fe', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_prepare_provider_sync', '16f87a46c1ef860a299937558cac3c0e5c5a38123676d64e6d5031a74b498b29', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_project_provider_sync', 'f890a5da9ec0e012dc51ae591e0305e8884f0f3e492e4f21f2d07d24811eda3c', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_project_provider_sync_delete', 'f890a5da9ec0e012dc51ae591e0305e8884f0f3e492e4f21f2d07d24811eda3c', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_release_lock', '298b8ba5fe746040e71e16992d66a4ff065dda52f6c9f630fd04854ab0d8fdc9', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_sign_audit_row', '6f7ded5bf317b25e9cccfb7f0e9f26a196a2689248dede11001d048dd293d1d5', '2026-11-29 12:49:47.544989+00'),
	('db/triggers/pricing_stop_job', '65bc280a47f1881af7d081602830b139b2f3f91dd732ecb4c908364bedb02279', '2026-11-29 12:49:47.544989+00'),
	('db', 'fce2c2982ca2bca2e1412cb9b65978de271c4212337a6513510286308108a66f', '2026-11-29 12:49:47.544989+00');

INSERT INTO public.pricing_settings (id, heartbeat_interval, lease, max_attempts, queued_timeout, retention, updated_at, scheduler_enabled, audit_retention, postgrest_login) VALUES
	(true, '00:00:05', '00:00:20', 3, '24:00:00', '30 days', '2026-11-29 12:49:47.303482+00', false, '1 year', 'authenticator');

INSERT INTO public.pricing_sync_jobs (job_id, status, outcome, triggered_by, triggered_at, started_at, completed_at, dry_run, request, providers, providers_total, providers_synced, providers_failed, models_fetched, models_updated, models_skipped, total_errors, error_message, result_data, idempotency_key, stopped_at, revision, session_login, acting_role) VALUES
	('4a04e342-adc0-4715-b1e9-29481f1e5121', 'completed', 'success', 'test', '2026-11-29 12:49:51.222064+00', '2026-11-29 12:49:51.230226+00', '2026-11-29 12:49:51.30937+00', true, '{"dry_run": true, "providers": ["openrouter"], "on_conflict": "queue"}', '{openrouter}', 1, 1, 0, 5, 0, 1, 0, NULL, '{"providers": {"openrouter": {"status": "success", "attempt": 1, "differences": [{"class": "unit", "reason": "unit: input_per_1m is 100 times the catalogue''s 0.2; input_per_1m moves by 100 times (0.2 -> 20)", "model_id": "ai21/jamba-1-5-mini", "provider": "openrouter", "previous_input_price": "0.0000002", "previous_output_price": "0.0000004", "price_per_input_token": "0.00002", "price_per_output_token": "0.0000004"}], "duration_ms": 78.390, "models_held": 1, "models_fetched": 5, "models_skipped": 1, "models_updated": 0, "models_unchanged": 3, "differences_total": 1}}}', NULL, NULL, 2, 'postgres', NULL),
	('04f2bf5d-37d0-49ec-89f4-69804f89ca4f', 'completed', 'success', 'test', '2026-11-29 12:49:50.8927+00', '2026-11-29 12:49:50.914919+00', '2026-11-29 12:49:51.083539+00', false, '{"dry_run": false, "providers": ["openrouter", "deepinfra"], "on_conflict": "queue"}', '{openrouter,deepinfra}', 2, 2, 0, 12, 10, 1, 0, NULL, '{"providers": {"deepinfra": {"status": "success", "attempt": 1, "duration_ms": 88.970, "models_held": 0, "models_fetched": 6, "models_skipped": 0, "models_updated": 6, "models_unchanged": 0}, "openrouter": {"status": "success", "attempt": 1, "duration_ms": 161.399, "models_held": 0, "models_fetched": 6, "models_skipped": 1, "models_updated": 4, "models_unchanged": 1}}}', NULL, NULL, 4, 'postgres', NULL),
	('f9ac8701-2824-4f21-bb36-1e9ca1394c86', 'completed', 'success', 'test', '2026-11-29 12:49:51.324395+00', '2026-11-29 12:49:51.335542+00', '2026-11-29 12:49:51.413033+00', false, '{"dry_run": false, "providers": ["openrouter"], "on_conflict": "queue"}', '{openrouter}', 1, 1, 0, 5, 0, 1, 0, NULL, '{"providers": {"openrouter": {"status": "success", "attempt": 1, "duration_ms": 77.003, "models_held": 1, "models_fetched": 5, "models_skipped": 1, "models_updated": 0, "models_unchanged": 3}}}', NULL, NULL, 2, 'postgres', NULL),
	('bb258044-5a7c-43eb-a6b5-1cf82399517d', 'completed', 'success', 'test', '2026-11-29 12:49:51.103695+00', '2026-11-29 12:49:51.117507+00', '2026-11-29 12:49:51.209928+00', false, '{"dry_run": false, "providers": ["openrouter", "deepinfra"], "on_conflict": "queue"}', '{openrouter,deepinfra}', 2, 2, 0, 11, 1, 1, 0, NULL, '{"providers": {"deepinfra": {"status": "success", "attempt": 1, "duration_ms": 77.450, "models_held": 0, "models_fetched": 6, "models_skipped": 0, "models_updated": 0, "models_unchanged": 6}, "openrouter": {"status": "success", "attempt": 1, "duration_ms": 91.678, "models_held": 0, "models_fetched": 5, "models_skipped": 1, "models_updated": 1, "models_unchanged": 3}}}', 'sample', NULL, 4, 'postgres', NULL),
	('6021c8e4-6ccb-4b1c-b211-ac83e10c28f6', 'completed', 'partial', 'test', '2026-11-29 12:49:51.48996+00', '2026-11-29 12:49:51.496625+00', '2026-11-29 12:49:53.151767+00', false, '{"dry_run": false, "providers": ["openrouter", "deepinfra"], "on_conflict": "queue"}', '{openrouter,deepinfra}', 2, 1, 1, 5, 0, 1, 1, 'deepinfra: 127.0.0.1 answered with status 503.', '{"providers": {"deepinfra": {"status": "failed", "attempt": 1, "error_kind": "http_status", "duration_ms": 1646.619, "models_held": 0, "error_message": "127.0.0.1 answered with status 503.", "models_fetched": 0, "models_skipped": 0, "models_updated": 0, "models_unchanged": 0}, "openrouter": {"status": "success", "attempt": 1, "duration_ms": 85.067, "models_held": 1, "models_fetched": 5, "models_skipped": 1, "models_updated": 0, "models_unchanged": 3}}}', NULL, NULL, 4, 'postgres', NULL),
	('ef9212eb-a095-43c3-9a46-2c49b2e747a2', 'failed', 'failed', 'test', '2026-11-29 12:49:53.163919+00', '2026-11-29 12:49:53.167063+00', '2026-11-29 12:49:55.15657+00', false, '{"dry_run": false, "providers": ["deepinfra"], "on_conflict": "queue"}', '{deepinfra}', 1, 0, 1, 0, 0, 0, 1, 'deepinfra: 127.0.0.1 answered with status 503.', '{"providers": {"deepinfra": {"status": "failed", "attempt": 1, "error_kind": "http_status", "duration_ms": 1988.903, "models_held": 0, "error_message": "127.0.0.1 answered with status 503.", "models_fetched": 0, "models_skipped": 0, "models_updated": 0, "models_unchanged": 0}}}', NULL, NULL, 2, 'postgres', NULL),
	('6aa4c167-a836-4be8-8217-df892dc98a47', 'running', NULL, 'test', '2026-11-29 12:49:55.163066+00', '2026-11-29 12:49:55.167739+00', NULL, false, '{"dry_run": false, "providers": ["openrouter"], "on_conflict": "queue"}', '{openrouter}', 1, 0, 0, 0, 0, 0, 0, NULL, '{"providers": {"openrouter": {"status": "in_progress", "attempt": 1, "models_held": 0, "models_fetched": 0, "models_skipped": 0, "models_updated": 0, "models_unchanged": 0}}}', NULL, NULL, 1, 'postgres', NULL),
	('a06cba68-7ffb-48cc-829b-4a9472529811', 'queued', NULL, 'test', '2026-11-29 12:49:55.191481+00', NULL, NULL, false, '{"dry_run": false, "providers": ["deepinfra"], "on_conflict": "queue"}', '{deepinfra}', 1, 0, 0, 0, 0, 0, 0, NULL, '{}', NULL, NULL, 0, 'postgres', NULL);

INSERT INTO public.pricing_sync_log (id, job_id, provider_slug, queue_job_id, attempt, status, triggered_by, queued_at, sync_started_at, sync_completed_at, models_fetched, models_updated, models_unchanged, models_skipped, models_held, errors, error_kind, error_message, worker_id, applied_at, details) OVERRIDING SYSTEM VALUE VALUES
	(1, '04f2bf5d-37d0-49ec-89f4-69804f89ca4f', 'openrouter', 1, 1, 'success', 'test', '2026-11-29 12:49:50.898035+00', '2026-11-29 12:49:50.914919+00', '2026-11-29 12:49:51.076318+00', 6, 4, 1, 1, 0, 0, NULL, NULL, 1, '2026-11-29 12:49:51.038084+00', '{"skipped": [{"reason": "prompt: \"a penny\" is not a price", "model_id": "ai21/jamba-1-5-large"}], "unknown_keys": ["batch_discount"]}'),
	(2, '04f2bf5d-37d0-49ec-89f4-69804f89ca4f', 'deepinfra', 2, 1, 'success', 'test', '2026-11-29 12:49:50.901606+00', '2026-11-29 12:49:50.993736+00', '2026-11-29 12:49:51.082706+00', 6, 6, 0, 0, 0, 0, NULL, NULL, 1, '2026-11-29 12:49:51.045727+00', '{}'),
	(4, 'bb258044-5a7c-43eb-a6b5-1cf82399517d', 'deepinfra', 4, 1, 'success', 'test', '2026-11-29 12:49:51.110823+00', '2026-11-29 12:49:51.123154+00', '2026-11-29 12:49:51.200604+00', 6, 0, 6, 0, 0, 0, NULL, NULL, 1, '2026-11-29 12:49:51.187353+00', '{}'),
	(3, 'bb258044-5a7c-43eb-a6b5-1cf82399517d', 'openrouter', 3, 1, 'success', 'test', '2026-11-29 12:49:51.106089+00', '2026-11-29 12:49:51.117507+00', '2026-11-29 12:49:51.209185+00', 5, 1, 3, 1, 0, 0, NULL, NULL, 1, '2026-11-29 12:49:51.181845+00', '{"skipped": [{"reason": "prompt: \"a penny\" is not a price", "model_id": "ai21/jamba-1-5-large"}]}'),
	(5, '4a04e342-adc0-4715-b1e9-29481f1e5121', 'openrouter', 5, 1, 'success', 'test', '2026-11-29 12:49:51.227989+00', '2026-11-29 12:49:51.230226+00', '2026-11-29 12:49:51.308616+00', 5, 0, 3, 1, 1, 0, NULL, NULL, 1, '2026-11-29 12:49:51.285859+00', '{"skipped": [{"reason": "prompt: \"a penny\" is not a price", "model_id": "ai21/jamba-1-5-large"}], "differences": [{"class": "unit", "reason": "unit: input_per_1m is 100 times the catalogue''s 0.2; input_per_1m moves by 100 times (0.2 -> 20)", "model_id": "ai21/jamba-1-5-mini", "provider": "openrouter", "previous_input_price": "0.0000002", "previous_output_price": "0.0000004", "price_per_input_token": "0.00002", "price_per_output_token": "0.0000004"}], "differences_total": 1}'),
	(6, 'f9ac8701-2824-4f21-bb36-1e9ca1394c86', 'openrouter', 6, 1, 'success', 'test', '2026-11-29 12:49:51.325665+00', '2026-11-29 12:49:51.335542+00', '2026-11-29 12:49:51.412545+00', 5, 0, 3, 1, 1, 0, NULL, NULL, 1, '2026-11-29 12:49:51.393492+00', '{"skipped": [{"reason": "prompt: \"a penny\" is not a price", "model_id": "ai21/jamba-1-5-large"}]}'),
	(7, '6021c8e4-6ccb-4b1c-b211-ac83e10c28f6', 'openrouter', 7, 1, 'success', 'test', '2026-11-29 12:49:51.491298+00', '2026-11-29 12:49:51.496625+00', '2026-11-29 12:49:51.581692+00', 5, 0, 3, 1, 1, 0, NULL, NULL, 1, '2026-11-29 12:49:51.559012+00', '{"skipped": [{"reason": "prompt: \"a penny\" is not a price", "model_id": "ai21/jamba-1-5-large"}]}'),
	(8, '6021c8e4-6ccb-4b1c-b211-ac83e10c28f6', 'deepinfra', 8, 1, 'failed', 'test', '2026-11-29 12:49:51.491519+00', '2026-11-29 12:49:51.504513+00', '2026-11-29 12:49:53.151132+00', 0, 0, 0, 0, 0, 1, 'http_status', '127.0.0.1 answered with status 503.', 1, NULL, '{}'),
	(9, 'ef9212eb-a095-43c3-9a46-2c49b2e747a2', 'deepinfra', 9, 1, 'failed', 'test', '2026-11-29 12:49:53.164979+00', '2026-11-29 12:49:53.167063+00', '2026-11-29 12:49:55.155966+00', 0, 0, 0, 0, 0, 1, 'http_status', '127.0.0.1 answered with status 503.', 1, NULL, '{}'),
	(10, '6aa4c167-a836-4be8-8217-df892dc98a47', 'openrouter', 10, 1, 'in_progress', 'test', '2026-11-29 12:49:55.16398+00', '2026-11-29 12:49:55.167739+00', NULL, 0, 0, 0, 0, 0, 0, NULL, NULL, 1, NULL, '{}'),
	(11, 'a06cba68-7ffb-48cc-829b-4a9472529811', 'deepinfra', 11, 1, 'queued', 'test', '2026-11-29 12:49:55.192454+00', NULL, NULL, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, '{}');

SELECT pg_catalog.setval('procrastinate.procrastinate_events_id_seq', 30, true);

SELECT pg_catalog.setval('procrastinate.procrastinate_jobs_id_seq', 11, true);

SELECT pg_catalog.setval('procrastinate.procrastinate_periodic_defers_id_seq', 1, false);

SELECT pg_catalog.setval('procrastinate.procrastinate_workers_id_seq', 1, true);

SELECT pg_catalog.setval('public.model_pricing_history_id_seq', 12, true);

SELECT pg_catalog.setval('public.model_pricing_id_seq', 11, true);

SELECT pg_catalog.setval('public.pricing_audit_log_id_seq', 4, true);

SELECT pg_catalog.setval('public.pricing_change_rules_id_seq', 1, true);

SELECT pg_catalog.setval('public.pricing_held_changes_id_seq', 1, true);

SELECT pg_catalog.setval('public.pricing_overrides_id_seq', 1, true);

SELECT pg_catalog.setval('public.pricing_sync_log_id_seq', 11, true);

ALTER TABLE ONLY public.model_pricing_history
    ADD CONSTRAINT model_pricing_history_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.model_pricing
    ADD CONSTRAINT model_pricing_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.model_pricing
    ADD CONSTRAINT model_pricing_provider_slug_model_id_key UNIQUE (provider_slug, model_id);

ALTER TABLE ONLY public.pricing_api_keys
    ADD CONSTRAINT pricing_api_keys_pkey PRIMARY KEY (key_id);

ALTER TABLE ONLY public.pricing_audit_log
    ADD CONSTRAINT pricing_audit_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pricing_catalogue_prices
    ADD CONSTRAINT pricing_catalogue_prices_pkey PRIMARY KEY (provider_slug, model_id);

ALTER TABLE ONLY public.pricing_change_rules
    ADD CONSTRAINT pricing_change_rules_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pricing_given_up_syncs
    ADD CONSTRAINT pricing_given_up_syncs_pkey PRIMARY KEY (queue_job_id, attempt);

ALTER TABLE ONLY public.pricing_held_changes
    ADD CONSTRAINT pricing_held_changes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pricing_idempotency_keys
    ADD CONSTRAINT pricing_idempotency_keys_pkey PRIMARY KEY (identity, key);

ALTER TABLE ONLY public.pricing_locks
    ADD CONSTRAINT pricing_locks_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.pricing_overrides
    ADD CONSTRAINT pricing_overrides_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pricing_providers
    ADD CONSTRAINT pricing_providers_pkey PRIMARY KEY (slug);

ALTER TABLE ONLY public.pricing_scheduler_ticks
    ADD CONSTRAINT pricing_scheduler_ticks_pkey PRIMARY KEY (scheduler);

ALTER TABLE ONLY public.pricing_schema_ledger
    ADD CONSTRAINT pricing_schema_ledger_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.pricing_settings
    ADD CONSTRAINT pricing_settings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pricing_sync_jobs
    ADD CONSTRAINT pricing_sync_jobs_pkey PRIMARY KEY (job_id);

ALTER TABLE ONLY public.pricing_sync_log
    ADD CONSTRAINT pricing_sync_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pricing_sync_log
    ADD CONSTRAINT pricing_sync_log_queue_job_id_attempt_key UNIQUE (queue_job_id, attempt);

CREATE INDEX pricing_open_by_lock ON procrastinate.procrastinate_jobs USING btree (lock, priority DESC, id) WHERE (status = ANY (ARRAY['todo'::procrastinate.procrastinate_job_status, 'doing'::procrastinate.procrastinate_job_status]));

CREATE INDEX pricing_rows_by_worker ON procrastinate.procrastinate_jobs USING btree (worker_id) WHERE (worker_id IS NOT NULL);

CREATE INDEX model_pricing_history_changed_at ON public.model_pricing_history USING btree (changed_at DESC, id DESC);

CREATE INDEX model_pricing_history_job ON public.model_pricing_history USING btree (job_id) WHERE (job_id IS NOT NULL);

CREATE INDEX model_pricing_history_model ON public.model_pricing_history USING btree (model_id, changed_at DESC, id DESC);

CREATE UNIQUE INDEX pricing_api_keys_name ON public.pricing_api_keys USING btree (name) WHERE ((revoked_at IS NULL) AND (replaced_by IS NULL));

CREATE INDEX pricing_audit_log_at ON public.pricing_audit_log USING btree (at DESC, id DESC);

CREATE INDEX pricing_audit_log_personal ON public.pricing_audit_log USING btree (at) WHERE ((client_address IS NOT NULL) OR (http_client_address IS NOT NULL) OR (claims IS NOT NULL));

CREATE INDEX pricing_change_rules_provider ON public.pricing_change_rules USING btree (provider_slug, expires_at DESC);

CREATE INDEX pricing_held_changes_job ON public.pricing_held_changes USING btree (job_id) WHERE (status = 'held'::text);

CREATE INDEX pricing_held_changes_model ON public.pricing_held_changes USING btree (model_id, id DESC);

CREATE UNIQUE INDEX pricing_held_changes_open ON public.pricing_held_changes USING btree (model_id) WHERE (status = 'held'::text);

CREATE INDEX pricing_held_changes_provider ON public.pricing_held_changes USING btree (provider_slug, id DESC) WHERE (status = 'held'::text);

CREATE INDEX pricing_idempotency_keys_job_id ON public.pricing_idempotency_keys USING btree (job_id);

CREATE INDEX pricing_idempotency_keys_used_at ON public.pricing_idempotency_keys USING btree (used_at);

CREATE INDEX pricing_overrides_expiry ON public.pricing_overrides USING btree (expires_at) WHERE (ended_at IS NULL);

CREATE UNIQUE INDEX pricing_overrides_open ON public.pricing_overrides USING btree (model_id) WHERE (ended_at IS NULL);

CREATE INDEX pricing_sync_jobs_completed_at ON public.pricing_sync_jobs USING btree (completed_at) WHERE (completed_at IS NOT NULL);

CREATE INDEX pricing_sync_jobs_idempotency_key ON public.pricing_sync_jobs USING btree (idempotency_key, triggered_at DESC) WHERE (idempotency_key IS NOT NULL);

CREATE INDEX pricing_sync_jobs_open ON public.pricing_sync_jobs USING btree (triggered_at) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]));

CREATE INDEX pricing_sync_jobs_triggered_at ON public.pricing_sync_jobs USING btree (triggered_at DESC);

CREATE INDEX pricing_sync_log_job_id ON public.pricing_sync_log USING btree (job_id, provider_slug, id DESC);

CREATE INDEX pricing_sync_log_open ON public.pricing_sync_log USING btree (queue_job_id) WHERE (status = ANY (ARRAY['queued'::text, 'in_progress'::text]));

CREATE INDEX pricing_sync_log_provider ON public.pricing_sync_log USING btree (provider_slug, id DESC);

CREATE TRIGGER pricing_guard_lock BEFORE INSERT OR UPDATE OF lock ON procrastinate.procrastinate_jobs FOR EACH ROW WHEN ((((new.task_name)::text <> 'sync_provider'::text) AND (new.lock ~~ 'pricing\_sync:%'::text))) EXECUTE FUNCTION public.guard_pricing_lock();

CREATE TRIGGER pricing_guard_new_queue_row BEFORE INSERT ON procrastinate.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION public.guard_new_queue_row();

CREATE TRIGGER pricing_guard_queue_row BEFORE UPDATE ON procrastinate.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION public.guard_queue_row();

CREATE TRIGGER pricing_prepare_provider_sync BEFORE INSERT ON procrastinate.procrastinate_jobs FOR EACH ROW WHEN (((new.task_name)::text = 'sync_provider'::text)) EXECUTE FUNCTION public.prepare_provider_sync();

CREATE TRIGGER pricing_project_provider_sync AFTER INSERT OR UPDATE OF status ON procrastinate.procrastinate_jobs FOR EACH ROW WHEN (((new.task_name)::text = 'sync_provider'::text)) EXECUTE FUNCTION public.project_provider_sync();

CREATE TRIGGER pricing_project_provider_sync_delete AFTER DELETE ON procrastinate.procrastinate_jobs FOR EACH ROW WHEN (((old.task_name)::text = 'sync_provider'::text)) EXECUTE FUNCTION public.project_provider_sync();

CREATE TRIGGER keep_pricing_lock BEFORE INSERT ON public.pricing_locks FOR EACH ROW EXECUTE FUNCTION public.keep_pricing_lock();

CREATE TRIGGER pricing_audit_deleted_jobs AFTER DELETE ON public.pricing_sync_jobs REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION public.audit_deleted_jobs();

CREATE TRIGGER pricing_audit_keys_by_hand AFTER INSERT OR DELETE OR UPDATE ON public.pricing_api_keys FOR EACH ROW EXECUTE FUNCTION public.audit_change_by_hand('add_pricing_api_key', 'revoke_pricing_api_key', 'rotate_pricing_api_key', 'touch_pricing_api_key');

CREATE TRIGGER pricing_audit_keys_truncated AFTER TRUNCATE ON public.pricing_api_keys FOR EACH STATEMENT EXECUTE FUNCTION public.audit_change_by_hand();

CREATE TRIGGER pricing_audit_overrides_by_hand AFTER INSERT OR DELETE OR UPDATE ON public.pricing_overrides FOR EACH ROW EXECUTE FUNCTION public.audit_change_by_hand('set_price_override', 'clear_price_override', 'end_expired_overrides');

CREATE TRIGGER pricing_audit_overrides_truncated AFTER TRUNCATE ON public.pricing_overrides FOR EACH STATEMENT EXECUTE FUNCTION public.audit_change_by_hand();

CREATE TRIGGER pricing_audit_provider_change AFTER INSERT OR DELETE OR UPDATE ON public.pricing_providers FOR EACH ROW WHEN ((NOT row_security_active('public.pricing_providers'::text))) EXECUTE FUNCTION public.audit_provider_change();

CREATE TRIGGER pricing_audit_provider_change_by_others AFTER INSERT OR DELETE OR UPDATE ON public.pricing_providers FOR EACH ROW WHEN (row_security_active('public.pricing_providers'::text)) EXECUTE FUNCTION public.audit_provider_change('by others');

CREATE TRIGGER pricing_audit_providers_truncated AFTER TRUNCATE ON public.pricing_providers FOR EACH STATEMENT EXECUTE FUNCTION public.audit_change_by_hand();

CREATE TRIGGER pricing_audit_rules_by_hand AFTER INSERT OR DELETE OR UPDATE ON public.pricing_change_rules FOR EACH ROW EXECUTE FUNCTION public.audit_change_by_hand('accept_price_changes', 'end_price_change_rule');

CREATE TRIGGER pricing_audit_rules_truncated AFTER TRUNCATE ON public.pricing_change_rules FOR EACH STATEMENT EXECUTE FUNCTION public.audit_change_by_hand();

CREATE TRIGGER pricing_audit_settings_change AFTER UPDATE ON public.pricing_settings FOR EACH ROW EXECUTE FUNCTION public.audit_settings_change();

CREATE TRIGGER pricing_audit_truncated_jobs AFTER TRUNCATE ON public.pricing_sync_jobs FOR EACH STATEMENT EXECUTE FUNCTION public.audit_deleted_jobs();

CREATE TRIGGER pricing_follow_provider_disabled AFTER UPDATE OF enabled ON public.pricing_providers FOR EACH ROW WHEN ((old.enabled AND (NOT new.enabled))) EXECUTE FUNCTION public.follow_provider_disabled();

CREATE TRIGGER pricing_follow_provider_removed AFTER DELETE OR UPDATE OF slug ON public.pricing_providers FOR EACH ROW EXECUTE FUNCTION public.follow_provider_disabled();

CREATE TRIGGER pricing_follow_provider_switch BEFORE INSERT OR UPDATE OF enabled, state ON public.pricing_providers FOR EACH ROW EXECUTE FUNCTION public.follow_provider_switch();

CREATE TRIGGER pricing_guard_audit_log BEFORE DELETE OR UPDATE ON public.pricing_audit_log FOR EACH STATEMENT WHEN ((current_setting('pricing.writer'::text, true) IS DISTINCT FROM 'on'::text)) EXECUTE FUNCTION public.guard_pricing_records();

CREATE TRIGGER pricing_guard_audit_log_truncate AFTER TRUNCATE ON public.pricing_audit_log FOR EACH STATEMENT EXECUTE FUNCTION public.guard_pricing_records();

CREATE TRIGGER pricing_guard_history BEFORE DELETE OR UPDATE ON public.model_pricing_history FOR EACH STATEMENT EXECUTE FUNCTION public.guard_pricing_records();

CREATE TRIGGER pricing_guard_history_truncate AFTER TRUNCATE ON public.model_pricing_history FOR EACH STATEMENT EXECUTE FUNCTION public.guard_pricing_records();

CREATE TRIGGER pricing_guard_job BEFORE UPDATE ON public.pricing_sync_jobs FOR EACH ROW EXECUTE FUNCTION public.guard_pricing_job();

CREATE TRIGGER pricing_guard_model_removal BEFORE DELETE OR TRUNCATE ON public.model_pricing FOR EACH STATEMENT WHEN ((current_setting('pricing.writer'::text, true) IS DISTINCT FROM 'on'::text)) EXECUTE FUNCTION public.guard_model_pricing();

CREATE TRIGGER pricing_guard_model_update AFTER UPDATE ON public.model_pricing FOR EACH ROW WHEN (((current_setting('pricing.writer'::text, true) IS DISTINCT FROM 'on'::text) AND (current_setting('pricing.maintenance'::text, true) IS DISTINCT FROM 'on'::text))) EXECUTE FUNCTION public.guard_model_pricing();

CREATE TRIGGER pricing_guard_model_updates AFTER UPDATE ON public.model_pricing FOR EACH STATEMENT WHEN ((current_setting('pricing.writer'::text, true) IS DISTINCT FROM 'on'::text)) EXECUTE FUNCTION public.guard_model_pricing();

CREATE TRIGGER pricing_guard_new_override AFTER INSERT ON public.pricing_overrides REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION public.guard_price_override();

CREATE TRIGGER pricing_guard_override BEFORE DELETE OR UPDATE OF model_id, prices, forced, ended_at, ended_by OR TRUNCATE ON public.pricing_overrides FOR EACH STATEMENT EXECUTE FUNCTION public.guard_price_override();

CREATE TRIGGER pricing_guard_provider_intervals BEFORE INSERT OR UPDATE OF sync_interval, timeout ON public.pricing_providers FOR EACH ROW EXECUTE FUNCTION public.guard_interval('sync_interval', 'timeout');

CREATE TRIGGER pricing_guard_settings BEFORE DELETE OR TRUNCATE ON public.pricing_settings FOR EACH STATEMENT EXECUTE FUNCTION public.guard_pricing_settings();

CREATE TRIGGER pricing_guard_settings_intervals BEFORE INSERT OR UPDATE OF heartbeat_interval, lease, queued_timeout, retention, audit_retention ON public.pricing_settings FOR EACH ROW EXECUTE FUNCTION public.guard_interval('heartbeat_interval', 'lease', 'queued_timeout', 'retention', 'audit_retention');

CREATE TRIGGER pricing_notify_sync_job AFTER INSERT OR UPDATE ON public.pricing_sync_jobs FOR EACH ROW EXECUTE FUNCTION public.notify_pricing_sync_job();

CREATE TRIGGER pricing_release_lock INSTEAD OF DELETE ON public.pricing_sync_lock FOR EACH ROW EXECUTE FUNCTION public.release_pricing_lock();

CREATE TRIGGER pricing_sign_audit_row BEFORE INSERT ON public.pricing_audit_log FOR EACH ROW EXECUTE FUNCTION public.sign_audit_row();

CREATE TRIGGER pricing_stop_job AFTER UPDATE OF status ON public.pricing_sync_jobs FOR EACH ROW WHEN (((old.stopped_at IS NULL) AND (new.stopped_at IS NOT NULL))) EXECUTE FUNCTION public.stop_pricing_job();

ALTER TABLE ONLY public.model_pricing_history
    ADD CONSTRAINT model_pricing_history_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.model_pricing(id);

ALTER TABLE ONLY public.pricing_api_keys
    ADD CONSTRAINT pricing_api_keys_replaced_by_fkey FOREIGN KEY (replaced_by) REFERENCES public.pricing_api_keys(key_id);

ALTER TABLE ONLY public.pricing_change_rules
    ADD CONSTRAINT pricing_change_rules_provider_slug_fkey FOREIGN KEY (provider_slug) REFERENCES public.pricing_providers(slug) ON UPDATE CASCADE ON DELETE CASCADE;

ALTER TABLE ONLY public.pricing_held_changes
    ADD CONSTRAINT pricing_held_changes_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.model_pricing(id);

ALTER TABLE ONLY public.pricing_idempotency_keys
    ADD CONSTRAINT pricing_idempotency_keys_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.pricing_sync_jobs(job_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.pricing_overrides
    ADD CONSTRAINT pricing_overrides_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.model_pricing(id);

ALTER TABLE ONLY public.pricing_sync_log
    ADD CONSTRAINT pricing_sync_log_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.pricing_sync_jobs(job_id) ON DELETE CASCADE;

ALTER TABLE public.model_pricing ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.model_pricing_history ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pricing_api_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pricing_audit_log ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pricing_catalogue_prices ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pricing_change_rules ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pricing_given_up_syncs ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pricing_held_changes ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pricing_idempotency_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pricing_locks ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pricing_overrides ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pricing_providers ENABLE ROW LEVEL SECURITY;

CREATE POLICY pricing_read ON public.model_pricing FOR SELECT TO pricing_web, service_role USING (true);

CREATE POLICY pricing_read ON public.model_pricing_history FOR SELECT TO pricing_web, service_role USING (true);

CREATE POLICY pricing_read ON public.pricing_audit_log FOR SELECT TO pricing_web, service_role USING (true);

CREATE POLICY pricing_read ON public.pricing_catalogue_prices FOR SELECT TO pricing_web, service_role USING (true);

CREATE POLICY pricing_read ON public.pricing_change_rules FOR SELECT TO pricing_web, service_role USING (true);

CREATE POLICY pricing_read ON public.pricing_held_changes FOR SELECT TO pricing_web, service_role USING (true);

CREATE POLICY pricing_read ON public.pricing_overrides FOR SELECT TO pricing_web, service_role USING (true);

CREATE POLICY pricing_read ON public.pricing_providers FOR SELECT TO pricing_web, service_role USING (true);

CREATE POLICY pricing_read ON public.pricing_scheduler_ticks FOR SELECT TO pricing_web, service_role USING (true);

CREATE POLICY pricing_read ON public.pricing_schema_ledger FOR SELECT TO pricing_worker, pricing_web, service_role USING (true);

CREATE POLICY pricing_read ON public.pricing_settings FOR SELECT TO pricing_worker, pricing_web, service_role USING (true);

CREATE POLICY pricing_read ON public.pricing_sync_jobs FOR SELECT TO pricing_web, service_role USING (true);

CREATE POLICY pricing_read ON public.pricing_sync_log FOR SELECT TO pricing_web, service_role USING (true);

ALTER TABLE public.pricing_scheduler_ticks ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pricing_schema_ledger ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pricing_settings ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pricing_sync_jobs ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pricing_sync_log ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA procrastinate TO pricing_worker;

GRANT CREATE ON SCHEMA public TO pricing_owner;

REVOKE ALL ON FUNCTION procrastinate.procrastinate_cancel_job_v1 FROM PUBLIC;
GRANT ALL ON FUNCTION procrastinate.procrastinate_cancel_job_v1 TO pricing_worker;

REVOKE ALL ON FUNCTION procrastinate.procrastinate_defer_jobs_v1 FROM PUBLIC;
GRANT ALL ON FUNCTION procrastinate.procrastinate_defer_jobs_v1 TO pricing_worker;

REVOKE ALL ON FUNCTION procrastinate.procrastinate_defer_periodic_job_v2 FROM PUBLIC;
GRANT ALL ON FUNCTION procrastinate.procrastinate_defer_periodic_job_v2 TO pricing_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE procrastinate.procrastinate_jobs TO pricing_worker;

REVOKE ALL ON FUNCTION procrastinate.procrastinate_fetch_job_v2 FROM PUBLIC;
GRANT ALL ON FUNCTION procrastinate.procrastinate_fetch_job_v2 TO pricing_worker;

REVOKE ALL ON FUNCTION procrastinate.procrastinate_finish_job_v1 FROM PUBLIC;
GRANT ALL ON FUNCTION procrastinate.procrastinate_finish_job_v1 TO pricing_worker;

REVOKE ALL ON FUNCTION procrastinate.procrastinate_notify_queue_abort_job_v1 FROM PUBLIC;
GRANT ALL ON FUNCTION procrastinate.procrastinate_notify_queue_abort_job_v1 TO pricing_worker;

REVOKE ALL ON FUNCTION procrastinate.procrastinate_notify_queue_job_inserted_v1 FROM PUBLIC;
GRANT ALL ON FUNCTION procrastinate.procrastinate_notify_queue_job_inserted_v1 TO pricing_worker;

REVOKE ALL ON FUNCTION procrastinate.procrastinate_prune_stalled_workers_v1 FROM PUBLIC;
GRANT ALL ON FUNCTION procrastinate.procrastinate_prune_stalled_workers_v1 TO pricing_worker;

REVOKE ALL ON FUNCTION procrastinate.procrastinate_register_worker_v1 FROM PUBLIC;
GRANT ALL ON FUNCTION procrastinate.procrastinate_register_worker_v1 TO pricing_worker;

REVOKE ALL ON FUNCTION procrastinate.procrastinate_retry_job_v1 FROM PUBLIC;
GRANT ALL ON FUNCTION procrastinate.procrastinate_retry_job_v1 TO pricing_worker;

REVOKE ALL ON FUNCTION procrastinate.procrastinate_retry_job_v2 FROM PUBLIC;
GRANT ALL ON FUNCTION procrastinate.procrastinate_retry_job_v2 TO pricing_worker;

REVOKE ALL ON FUNCTION procrastinate.procrastinate_trigger_abort_requested_events_procedure_v1 FROM PUBLIC;
GRANT ALL ON FUNCTION procrastinate.procrastinate_trigger_abort_requested_events_procedure_v1 TO pricing_worker;

REVOKE ALL ON FUNCTION procrastinate.procrastinate_trigger_function_scheduled_events_v1 FROM PUBLIC;
GRANT ALL ON FUNCTION procrastinate.procrastinate_trigger_function_scheduled_events_v1 TO pricing_worker;

REVOKE ALL ON FUNCTION procrastinate.procrastinate_trigger_function_status_events_insert_v1 FROM PUBLIC;
GRANT ALL ON FUNCTION procrastinate.procrastinate_trigger_function_status_events_insert_v1 TO pricing_worker;

REVOKE ALL ON FUNCTION procrastinate.procrastinate_trigger_function_status_events_update_v1 FROM PUBLIC;
GRANT ALL ON FUNCTION procrastinate.procrastinate_trigger_function_status_events_update_v1 TO pricing_worker;

REVOKE ALL ON FUNCTION procrastinate.procrastinate_unlink_periodic_defers_v1 FROM PUBLIC;
GRANT ALL ON FUNCTION procrastinate.procrastinate_unlink_periodic_defers_v1 TO pricing_worker;

REVOKE ALL ON FUNCTION procrastinate.procrastinate_unregister_worker_v1 FROM PUBLIC;
GRANT ALL ON FUNCTION procrastinate.procrastinate_unregister_worker_v1 TO pricing_worker;

REVOKE ALL ON FUNCTION procrastinate.procrastinate_update_heartbeat_v1 FROM PUBLIC;
GRANT ALL ON FUNCTION procrastinate.procrastinate_update_heartbeat_v1 TO pricing_worker;

GRANT SELECT ON TABLE public.pricing_change_rules TO pricing_web;
GRANT SELECT ON TABLE public.pricing_change_rules TO service_role;

REVOKE ALL ON FUNCTION public.accept_price_changes(provider text, up_to_ratio numeric, until timestamp with time zone, reason text, model text, accepted_by text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.accept_price_changes(provider text, up_to_ratio numeric, until timestamp with time zone, reason text, model text, accepted_by text) TO pricing_web;
GRANT ALL ON FUNCTION public.accept_price_changes(provider text, up_to_ratio numeric, until timestamp with time zone, reason text, model text, accepted_by text) TO service_role;

GRANT SELECT ON TABLE public.pricing_sync_log TO pricing_web;
GRANT SELECT ON TABLE public.pricing_sync_log TO service_role;

REVOKE ALL ON FUNCTION public.accept_shorter_list(provider text, accepted_by text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.accept_shorter_list(provider text, accepted_by text) TO pricing_web;
GRANT ALL ON FUNCTION public.accept_shorter_list(provider text, accepted_by text) TO service_role;

REVOKE ALL ON FUNCTION public.add_pricing_api_key(p_name text, p_role text, p_created_by text, p_expires_at timestamp with time zone) FROM PUBLIC;

GRANT SELECT ON TABLE public.pricing_sync_jobs TO pricing_web;
GRANT SELECT ON TABLE public.pricing_sync_jobs TO service_role;

REVOKE ALL ON FUNCTION public.add_pricing_sync_job(p_providers text[], p_triggered_by text, p_request jsonb, p_job_id uuid, p_idempotency_key text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.apply_provider_prices(queue_job_id bigint, attempt integer, prices jsonb, observed_at timestamp with time zone, skipped jsonb, unknown_keys jsonb, etag text, etag_parser text, content_digest text, reference jsonb, reference_version text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.apply_provider_prices(queue_job_id bigint, attempt integer, prices jsonb, observed_at timestamp with time zone, skipped jsonb, unknown_keys jsonb, etag text, etag_parser text, content_digest text, reference jsonb, reference_version text) TO pricing_worker;

GRANT SELECT ON TABLE public.pricing_held_changes TO pricing_web;
GRANT SELECT ON TABLE public.pricing_held_changes TO service_role;

REVOKE ALL ON FUNCTION public.approve_held_price_change(id bigint, approved_by text, note text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.approve_held_price_change(id bigint, approved_by text, note text) TO pricing_web;
GRANT ALL ON FUNCTION public.approve_held_price_change(id bigint, approved_by text, note text) TO service_role;

REVOKE ALL ON FUNCTION public.approve_held_price_changes(job_id uuid, approved_by text, note text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.approve_held_price_changes(job_id uuid, approved_by text, note text) TO pricing_web;
GRANT ALL ON FUNCTION public.approve_held_price_changes(job_id uuid, approved_by text, note text) TO service_role;

REVOKE ALL ON FUNCTION public.audit_change_by_hand() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.audit_deleted_jobs() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.audit_provider_change() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.audit_settings_change() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.beat_pricing_worker(worker_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.beat_pricing_worker(worker_id bigint) TO pricing_worker;

REVOKE ALL ON FUNCTION public.bound_price_list(p_prices jsonb, p_skipped jsonb, OUT prices jsonb, OUT skipped jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.cancel_disabled_syncs(p_provider text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.cancel_pricing_sync(job_id uuid, cancelled_by text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.cancel_pricing_sync(job_id uuid, cancelled_by text) TO pricing_web;
GRANT ALL ON FUNCTION public.cancel_pricing_sync(job_id uuid, cancelled_by text) TO service_role;

REVOKE ALL ON FUNCTION public.capped_expiry(p_time timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.capped_expiry(p_time timestamp with time zone) TO pricing_web;
GRANT ALL ON FUNCTION public.capped_expiry(p_time timestamp with time zone) TO service_role;

REVOKE ALL ON FUNCTION public.checked_expiry(p_name text, p_time timestamp with time zone, p_never text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.checked_interval(p_name text, p_interval interval) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.cleanup_expired_pricing_locks() FROM PUBLIC;
GRANT ALL ON FUNCTION public.cleanup_expired_pricing_locks() TO pricing_web;
GRANT ALL ON FUNCTION public.cleanup_expired_pricing_locks() TO pricing_worker;
GRANT ALL ON FUNCTION public.cleanup_expired_pricing_locks() TO service_role;

REVOKE ALL ON FUNCTION public.cleanup_old_pricing_jobs(keep interval) FROM PUBLIC;
GRANT ALL ON FUNCTION public.cleanup_old_pricing_jobs(keep interval) TO pricing_worker;
GRANT ALL ON FUNCTION public.cleanup_old_pricing_jobs(keep interval) TO service_role;

REVOKE ALL ON FUNCTION public.cleanup_stuck_pricing_syncs(timeout_minutes integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.cleanup_stuck_pricing_syncs(timeout_minutes integer) TO pricing_web;
GRANT ALL ON FUNCTION public.cleanup_stuck_pricing_syncs(timeout_minutes integer) TO pricing_worker;
GRANT ALL ON FUNCTION public.cleanup_stuck_pricing_syncs(timeout_minutes integer) TO service_role;

GRANT SELECT ON TABLE public.pricing_overrides TO pricing_web;
GRANT SELECT ON TABLE public.pricing_overrides TO service_role;

REVOKE ALL ON FUNCTION public.clear_price_override(provider text, model text, cleared_by text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.clear_price_override(provider text, model text, cleared_by text) TO pricing_web;
GRANT ALL ON FUNCTION public.clear_price_override(provider text, model text, cleared_by text) TO service_role;

REVOKE ALL ON FUNCTION public.compare_provider_prices(p_provider text, p_targets text[], p_prices jsonb, p_observed_at timestamp with time zone, p_source text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.counts_of_sync(p_log public.pricing_sync_log) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.create_pricing_api_key(name text, role text, created_by text, expires_at timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.decide_held_changes_of_job(p_job_id uuid, p_status text, p_decided_by text, p_note text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.decide_held_price_changes(p_ids bigint[], p_status text, p_decided_by text, p_note text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.decide_price_changes(p_provider text, p_changes jsonb, p_verdicts jsonb, p_now timestamp with time zone, p_observed_at timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.defer_provider_syncs(p_job_id uuid, p_providers text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.end_expired_overrides() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.end_ignored_aborts() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.end_price_change_rule(id bigint, ended_by text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.end_price_change_rule(id bigint, ended_by text) TO pricing_web;
GRANT ALL ON FUNCTION public.end_price_change_rule(id bigint, ended_by text) TO service_role;

REVOKE ALL ON FUNCTION public.end_provider_sync(queue_job_id bigint, attempt integer, status text, error_kind text, message text, next_allowed_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.end_provider_sync(queue_job_id bigint, attempt integer, status text, error_kind text, message text, next_allowed_at timestamp with time zone) TO pricing_worker;

REVOKE ALL ON FUNCTION public.enqueue_due_pricing_syncs() FROM PUBLIC;
GRANT ALL ON FUNCTION public.enqueue_due_pricing_syncs() TO pricing_worker;
GRANT ALL ON FUNCTION public.enqueue_due_pricing_syncs() TO service_role;

REVOKE ALL ON FUNCTION public.erase_audit_details() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.fail_overtime_syncs(p_timeout interval) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.fail_unattended_syncs() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.fetch_queue_row(queue_names character varying[], worker_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.fetch_queue_row(queue_names character varying[], worker_id bigint) TO pricing_worker;

REVOKE ALL ON FUNCTION public.folded_key_name(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.follow_provider_disabled() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.follow_provider_switch() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.get_provider_sync(queue_job_id bigint, attempt integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_provider_sync(queue_job_id bigint, attempt integer) TO pricing_worker;

REVOKE ALL ON FUNCTION public.give_up_sync(queue_job_id bigint, attempt integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.give_up_sync(queue_job_id bigint, attempt integer) TO pricing_worker;

REVOKE ALL ON FUNCTION public.guard_interval() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.guard_model_pricing() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.guard_new_queue_row() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.guard_price_override() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.guard_pricing_job() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.guard_pricing_lock() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.guard_pricing_records() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.guard_pricing_settings() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.guard_queue_row() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.held_pricing_locks() FROM PUBLIC;
GRANT ALL ON FUNCTION public.held_pricing_locks() TO pricing_web;
GRANT ALL ON FUNCTION public.held_pricing_locks() TO service_role;

REVOKE ALL ON FUNCTION public.held_pricing_slots() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.held_sync_locks(p_provider text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.hold_log_row(p_queue_job_id bigint, p_attempt integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.hold_price_changes(p_provider text, p_changes jsonb, p_verdicts jsonb, p_unchanged_ids bigint[], p_now timestamp with time zone, p_job_id uuid, p_observed_at timestamp with time zone, p_dry_run boolean, OUT passing jsonb, OUT held jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.hold_pricing_lock(p_name text, p_until timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.hold_stuck_sync(p_reason text, p_queue_job_id bigint, p_attempt integer, p_timeout interval) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.hold_sync_end(p_queue_job_id bigint, p_attempt integer, p_job_id uuid, p_provider text, p_until timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.idempotency_identity(p_says text, OUT identity text, OUT since timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.judge_price_changes(p_provider text, p_changes jsonb, p_lists jsonb, p_reference jsonb) FROM PUBLIC;

GRANT SELECT ON TABLE public.model_pricing TO pricing_web;
GRANT SELECT ON TABLE public.model_pricing TO service_role;

REVOKE ALL ON FUNCTION public.judge_price_override(p_model public.model_pricing, p_prices jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.keep_pricing_lock() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.list_provider_models(p_provider text, p_targets text[], p_prices jsonb, p_skipped jsonb, p_observed_at timestamp with time zone, p_now timestamp with time zone, p_dry_run boolean, p_is_shorter boolean, p_source text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.lock_key_name(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.lock_listed_prices(p_provider text, p_prices jsonb, p_until timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.lock_provider_prices(p_providers text[], p_until timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.lock_provider_triggers(p_providers text[], p_wait boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.log_ended_attempt(p_queue_job_id bigint, p_attempt integer, p_status text, p_error_kind text, p_message text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.log_queued_attempt(p_queue_job_id bigint, p_attempt integer, p_job_id uuid, p_provider text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.mend_pricing_jobs() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.model_price_at(provider text, model text, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.model_price_at(provider text, model text, at timestamp with time zone) TO pricing_web;
GRANT ALL ON FUNCTION public.model_price_at(provider text, model text, at timestamp with time zone) TO service_role;

REVOKE ALL ON FUNCTION public.next_pricing_sync_at(p_slot timestamp with time zone, p_interval interval, p_jitter numeric, p_failures integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.note_pricing_maintenance(p_table text, p_statement text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.notify_pricing_sync_job() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.prepare_provider_sync() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_access_differences() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_api_key(key_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.pricing_api_key(key_id text) TO pricing_web;

REVOKE ALL ON FUNCTION public.pricing_axes() FROM PUBLIC;
GRANT ALL ON FUNCTION public.pricing_axes() TO pricing_web;
GRANT ALL ON FUNCTION public.pricing_axes() TO service_role;

REVOKE ALL ON FUNCTION public.pricing_base_set(p_model public.model_pricing) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_credential_variables() FROM PUBLIC;
GRANT ALL ON FUNCTION public.pricing_credential_variables() TO pricing_worker;

REVOKE ALL ON FUNCTION public.pricing_doctor() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_has_admin_key() FROM PUBLIC;
GRANT ALL ON FUNCTION public.pricing_has_admin_key() TO pricing_web;

REVOKE ALL ON FUNCTION public.pricing_held_syncs() FROM PUBLIC;
GRANT ALL ON FUNCTION public.pricing_held_syncs() TO pricing_worker;

REVOKE ALL ON FUNCTION public.pricing_identity(p_says text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_is_called_by(p_stack text, VARIADIC p_functions text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_is_clock_turn(p_old jsonb, p_new jsonb, p_at timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_is_open_transaction(p_xmax xid) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_lock_holders(p_relation regclass, p_xmax xid) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_overridden_set(p_synced jsonb, p_override jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_price_set(p_row jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.pricing_price_set(p_row jsonb) TO pricing_web;
GRANT ALL ON FUNCTION public.pricing_price_set(p_row jsonb) TO service_role;

REVOKE ALL ON FUNCTION public.pricing_prices_differ(p_old numeric[], p_new numeric[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_scheduler_status() FROM PUBLIC;
GRANT ALL ON FUNCTION public.pricing_scheduler_status() TO pricing_web;
GRANT ALL ON FUNCTION public.pricing_scheduler_status() TO service_role;

REVOKE ALL ON FUNCTION public.pricing_sets_differ(p_old jsonb, p_new jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_shared_moves(p_lists jsonb, p_providers text[], p_models bigint[], p_factors numeric[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_short_number(p_number numeric) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_sync_estimate() FROM PUBLIC;
GRANT ALL ON FUNCTION public.pricing_sync_estimate() TO pricing_web;
GRANT ALL ON FUNCTION public.pricing_sync_estimate() TO service_role;

REVOKE ALL ON FUNCTION public.pricing_table_holders() FROM PUBLIC;
GRANT ALL ON FUNCTION public.pricing_table_holders() TO pricing_worker;

REVOKE ALL ON FUNCTION public.pricing_token_moves(p_changes jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_unrecorded_prices(most integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_who() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_workers_alive() FROM PUBLIC;
GRANT ALL ON FUNCTION public.pricing_workers_alive() TO pricing_web;
GRANT ALL ON FUNCTION public.pricing_workers_alive() TO service_role;

REVOKE ALL ON FUNCTION public.project_provider_sync() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.prune_pricing_workers(lease_seconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION public.prune_pricing_workers(lease_seconds double precision) TO pricing_worker;

REVOKE ALL ON FUNCTION public.queue_id_is_taken(p_queue_job_id bigint, p_job_id uuid, p_provider text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.queue_row_fault(p_args jsonb, p_scheduled_at timestamp with time zone) FROM PUBLIC;

GRANT SELECT ON TABLE public.model_pricing_history TO pricing_web;
GRANT SELECT ON TABLE public.model_pricing_history TO service_role;

REVOKE ALL ON FUNCTION public.record_price_in_force(provider text, model text, recorded_by text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.refuse_odd_list(p_provider text, p_targets text[], p_prices jsonb, p_skipped jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.reject_held_price_change(id bigint, rejected_by text, note text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.reject_held_price_change(id bigint, rejected_by text, note text) TO pricing_web;
GRANT ALL ON FUNCTION public.reject_held_price_change(id bigint, rejected_by text, note text) TO service_role;

REVOKE ALL ON FUNCTION public.reject_held_price_changes(job_id uuid, rejected_by text, note text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.reject_held_price_changes(job_id uuid, rejected_by text, note text) TO pricing_web;
GRANT ALL ON FUNCTION public.reject_held_price_changes(job_id uuid, rejected_by text, note text) TO service_role;

REVOKE ALL ON FUNCTION public.release_pricing_lock() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.release_stalled_syncs() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.reopen_pricing_job(p_job_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.repeat_provider_list(p_provider text, p_targets text[], p_dry_run boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.report_pricing_credentials(providers text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.report_pricing_credentials(providers text[]) TO pricing_worker;

REVOKE ALL ON FUNCTION public.requeue_given_up_sync(p_row procrastinate.procrastinate_jobs, p_message text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.requeue_given_up_syncs() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.requeue_provider_sync(p_queue_job_id bigint, p_attempt integer, p_status text, p_error_kind text, p_message text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.require_fresh_reads() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.resolve_sync_providers(p_providers text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.retry_pricing_sync(job_id uuid, retried_by text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.retry_pricing_sync(job_id uuid, retried_by text) TO pricing_web;
GRANT ALL ON FUNCTION public.retry_pricing_sync(job_id uuid, retried_by text) TO service_role;

REVOKE ALL ON FUNCTION public.revoke_pricing_api_key(name text, revoked_by text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.rollback_pricing_sync(job_id uuid, dry_run boolean, rolled_back_by text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.rollback_pricing_sync(job_id uuid, dry_run boolean, rolled_back_by text) TO pricing_web;
GRANT ALL ON FUNCTION public.rollback_pricing_sync(job_id uuid, dry_run boolean, rolled_back_by text) TO service_role;

REVOKE ALL ON FUNCTION public.rotate_pricing_api_key(name text, rotated_by text, grace interval, expires_at timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.set_price_override(provider text, model text, reason text, input_per_1m numeric, output_per_1m numeric, prices jsonb, expires_at timestamp with time zone, author text, force boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.set_price_override(provider text, model text, reason text, input_per_1m numeric, output_per_1m numeric, prices jsonb, expires_at timestamp with time zone, author text, force boolean) TO pricing_web;
GRANT ALL ON FUNCTION public.set_price_override(provider text, model text, reason text, input_per_1m numeric, output_per_1m numeric, prices jsonb, expires_at timestamp with time zone, author text, force boolean) TO service_role;

REVOKE ALL ON FUNCTION public.settle_pricing_job(p_job_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.show_price_changes(p_changes jsonb, p_held jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.sign_audit_row() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.stop_pricing_job() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.stop_provider_sync(p_queue_job_id bigint, p_error_kind text, p_message text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.store_pricing_catalogue(p_provider text, p_reference jsonb, p_version text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.stuck_pricing_syncs() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.tick_pricing_schedule(scheduler text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.tick_pricing_schedule(scheduler text) TO pricing_worker;
GRANT ALL ON FUNCTION public.tick_pricing_schedule(scheduler text) TO service_role;

REVOKE ALL ON FUNCTION public.touch_pricing_api_key(key_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.touch_pricing_api_key(key_id text) TO pricing_web;

REVOKE ALL ON FUNCTION public.trigger_pricing_sync(providers text[], triggered_by text, dry_run boolean, on_conflict text, idempotency_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.trigger_pricing_sync(providers text[], triggered_by text, dry_run boolean, on_conflict text, idempotency_key text) TO pricing_web;
GRANT ALL ON FUNCTION public.trigger_pricing_sync(providers text[], triggered_by text, dry_run boolean, on_conflict text, idempotency_key text) TO service_role;

REVOKE ALL ON FUNCTION public.try_pricing_lock(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.wait_for_locks_until(p_until timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.wake_pricing_workers(p_queue_job_id bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.write_model_prices(p_changes jsonb, p_changed_by text, p_changed_at timestamp with time zone, p_job_id uuid, p_observed_at timestamp with time zone) FROM PUBLIC;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE procrastinate.procrastinate_events TO pricing_worker;

GRANT SELECT,USAGE ON SEQUENCE procrastinate.procrastinate_events_id_seq TO pricing_worker;

GRANT SELECT,USAGE ON SEQUENCE procrastinate.procrastinate_jobs_id_seq TO pricing_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE procrastinate.procrastinate_periodic_defers TO pricing_worker;

GRANT SELECT,USAGE ON SEQUENCE procrastinate.procrastinate_periodic_defers_id_seq TO pricing_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE procrastinate.procrastinate_workers TO pricing_worker;

GRANT SELECT,USAGE ON SEQUENCE procrastinate.procrastinate_workers_id_seq TO pricing_worker;

GRANT SELECT ON TABLE public.model_price_conditions TO pricing_web;
GRANT SELECT ON TABLE public.model_price_conditions TO service_role;

GRANT SELECT ON TABLE public.pricing_providers TO pricing_web;
GRANT SELECT ON TABLE public.pricing_providers TO service_role;

GRANT SELECT ON TABLE public.model_prices TO pricing_web;
GRANT SELECT ON TABLE public.model_prices TO service_role;

GRANT SELECT ON TABLE public.pricing_active_overrides TO pricing_web;
GRANT SELECT ON TABLE public.pricing_active_overrides TO service_role;

GRANT SELECT ON TABLE public.pricing_active_rules TO pricing_web;
GRANT SELECT ON TABLE public.pricing_active_rules TO service_role;

GRANT SELECT ON TABLE public.pricing_audit_log TO pricing_web;
GRANT SELECT ON TABLE public.pricing_audit_log TO service_role;

GRANT SELECT ON TABLE public.pricing_catalogue_prices TO pricing_web;
GRANT SELECT ON TABLE public.pricing_catalogue_prices TO service_role;

GRANT SELECT ON TABLE public.pricing_cron_jobs TO pricing_web;
GRANT SELECT ON TABLE public.pricing_cron_jobs TO service_role;

GRANT SELECT ON TABLE public.pricing_drift TO pricing_web;
GRANT SELECT ON TABLE public.pricing_drift TO service_role;

GRANT SELECT ON TABLE public.pricing_held TO pricing_web;
GRANT SELECT ON TABLE public.pricing_held TO service_role;

GRANT SELECT ON TABLE public.pricing_history TO pricing_web;
GRANT SELECT ON TABLE public.pricing_history TO service_role;

GRANT SELECT ON TABLE public.pricing_missing_credentials TO pricing_web;
GRANT SELECT ON TABLE public.pricing_missing_credentials TO service_role;

GRANT SELECT ON TABLE public.pricing_provider_syncs TO pricing_web;
GRANT SELECT ON TABLE public.pricing_provider_syncs TO service_role;

GRANT SELECT ON TABLE public.pricing_rights TO pricing_web;
GRANT SELECT ON TABLE public.pricing_rights TO service_role;

GRANT SELECT ON TABLE public.pricing_scheduler_ticks TO pricing_web;
GRANT SELECT ON TABLE public.pricing_scheduler_ticks TO service_role;

GRANT SELECT ON TABLE public.pricing_schema_ledger TO pricing_web;
GRANT SELECT ON TABLE public.pricing_schema_ledger TO service_role;
GRANT SELECT ON TABLE public.pricing_schema_ledger TO pricing_worker;

GRANT SELECT ON TABLE public.pricing_settings TO pricing_web;
GRANT SELECT ON TABLE public.pricing_settings TO service_role;
GRANT SELECT ON TABLE public.pricing_settings TO pricing_worker;

GRANT SELECT ON TABLE public.pricing_sync_lock TO pricing_web;
GRANT SELECT ON TABLE public.pricing_sync_lock TO service_role;

GRANT SELECT ON TABLE public.pricing_sync_progress TO pricing_web;
GRANT SELECT ON TABLE public.pricing_sync_progress TO service_role;

GRANT SELECT ON TABLE public.pricing_syncable_providers TO pricing_web;
GRANT SELECT ON TABLE public.pricing_syncable_providers TO service_role;

GRANT SELECT ON TABLE public.pricing_unpriced TO pricing_web;
GRANT SELECT ON TABLE public.pricing_unpriced TO service_role;

GRANT SELECT ON TABLE public.pricing_worker_settings TO pricing_web;
GRANT SELECT ON TABLE public.pricing_worker_settings TO service_role;
GRANT SELECT ON TABLE public.pricing_worker_settings TO pricing_worker;
