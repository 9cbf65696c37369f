-- pricing-sync 0.5.0 on Postgres 15: its schema, and a small sample.
-- Written by `make release`. Without the engine's schema: see tests/releases/dump.py.

ALTER SCHEMA procrastinate OWNER TO pricing_owner;

ALTER TYPE procrastinate.procrastinate_job_event_type OWNER TO pricing_owner;

ALTER TYPE procrastinate.procrastinate_job_status OWNER TO pricing_owner;

ALTER TYPE procrastinate.procrastinate_job_to_defer_v1 OWNER TO pricing_owner;

-- As in 0.4.0.sql from 444 to 645: CREATE DOMAIN public.pricing_usd AS numeric
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

-- As in 0.4.0.sql from 2494 to 3361: CREATE TABLE public.pricing_change_rules (
COMMENT ON TABLE public.pricing_change_rules IS 'Which larger changes a person accepts beforehand, for one model or a whole provider, until a time.';

COMMENT ON COLUMN public.pricing_change_rules.model_id IS 'As the provider spells it; null: every model of the provider.';

COMMENT ON COLUMN public.pricing_change_rules.up_to_ratio IS 'A change whose token prices all move by this factor or less is applied.';

CREATE FUNCTION public.accept_price_changes(provider text, up_to_ratio numeric, until timestamp with time zone, reason text, model text DEFAULT NULL::text, accepted_by text DEFAULT CURRENT_USER) RETURNS public.pricing_change_rules
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
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

-- As in 0.4.0.sql from 7236 to 7554: COMMENT ON FUNCTION public.accept_price_changes(provider text, up_to_ratio numeric, until timestamp with time zone, reason text, model text, accepted_by text) I
-- As in 0.4.0.sql from 7555 to 8852: CREATE TABLE public.pricing_sync_log (
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

-- As in 0.4.0.sql from 10275 to 10458: COMMENT ON COLUMN public.pricing_sync_log.details IS 'skipped: the models not understood, with reasons; unknown_keys: price keys seen for the first time; differ
-- As in 0.4.0.sql from 10459 to 13212: CREATE FUNCTION public.accept_shorter_list(provider text, accepted_by text DEFAULT CURRENT_USER) RETURNS public.pricing_sync_log
-- As in 0.4.0.sql from 13213 to 13553: COMMENT ON FUNCTION public.accept_shorter_list(provider text, accepted_by text) IS 'Accept that a provider''s list has lost half of its models, or of their pric
-- As in 0.4.0.sql from 13554 to 15421: CREATE FUNCTION public.add_pricing_api_key(p_name text, p_role text, p_created_by text, p_expires_at timestamp with time zone) RETURNS text
-- As in 0.4.0.sql from 15422 to 15648: COMMENT ON FUNCTION public.add_pricing_api_key(p_name text, p_role text, p_created_by text, p_expires_at timestamp with time zone) IS 'Make a key, keep its dige
-- As in 0.4.0.sql from 15649 to 17758: CREATE TABLE public.pricing_sync_jobs (
COMMENT ON TABLE public.pricing_sync_jobs IS 'One row per trigger; its state follows the queue rows of its provider syncs.';

COMMENT ON COLUMN public.pricing_sync_jobs.status IS 'queued, running, completed, failed or cancelled.';

COMMENT ON COLUMN public.pricing_sync_jobs.outcome IS 'Null until it ends, then success, partial, failed or cancelled.';

COMMENT ON COLUMN public.pricing_sync_jobs.triggered_by IS 'What the caller says of itself.';

COMMENT ON COLUMN public.pricing_sync_jobs.started_at IS 'When its first provider sync was fetched by a worker.';

COMMENT ON COLUMN public.pricing_sync_jobs.duration_seconds IS 'Seconds from started_at to completed_at.';

-- As in 0.4.0.sql from 18431 to 18609: COMMENT ON COLUMN public.pricing_sync_jobs.request IS 'What the caller asked for, by which a repeated idempotency key is compared: providers (null: all), dry_ru
COMMENT ON COLUMN public.pricing_sync_jobs.providers IS 'The providers that are synced, in the order of the queue.';

COMMENT ON COLUMN public.pricing_sync_jobs.providers_synced IS 'Providers whose last attempt succeeded.';

COMMENT ON COLUMN public.pricing_sync_jobs.providers_failed IS 'Providers whose last attempt failed or was cancelled.';

COMMENT ON COLUMN public.pricing_sync_jobs.models_updated IS 'Models that got a history row, first prices included.';

COMMENT ON COLUMN public.pricing_sync_jobs.models_skipped IS 'Models that could not be understood; the log rows name them.';

COMMENT ON COLUMN public.pricing_sync_jobs.total_errors IS 'Provider syncs of this job that failed.';

COMMENT ON COLUMN public.pricing_sync_jobs.result_data IS 'Per provider: status, counts and error of its last attempt.';

COMMENT ON COLUMN public.pricing_sync_jobs.stopped_at IS 'When a person cancelled the job, or ended it by an UPDATE of its status.';

-- As in 0.4.0.sql from 19560 to 19720: COMMENT ON COLUMN public.pricing_sync_jobs.revision IS 'Raised by every change that the system makes; a change of status that leaves it alone is a person''s.';
-- As in 0.4.0.sql from 19721 to 19901: COMMENT ON COLUMN public.pricing_sync_jobs.session_login IS 'The login of the database session that triggered it, as the server knows it; null in jobs from befo
COMMENT ON COLUMN public.pricing_sync_jobs.acting_role IS 'The role that this session had taken with SET ROLE, as the server knows it; null for none.';

-- As in 0.4.0.sql from 20055 to 21061: CREATE FUNCTION public.add_pricing_sync_job(p_providers text[], p_triggered_by text, p_request jsonb, p_job_id uuid DEFAULT gen_random_uuid(), p_idempotency_key
-- As in 0.4.0.sql from 21062 to 21321: COMMENT ON FUNCTION public.add_pricing_sync_job(p_providers text[], p_triggered_by text, p_request jsonb, p_job_id uuid, p_idempotency_key text) IS 'Write a job
-- As in 0.4.0.sql from 21322 to 33801: CREATE FUNCTION public.apply_provider_prices(queue_job_id bigint, attempt integer, prices jsonb, observed_at timestamp with time zone DEFAULT clock_timestamp(),
-- As in 0.4.0.sql from 33802 to 34398: COMMENT ON FUNCTION public.apply_provider_prices(queue_job_id bigint, attempt integer, prices jsonb, observed_at timestamp with time zone, skipped jsonb, unknow
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
    said_again_from bigint,
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

-- As in 0.4.0.sql from 36323 to 36484: COMMENT ON TABLE public.pricing_held_changes IS 'Price changes that looked wrong and were not applied: what waits for a person, and what became of the others.';
COMMENT ON COLUMN public.pricing_held_changes.model_id IS 'model_pricing.id.';

-- As in 0.4.0.sql from 36565 to 36760: COMMENT ON COLUMN public.pricing_held_changes.status IS 'held; approved or rejected by a person; applied by itself or by a rule; superseded by another price; wi
COMMENT ON COLUMN public.pricing_held_changes.class IS 'large: may apply itself; unit, first_list and rollback: only a person applies it.';

-- As in 0.4.0.sql from 36902 to 37076: COMMENT ON COLUMN public.pricing_held_changes.ratio IS 'The largest factor by which one of its token prices moves, up or down; null where there is nothing to co
COMMENT ON COLUMN public.pricing_held_changes.to_zero IS 'A positive token price falls to zero.';

COMMENT ON COLUMN public.pricing_held_changes.prices IS 'The price set that waits: USD for one unit by column of model_pricing, and its conditions.';

COMMENT ON COLUMN public.pricing_held_changes.previous IS 'The price set that it would replace.';

-- As in 0.4.0.sql from 37426 to 37593: COMMENT ON COLUMN public.pricing_held_changes.evidence IS 'For each suspicious axis: number before, number now, the catalogue''s, the provider''s own text and u
COMMENT ON COLUMN public.pricing_held_changes.raw IS 'What the provider wrote: text and unit of each price key.';

COMMENT ON COLUMN public.pricing_held_changes.job_id IS 'The last job that said so and is counted here, first_job_id the first; pricing_held_all has the last of all.';

COMMENT ON COLUMN public.pricing_held_changes.last_seen_at IS 'The last sync that said it and is counted here; pricing_held_all has the last of all.';

COMMENT ON COLUMN public.pricing_held_changes.times_seen IS 'Syncs that said the same, from first_seen_at to last_seen_at; pricing_held_all has what said_again_from leaves out.';

-- As in 0.4.0.sql from 37946 to 38118: COMMENT ON COLUMN public.pricing_held_changes.still_said IS 'False once the provider has said something else of the model: a rejection binds for as long as this
COMMENT ON COLUMN public.pricing_held_changes.said_again_from IS 'Every sync since pricing_said_again.times was this has said it again, and is not counted here: read pricing_held_all. Null: what stands here is all.';

-- As in 0.4.0.sql from 38119 to 41008: CREATE FUNCTION public.approve_held_price_change(id bigint, approved_by text DEFAULT CURRENT_USER, note text DEFAULT NULL::text) RETURNS public.pricing_held_cha
-- As in 0.4.0.sql from 41009 to 41260: COMMENT ON FUNCTION public.approve_held_price_change(id bigint, approved_by text, note text) IS 'Make a price that waits, or one that was rejected while the pro
-- As in 0.4.0.sql from 41261 to 41739: CREATE FUNCTION public.approve_held_price_changes(job_id uuid, approved_by text DEFAULT CURRENT_USER, note text DEFAULT NULL::text) RETURNS SETOF public.pricing
-- As in 0.4.0.sql from 41740 to 41922: COMMENT ON FUNCTION public.approve_held_price_changes(job_id uuid, approved_by text, note text) IS 'Approve all that waits and was last said by this job; return
CREATE FUNCTION public.audit_change_by_hand() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET "IntervalStyle" TO 'postgres'
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

-- As in 0.4.0.sql from 44224 to 44387: COMMENT ON FUNCTION public.audit_change_by_hand() IS 'Trigger: write an audit row for a change that no function of ours makes; its arguments name those that do.
-- As in 0.4.0.sql from 44388 to 45516: CREATE FUNCTION public.audit_deleted_jobs() RETURNS trigger
COMMENT ON FUNCTION public.audit_deleted_jobs() IS 'Trigger: write an audit row when a person deletes jobs: how many, and the newest 100.';

CREATE FUNCTION public.audit_provider_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET "IntervalStyle" TO 'postgres'
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

-- As in 0.4.0.sql from 48506 to 48681: COMMENT ON FUNCTION public.audit_provider_change() IS 'Trigger: what a person adds, changes or removes of a provider is in pricing_audit_log, column by column, 
CREATE FUNCTION public.audit_settings_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET "IntervalStyle" TO 'postgres'
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

-- As in 0.4.0.sql from 49592 to 50085: CREATE FUNCTION public.beat_pricing_worker(worker_id bigint) RETURNS boolean
COMMENT ON FUNCTION public.beat_pricing_worker(worker_id bigint) IS 'Show that a worker is alive; false when it was pruned, and has to register again.';

-- As in 0.4.0.sql from 50240 to 54305: CREATE FUNCTION public.bound_price_list(p_prices jsonb, p_skipped jsonb, OUT prices jsonb, OUT skipped jsonb) RETURNS record
-- As in 0.4.0.sql from 54306 to 54616: COMMENT ON FUNCTION public.bound_price_list(p_prices jsonb, p_skipped jsonb, OUT prices jsonb, OUT skipped jsonb) IS 'The list without the models that are longe
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
            when transaction_rollback then
                raise;
            when others then
                raise warning 'pricing-sync: queue row % of a disabled provider could not be cancelled: %', v.queue_job_id, sqlerrm;
        end;
    end loop;
    return v_cancelled;
end;
$$;


ALTER FUNCTION public.cancel_disabled_syncs(p_provider text) OWNER TO pricing_owner;

-- As in 0.4.0.sql from 55899 to 56120: COMMENT ON FUNCTION public.cancel_disabled_syncs(p_provider text) IS 'Cancel the waiting syncs of a provider that is disabled or gone (null: of all of them), ex
-- As in 0.4.0.sql from 56121 to 57862: CREATE FUNCTION public.cancel_pricing_sync(job_id uuid, cancelled_by text DEFAULT CURRENT_USER) RETURNS public.pricing_sync_jobs
-- As in 0.4.0.sql from 57863 to 58024: COMMENT ON FUNCTION public.cancel_pricing_sync(job_id uuid, cancelled_by text) IS 'Cancel what waits and abort what runs of one job, at once; returns the job.';
-- As in 0.4.0.sql from 58025 to 58500: CREATE FUNCTION public.capped_expiry(p_time timestamp with time zone) RETURNS timestamp with time zone
-- As in 0.4.0.sql from 58501 to 58689: COMMENT ON FUNCTION public.capped_expiry(p_time timestamp with time zone) IS 'A time as every client can read it: 9999-12-31 00:00 UTC at the latest; null, whic
-- As in 0.4.0.sql from 58690 to 59504: CREATE FUNCTION public.checked_expiry(p_name text, p_time timestamp with time zone, p_never text DEFAULT NULL::text) RETURNS timestamp with time zone
-- As in 0.4.0.sql from 59505 to 59780: COMMENT ON FUNCTION public.checked_expiry(p_name text, p_time timestamp with time zone, p_never text) IS 'Return this time, or null for null; refuse what is pas
-- As in 0.4.0.sql from 59781 to 60545: CREATE FUNCTION public.checked_interval(p_name text, p_interval interval) RETURNS interval
-- As in 0.4.0.sql from 60546 to 60735: COMMENT ON FUNCTION public.checked_interval(p_name text, p_interval interval) IS 'Return this interval; refuse one whose months, days or time are below zero, fo
-- As in 0.4.0.sql from 60736 to 61081: CREATE FUNCTION public.cleanup_expired_pricing_locks() RETURNS integer
-- As in 0.4.0.sql from 61082 to 61265: COMMENT ON FUNCTION public.cleanup_expired_pricing_locks() IS 'Release the locks whose holder has had no heartbeat within the lease; returns how many. Their syn
CREATE FUNCTION public.cleanup_old_pricing_jobs(keep interval DEFAULT '30 days'::interval) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "IntervalStyle" TO 'postgres'
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
    -- Cut-offs are variables: what a clock tells anew for each row no index can serve.
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
                and coalesce(
                    (select max(k.used_at) from public.pricing_idempotency_keys k where k.job_id = j.job_id)
                        <= v_keys_before,
                    true
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

    -- Rows whose log is gone, because somebody deleted the job by hand: older than all that have one. Here and below a
    -- subquery for each row asks its events, and the rows are deleted by their keys: a join would read all that is kept.
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
        -- As the index pricing_other_rows has it.
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

    -- As trigger_pricing_sync reads them. They are locked, so each stays where it is.
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

-- As in 0.4.0.sql from 67139 to 67494: COMMENT ON FUNCTION public.cleanup_old_pricing_jobs(keep interval) IS 'Prune jobs that ended longer ago than this, with their log and queue rows, up to 10,000 a
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
            when transaction_rollback then
                raise;
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

-- As in 0.4.0.sql from 70465 to 70769: COMMENT ON FUNCTION public.cleanup_stuck_pricing_syncs(timeout_minutes integer) IS 'Settle every sync that is stuck: given up while somebody held its rows, lost
-- As in 0.4.0.sql from 70770 to 71431: CREATE TABLE public.pricing_overrides (
COMMENT ON TABLE public.pricing_overrides IS 'Prices set by a person: they win over the synced ones until they are cleared or expire.';

COMMENT ON COLUMN public.pricing_overrides.model_id IS 'model_pricing.id.';

COMMENT ON COLUMN public.pricing_overrides.prices IS 'USD for one unit by column of model_pricing: these axes are fixed, all others follow the provider.';

COMMENT ON COLUMN public.pricing_overrides.expires_at IS 'When the schedule''s tick ends it; null: never by itself.';

-- As in 0.4.0.sql from 71921 to 72088: COMMENT ON COLUMN public.pricing_overrides.forced IS 'True: the guards found its prices suspicious, and a person set them with force; the audit log has the reas
-- As in 0.4.0.sql from 72089 to 74558: CREATE FUNCTION public.clear_price_override(provider text, model text, cleared_by text DEFAULT CURRENT_USER) RETURNS public.pricing_overrides
-- As in 0.4.0.sql from 74559 to 74740: COMMENT ON FUNCTION public.clear_price_override(provider text, model text, cleared_by text) IS 'End the override of a model: what its provider says is in force 
CREATE FUNCTION public.compare_provider_prices(p_provider text, p_targets text[], p_prices jsonb, p_observed_at timestamp with time zone, p_source text) RETURNS TABLE(provider_slug text, model_id text, id bigint, name text, source text, old_source text, is_changed boolean, is_touched boolean, is_priced boolean, old_prices jsonb, new_prices jsonb, extra jsonb, raw jsonb)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET enable_seqscan TO 'off'
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
    -- Each provider's models by its index: a join alone would read those of all providers.
    known as (
        select m.*
        from (select distinct t as slug from unnest(p_targets) as t) as target
        cross join lateral (
            select k as known, k.* from public.model_pricing k where k.provider_slug = target.slug offset 0
        ) as m
    ),
    compared as materialized (
        select
            i as incoming,
            m.known,
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
        left join known m on m.provider_slug = i.provider_slug and m.model_id = i.model_id
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

-- As in 0.4.0.sql from 81882 to 82212: COMMENT ON FUNCTION public.compare_provider_prices(p_provider text, p_targets text[], p_prices jsonb, p_observed_at timestamp with time zone, p_source text) IS 
CREATE FUNCTION public.count_said_again() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_again public.pricing_said_again;
begin
    select r.* into v_again from public.pricing_said_again r where r.provider_slug = old.provider_slug;
    if v_again.times > old.said_again_from then
        new.times_seen := new.times_seen + (v_again.times - old.said_again_from)::integer;
        new.last_seen_at := v_again.said_at;
        new.job_id := v_again.job_id;
        new.observed_at := v_again.observed_at;
    end if;
    new.said_again_from := null;
    return new;
end;
$$;


ALTER FUNCTION public.count_said_again() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.count_said_again() IS 'Trigger: a held change that is decided, or not said any more, gets the counts of pricing_said_again for good.';

-- As in 0.4.0.sql from 82213 to 82903: CREATE FUNCTION public.counts_of_sync(p_log public.pricing_sync_log) RETURNS TABLE(status text, models_fetched integer, models_updated integer, models_skipped i
-- As in 0.4.0.sql from 82904 to 83068: COMMENT ON FUNCTION public.counts_of_sync(p_log public.pricing_sync_log) IS 'The counts of an attempt, and of its details the price keys that no list had before
CREATE FUNCTION public.create_pricing_api_key(name text, role text DEFAULT 'admin'::text, created_by text DEFAULT CURRENT_USER, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
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

-- As in 0.4.0.sql from 86454 to 86720: COMMENT ON FUNCTION public.create_pricing_api_key(name text, role text, created_by text, expires_at timestamp with time zone) IS 'Make a bearer key for the HTTP
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
            select from public.pricing_held_all h where h.job_id = p_job_id and h.status = 'held'
        )
    then
        raise exception 'There is no job %', coalesce(p_job_id::text, 'null')
            using errcode = 'PT404', hint = 'select distinct job_id from pricing_held shows whose changes wait.';
    end if;

    v_providers := array(
        select distinct h.provider_slug
        from public.pricing_held_all h
        where h.job_id = p_job_id and h.status = 'held'
    );
    perform public.lock_provider_prices(v_providers);
    -- As they are now: a sync, or somebody else, may have decided some meanwhile. What the job has held of further
    -- providers since is not decided: their prices are not held.
    select array_agg(held.id) into v_ids
    from (
        select h.id
        from public.pricing_held_changes h
        where h.status = 'held'
            and h.id = any (array(
                select s.id
                from public.pricing_held_all s
                where s.job_id = p_job_id and s.status = 'held' and s.provider_slug = any (v_providers)
            ))
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

-- As in 0.4.0.sql from 89621 to 89818: COMMENT ON FUNCTION public.decide_held_changes_of_job(p_job_id uuid, p_status text, p_decided_by text, p_note text) IS 'Decide all that waits and was last said 
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
            from public.pricing_held_all h
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

-- As in 0.4.0.sql from 92376 to 92635: COMMENT ON FUNCTION public.decide_held_price_changes(p_ids bigint[], p_status text, p_decided_by text, p_note text) IS 'Make these held changes approved, and wi
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
        join public.pricing_held_all h on h.model_id = c.id
        where h.model_id = any (array(select c.id from change c))
            and h.still_said
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
    -- Its kinds are asked for four times.
    weighted as materialized (
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

-- As in 0.4.0.sql from 98645 to 98931: COMMENT ON FUNCTION public.decide_price_changes(p_provider text, p_changes jsonb, p_verdicts jsonb, p_now timestamp with time zone, p_observed_at timestamp with
-- As in 0.4.0.sql from 98932 to 99647: CREATE FUNCTION public.defer_provider_syncs(p_job_id uuid, p_providers text[]) RETURNS bigint[]
-- As in 0.4.0.sql from 99648 to 99819: COMMENT ON FUNCTION public.defer_provider_syncs(p_job_id uuid, p_providers text[]) IS 'Put one queue row per provider behind a job; returns their ids in the sam
-- As in 0.4.0.sql from 99820 to 101671: CREATE FUNCTION public.end_expired_overrides() RETURNS integer
-- As in 0.4.0.sql from 101672 to 101848: COMMENT ON FUNCTION public.end_expired_overrides() IS 'End the overrides whose time has come: what the providers say is in force again. Returns how many, up to 
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
            when transaction_rollback then
                raise;
            when others then
                raise warning 'pricing-sync: the abort of queue row % could not be ended: %', v.queue_job_id, sqlerrm;
        end;
    end loop;
    return next;
end;
$$;


ALTER FUNCTION public.end_ignored_aborts() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.end_ignored_aborts() IS 'End the running syncs whose worker has not obeyed an abort within the lease.';

-- As in 0.4.0.sql from 103131 to 105188: CREATE FUNCTION public.end_price_change_rule(id bigint, ended_by text DEFAULT CURRENT_USER) RETURNS public.pricing_change_rules
COMMENT ON FUNCTION public.end_price_change_rule(id bigint, ended_by text) IS 'End a rule before its time; what it has let through stays. Returns it.';

-- As in 0.4.0.sql from 105342 to 110280: CREATE FUNCTION public.end_provider_sync(queue_job_id bigint, attempt integer, status text, error_kind text DEFAULT NULL::text, message text DEFAULT NULL::text,
-- As in 0.4.0.sql from 110281 to 110581: COMMENT ON FUNCTION public.end_provider_sync(queue_job_id bigint, attempt integer, status text, error_kind text, message text, next_allowed_at timestamp with ti
-- As in 0.4.0.sql from 110582 to 114257: CREATE FUNCTION public.enqueue_due_pricing_syncs() RETURNS SETOF public.pricing_sync_jobs
-- As in 0.4.0.sql from 114258 to 114519: COMMENT ON FUNCTION public.enqueue_due_pricing_syncs() IS 'Enqueue the providers whose next_sync_at has come, in one job, and move their slots on; the catalogue
CREATE FUNCTION public.erase_audit_details() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_mark constant text := coalesce(current_setting('pricing.writer', true), '');
    v_before timestamptz;
    v_ids bigint[];
    v_batch integer;
    v_erased integer := 0;
begin
    select clock_timestamp() - s.audit_retention into strict v_before from public.pricing_settings s;
    -- See guard_pricing_records.
    perform set_config('pricing.writer', 'on', true);
    -- Ten batches a call keep the transaction short; what is left goes with the next call.
    for i in 1..10 loop
        -- By their keys: a join may read all of the log to erase nothing.
        v_ids := array(
            select o.id
            from public.pricing_audit_log o
            where (o.client_address is not null or o.http_client_address is not null or o.claims is not null)
                and o.at < v_before
            order by o.at
            limit 1000
            for no key update skip locked
        );
        update public.pricing_audit_log a
        set client_address = null, http_client_address = null, claims = null
        where a.id = any (v_ids);
        get diagnostics v_batch = row_count;
        v_erased := v_erased + v_batch;
        exit when v_batch < 1000;
    end loop;
    perform set_config('pricing.writer', v_mark, true);
    return v_erased;
end;
$$;


ALTER FUNCTION public.erase_audit_details() OWNER TO pricing_owner;

-- As in 0.4.0.sql from 115902 to 116103: COMMENT ON FUNCTION public.erase_audit_details() IS 'Erase client addresses and claims of audit rows that are older than pricing_settings.audit_retention, up to
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
            when transaction_rollback then
                raise;
            when others then
                raise warning 'pricing-sync: overtime queue row % could not be failed: %', v.queue_job_id, sqlerrm;
        end;
    end loop;
    return next;
end;
$$;


ALTER FUNCTION public.fail_overtime_syncs(p_timeout interval) OWNER TO pricing_owner;

-- As in 0.4.0.sql from 117737 to 117942: COMMENT ON FUNCTION public.fail_overtime_syncs(p_timeout interval) IS 'Abort and fail the attempts that run longer than this, or than their provider''s timeout 
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
            when transaction_rollback then
                raise;
            when others then
                raise warning 'pricing-sync: unattended queue row % could not be failed: %', v.queue_job_id, sqlerrm;
        end;
    end loop;
    return next;
end;
$$;


ALTER FUNCTION public.fail_unattended_syncs() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.fail_unattended_syncs() IS 'Fail the syncs that have waited for queued_timeout, when no worker has been alive for as long.';

-- As in 0.4.0.sql from 119534 to 126056: CREATE FUNCTION public.fetch_queue_row(queue_names character varying[], worker_id bigint) RETURNS procrastinate.procrastinate_jobs
-- As in 0.4.0.sql from 126057 to 126317: COMMENT ON FUNCTION public.fetch_queue_row(queue_names character varying[], worker_id bigint) IS 'Give a worker the next row that it may run, as procrastinate_f
-- As in 0.4.0.sql from 126318 to 126698: CREATE FUNCTION public.folded_key_name(p_name text) RETURNS text
COMMENT ON FUNCTION public.folded_key_name(p_name text) IS 'The name of a key without case and blanks: no two keys that are in force have the same.';

-- As in 0.4.0.sql from 126850 to 127170: CREATE FUNCTION public.follow_provider_disabled() RETURNS trigger
COMMENT ON FUNCTION public.follow_provider_disabled() IS 'Trigger: a provider that is disabled, deleted or renamed takes its waiting syncs out of the queue.';

-- As in 0.4.0.sql from 127331 to 127812: CREATE FUNCTION public.follow_provider_switch() RETURNS trigger
COMMENT ON FUNCTION public.follow_provider_switch() IS 'Trigger: keep a provider''s state in line with enabled.';

-- As in 0.4.0.sql from 127928 to 129151: CREATE FUNCTION public.get_provider_sync(queue_job_id bigint, attempt integer) RETURNS TABLE(job_id uuid, provider_slug text, adapter text, base_url text, crede
-- As in 0.4.0.sql from 129152 to 129363: COMMENT ON FUNCTION public.get_provider_sync(queue_job_id bigint, attempt integer) IS 'What a worker needs for an attempt that it runs: where to fetch and how; 
-- As in 0.4.0.sql from 129364 to 132764: CREATE FUNCTION public.give_up_sync(queue_job_id bigint, attempt integer) RETURNS TABLE(outcome text, message text)
-- As in 0.4.0.sql from 132765 to 133101: COMMENT ON FUNCTION public.give_up_sync(queue_job_id bigint, attempt integer) IS 'Give up a running attempt that has waited too long, and queue its provider syn
-- As in 0.4.0.sql from 133102 to 133477: CREATE FUNCTION public.guard_interval() RETURNS trigger
COMMENT ON FUNCTION public.guard_interval() IS 'Trigger: refuse an interval with a part below zero in the columns that its arguments name, with PT422.';

-- As in 0.4.0.sql from 133632 to 138669: CREATE FUNCTION public.guard_model_pricing() RETURNS trigger
-- As in 0.4.0.sql from 138670 to 138915: COMMENT ON FUNCTION public.guard_model_pricing() IS 'Trigger: refuse UPDATE, DELETE and TRUNCATE of model_pricing by hand, with PT409 and the call that does it;
-- As in 0.4.0.sql from 138916 to 139964: CREATE FUNCTION public.guard_new_queue_row() RETURNS trigger
-- As in 0.4.0.sql from 139965 to 140143: COMMENT ON FUNCTION public.guard_new_queue_row() IS 'Trigger: refuse a row that no worker could read with PT422, and number it by the sequence, whatever number 
-- As in 0.4.0.sql from 140144 to 141928: CREATE FUNCTION public.guard_price_override() RETURNS trigger
-- As in 0.4.0.sql from 141929 to 142126: COMMENT ON FUNCTION public.guard_price_override() IS 'Trigger: refuse INSERT, UPDATE of an override''s prices or end, DELETE and TRUNCATE by hand, with PT409; p
-- As in 0.4.0.sql from 142127 to 144185: CREATE FUNCTION public.guard_pricing_job() RETURNS trigger
COMMENT ON FUNCTION public.guard_pricing_job() IS 'Trigger: let a person end an open job by UPDATE, and refuse every other status by hand with PT409.';

-- As in 0.4.0.sql from 144339 to 144774: CREATE FUNCTION public.guard_pricing_lock() RETURNS trigger
COMMENT ON FUNCTION public.guard_pricing_lock() IS 'Trigger: refuse a task of another kind that would hold a provider''s lock, with PT422.';

-- As in 0.4.0.sql from 144917 to 146185: CREATE FUNCTION public.guard_pricing_records() RETURNS trigger
-- As in 0.4.0.sql from 146186 to 146413: COMMENT ON FUNCTION public.guard_pricing_records() IS 'Trigger: refuse UPDATE, DELETE and TRUNCATE of price history and audit log, with PT409; `set local pricin
-- As in 0.4.0.sql from 146414 to 146865: CREATE FUNCTION public.guard_pricing_settings() RETURNS trigger
COMMENT ON FUNCTION public.guard_pricing_settings() IS 'Trigger: refuse to delete the one row of settings, with PT409.';

-- As in 0.4.0.sql from 146988 to 149184: CREATE FUNCTION public.guard_queue_row() RETURNS trigger
-- As in 0.4.0.sql from 149185 to 149407: COMMENT ON FUNCTION public.guard_queue_row() IS 'Trigger: keep lock, queue and attempts of a provider sync right, and let no finished row name a worker; no row 
-- As in 0.4.0.sql from 149408 to 150341: CREATE FUNCTION public.held_pricing_locks() RETURNS TABLE(lock_key text, locked_at timestamp with time zone, locked_by text, expires_at timestamp with time zone
COMMENT ON FUNCTION public.held_pricing_locks() IS 'The locks held now, one row per running provider sync.';

-- As in 0.4.0.sql from 150452 to 151998: CREATE FUNCTION public.held_pricing_slots() RETURNS text
COMMENT ON FUNCTION public.held_pricing_slots() IS 'Which due providers'' rows are held, and by whom; null when none is. It does not wait.';

-- As in 0.4.0.sql from 152141 to 153626: CREATE FUNCTION public.held_sync_locks(p_provider text) RETURNS text
COMMENT ON FUNCTION public.held_sync_locks(p_provider text) IS 'Hold the prices and the row of a provider without waiting: null, or who has them.';

-- As in 0.4.0.sql from 153776 to 154432: CREATE FUNCTION public.hold_log_row(p_queue_job_id bigint, p_attempt integer) RETURNS boolean
-- As in 0.4.0.sql from 154433 to 154603: COMMENT ON FUNCTION public.hold_log_row(p_queue_job_id bigint, p_attempt integer) IS 'Hold the log row of an attempt, if there is one; false when somebody else 
CREATE FUNCTION public.hold_price_changes(p_provider text, p_changes jsonb, p_verdicts jsonb, p_unchanged_ids bigint[], p_now timestamp with time zone, p_job_id uuid, p_observed_at timestamp with time zone, p_dry_run boolean DEFAULT false, OUT passing jsonb, OUT held jsonb) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
declare
    -- By these an index serves: others may have many that are held.
    v_ids constant bigint[] := p_unchanged_ids || array(
        select (e.entry ->> 'id')::bigint from jsonb_array_elements(p_changes) as e (entry)
    );
    v_said text[];
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
            where h.still_said and h.status in ('held', 'rejected') and h.model_id = any (v_ids)
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

    v_said := array(
        select distinct d.provider
        from jsonb_to_recordset(v_decisions) as d (provider text, outcome text)
        where d.outcome in ('hold', 'keep', 'reject')
    );
    -- What the providers have said of these again is counted once for each provider: a row that is said as it was is not
    -- written. Here those that this list leaves out, which it must not count for.
    update public.pricing_held_changes h
    set said_again_from = null,
        times_seen = s.times_seen,
        last_seen_at = s.last_seen_at,
        job_id = s.job_id,
        observed_at = s.observed_at
    from public.pricing_held_all s
    where s.id = h.id
        and h.provider_slug = any (v_said)
        and h.still_said
        and h.status in ('held', 'rejected')
        and h.said_again_from is not null
        and not exists (select from unnest(v_ids) as w where w = h.model_id);

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
            d.extra, d.raw, h.times_seen, h.last_seen_at, h.job_id, h.observed_at, p.is_said,
            u.model_id is not null as is_withdrawn,
            case when p.is_said and d.outcome in ('keep', 'reject') then coalesce(r.times, 0) + 1 end as said_again_from
        from public.pricing_held_all h
        left join public.pricing_said_again r on r.provider_slug = h.provider_slug
        left join decision d on d.id = h.model_id
        left join (select distinct w as model_id from unnest(p_unchanged_ids) as w) as u on u.model_id = h.model_id
        cross join lateral (select coalesce(h.id = d.said_id, false) as is_said) as p
        where h.still_said
            and h.status in ('held', 'rejected')
            and h.model_id = any (v_ids)
            and (d.id is not null or u.model_id is not null)
            and not (
                p.is_said
                and d.outcome in ('keep', 'reject')
                and coalesce(r.times >= h.said_again_from, false)
                and (h.class, h.reason, h.ratio, h.to_zero, h.evidence, h.pricing_source, h.extra, h.raw)
                    is not distinct from (d.class, d.reason, d.ratio, d.to_zero, d.evidence, d.source, d.extra, d.raw)
            )
    )
    update public.pricing_held_changes h
    set status = case
            when h.status = 'rejected' then 'rejected'
            when s.is_said then case when s.outcome = 'apply' then 'applied' else h.status end
            when s.is_withdrawn then 'withdrawn'
            else 'superseded'
        end,
        still_said = s.is_said,
        said_again_from = s.said_again_from,
        times_seen = s.times_seen + s.is_said::integer,
        last_seen_at = case when s.is_said then p_now else s.last_seen_at end,
        job_id = case when s.is_said then p_job_id else s.job_id end,
        observed_at = case when s.is_said then p_observed_at else s.observed_at end,
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
        first_job_id, job_id, first_seen_at, last_seen_at, observed_at, said_again_from
    )
    select d.id, d.provider, d.class, d.reason, d.ratio, d.to_zero, d.prices, d.previous, d.evidence, d.source, d.extra,
        d.raw, p_job_id, p_job_id, p_now, p_now, p_observed_at, coalesce(r.times, 0) + 1
    from jsonb_to_recordset(v_decisions) as d (
        id bigint, provider text, outcome text, class text, reason text, ratio numeric, to_zero boolean, prices jsonb,
        previous jsonb, evidence jsonb, source text, extra jsonb, raw jsonb
    )
    left join public.pricing_said_again r on r.provider_slug = d.provider
    where d.outcome = 'hold';

    insert into public.pricing_said_again as r (provider_slug, said_at, job_id, observed_at)
    select w, p_now, p_job_id, p_observed_at
    from unnest(v_said) as w
    on conflict (provider_slug) do update
    set times = r.times + 1,
        said_at = excluded.said_at,
        job_id = excluded.job_id,
        observed_at = excluded.observed_at;
end;
$$;


ALTER FUNCTION public.hold_price_changes(p_provider text, p_changes jsonb, p_verdicts jsonb, p_unchanged_ids bigint[], p_now timestamp with time zone, p_job_id uuid, p_observed_at timestamp with time zone, p_dry_run boolean, OUT passing jsonb, OUT held jsonb) OWNER TO pricing_owner;

-- As in 0.4.0.sql from 161229 to 161729: COMMENT ON FUNCTION public.hold_price_changes(p_provider text, p_changes jsonb, p_verdicts jsonb, p_unchanged_ids bigint[], p_now timestamp with time zone, p_jo
-- As in 0.4.0.sql from 161730 to 163401: CREATE FUNCTION public.hold_pricing_lock(p_name text, p_until timestamp with time zone) RETURNS void
-- As in 0.4.0.sql from 163402 to 163630: COMMENT ON FUNCTION public.hold_pricing_lock(p_name text, p_until timestamp with time zone) IS 'Hold the lock of this name until the end of the transaction; an 
-- As in 0.4.0.sql from 163631 to 165567: CREATE FUNCTION public.hold_stuck_sync(p_reason text, p_queue_job_id bigint, p_attempt integer, p_timeout interval DEFAULT NULL::interval) RETURNS procrastinate
-- As in 0.4.0.sql from 165568 to 165866: COMMENT ON FUNCTION public.hold_stuck_sync(p_reason text, p_queue_job_id bigint, p_attempt integer, p_timeout interval) IS 'Hold a queue row with its log row, i
-- As in 0.4.0.sql from 165867 to 166771: CREATE FUNCTION public.hold_sync_end(p_queue_job_id bigint, p_attempt integer, p_job_id uuid, p_provider text, p_until timestamp with time zone) RETURNS void
-- As in 0.4.0.sql from 166772 to 167074: COMMENT ON FUNCTION public.hold_sync_end(p_queue_job_id bigint, p_attempt integer, p_job_id uuid, p_provider text, p_until timestamp with time zone) IS 'Hold th
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
        when transaction_rollback then
            raise;
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

-- As in 0.4.0.sql from 168922 to 169205: COMMENT ON FUNCTION public.idempotency_identity(p_says text, OUT identity text, OUT since timestamp with time zone) IS 'Whose an idempotency key is, as far as t
CREATE FUNCTION public.judge_price_changes(p_provider text, p_changes jsonb, p_lists jsonb DEFAULT '{}'::jsonb, p_reference jsonb DEFAULT NULL::jsonb) RETURNS TABLE(provider text, model_id text, class text, reason text, ratio numeric, to_zero boolean, evidence jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $_$
    with guard as materialized (
        select p.* from public.pricing_providers p where p.slug = p_provider and p.guards_enabled
    ),
    change as materialized (
        select
            c.*,
            -- A dry run keeps nothing, so its reference is not in the table. A subquery asks the index for each change; a
            -- join would read the numbers of all providers.
            case
                when c.source not like 'catalogue:%' then coalesce(
                    r.prices,
                    (
                        select k.prices
                        from public.pricing_catalogue_prices k
                        where k.provider_slug = c.provider and k.model_id = c.model_id
                    )
                )
            end as catalogue
        from rows from (
            jsonb_to_recordset(case when exists (select from guard) then p_changes else '[]' end)
                as (provider text, model_id text, source text, raw jsonb)
        ) with ordinality as c (provider, model_id, source, raw, position)
        left join jsonb_to_recordset(p_reference) as r (provider text, model_id text, prices jsonb)
            on coalesce(r.provider, p_provider) = c.provider and r.model_id = c.model_id
    ),
    move as materialized (
        select
            m.*,
            c.provider,
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
            '%1$s moves by %2$s times (%3$s -> %4$s)' as words,
            array[m.ratio, m.before * 1000000, m.now * 1000000] as numbers
        from move m
        where m.is_unit or (m.is_large and not m.is_new_entry)
        union all
        select
            m.*,
            'zero',
            false,
            null,
            '%1$s falls to zero (%2$s -> 0)',
            array[m.old * 1000000]
        from move m
        where m.now = 0 and m.old > 0
        union all
        select
            m.*,
            'band',
            true,
            null,
            '%1$s %2$s is outside %3$s to %4$s',
            array[m.now * 1000000, m.guard_lowest_per_1m, m.guard_highest_per_1m]
        from move m
        where m.now > 0 and (m.now * 1000000 < m.guard_lowest_per_1m or m.now * 1000000 > m.guard_highest_per_1m)
        union all
        select
            m.*,
            'catalogue',
            true,
            q.times,
            '%1$s is %2$s times the catalogue''s %3$s',
            array[m.now / m.catalogue, m.catalogue * 1000000]
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
            s.models || ' of ' || s.listed || ' models move by the same factor %2$s',
            array[s.factor]
        from move m
        join shared s on s.model = m.change and s.factor = m.now / m.old
        where m.old > 0 and not m.is_condition
    ),
    -- Each number once: a list in another unit has the same few thousands of times.
    short as materialized (
        select jsonb_object_agg(n.text, public.pricing_short_number(n.number)) as texts
        from (
            select distinct on (u.number::text) u.number::text as text, u.number
            from finding f
            cross join lateral unnest(f.numbers) as u (number)
            where u.number is not null
        ) as n
    ),
    said as (
        select
            f.*,
            format(
                f.words,
                f.short_name,
                s.texts ->> f.numbers[1]::text,
                s.texts ->> f.numbers[2]::text,
                s.texts ->> f.numbers[3]::text
            ) as phrase
        from finding f
        cross join short s
    ),
    sentence as (
        select
            w.change,
            string_agg(w.words, '; ' order by w.rank) filter (where w.rank <= 3)
                || coalesce('; and ' || nullif(greatest(count(*) - 3, 0), 0) || ' more', '') as words
        from (
            select
                f.change,
                f.phrase as words,
                row_number() over (
                    partition by f.change
                    order by bool_or(f.looks_like_unit) desc, max(f.weight) desc nulls last, min(f.kind), f.phrase
                ) as rank
            from said f
            group by f.change, f.phrase
        ) as w
        group by w.change
    ),
    published as materialized (
        select distinct on (f.change, f.axis)
            f.change,
            f.axis,
            jsonb_strip_nulls(jsonb_build_object(
                'key', left(e.key, 200) || case when length(e.key) > 200 then '...' else '' end,
                -- As text, whatever it is: what is nested deep no program could read.
                'text', left(e.value ->> 'text', 200) || case when length(e.value ->> 'text') > 200 then '...' else '' end,
                'unit', left(e.value ->> 'unit', 200)
            )) as published
        from change c
        cross join lateral jsonb_each(case when jsonb_typeof(c.raw) = 'object' then c.raw else '{}' end) e
        join (select distinct f.change, f.axis from finding f) as f
            on f.change = c.position and f.axis = e.value ->> 'axis'
        order by f.change, f.axis, length(e.key), e.key
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
                )) || coalesce(p.published, '{}')
                order by f.looks_like_unit desc, f.weight desc nulls last, f.axis, f.kind
            ) as evidence
        from finding f
        left join published p on p.change = f.change and p.axis = f.axis
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
$_$;


ALTER FUNCTION public.judge_price_changes(p_provider text, p_changes jsonb, p_lists jsonb, p_reference jsonb) OWNER TO pricing_owner;

-- As in 0.4.0.sql from 178176 to 178551: COMMENT ON FUNCTION public.judge_price_changes(p_provider text, p_changes jsonb, p_lists jsonb, p_reference jsonb) IS 'Of the changes, [{id, provider, model_id,
-- As in 0.4.0.sql from 178552 to 180427: CREATE TABLE public.model_pricing (
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

-- As in 0.4.0.sql from 182100 to 182275: COMMENT ON COLUMN public.model_pricing.conditions IS 'Prices that replace the base under a condition (prompt size, UTC window), in the provider''s order: later 
COMMENT ON COLUMN public.model_pricing.extra IS 'Price keys without a column, verbatim.';

COMMENT ON COLUMN public.model_pricing.pricing_source IS 'api:<provider>, or catalogue:genai-prices@<version>.';

COMMENT ON COLUMN public.model_pricing.last_changed_at IS 'When the price last changed; null while no price was ever known.';

COMMENT ON COLUMN public.model_pricing.missing_count IS 'Complete syncs in a row that did not list the model.';

COMMENT ON COLUMN public.model_pricing.is_active IS 'False after 3 complete syncs without the model; it is never deleted.';

COMMENT ON COLUMN public.model_pricing.listed_by IS 'Whose list has the model: its provider''s slug, or catalogue.';

COMMENT ON COLUMN public.model_pricing.synced IS 'While an override is in force: the price set that the provider''s syncs say; null without one.';

-- As in 0.4.0.sql from 183112 to 190582: CREATE FUNCTION public.judge_price_override(p_model public.model_pricing, p_prices jsonb) RETURNS text
-- As in 0.4.0.sql from 190583 to 190923: COMMENT ON FUNCTION public.judge_price_override(p_model public.model_pricing, p_prices jsonb) IS 'What looks wrong with an override by the guards of its provide
-- As in 0.4.0.sql from 190924 to 191268: CREATE FUNCTION public.keep_pricing_lock() RETURNS trigger
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
                    where h.still_said and h.status in ('held', 'rejected') and h.provider_slug = any (p_targets)
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

-- As in 0.4.0.sql from 196233 to 196808: COMMENT ON FUNCTION public.list_provider_models(p_provider text, p_targets text[], p_prices jsonb, p_skipped jsonb, p_observed_at timestamp with time zone, p_no
-- As in 0.4.0.sql from 196809 to 198349: CREATE FUNCTION public.lock_key_name(p_name text) RETURNS void
-- As in 0.4.0.sql from 198350 to 198542: COMMENT ON FUNCTION public.lock_key_name(p_name text) IS 'Hold all keys of a name, those to come included, until the end of the transaction; after 5 seconds an 
-- As in 0.4.0.sql from 198543 to 200157: CREATE FUNCTION public.lock_listed_prices(p_provider text, p_prices jsonb, p_until timestamp with time zone) RETURNS text[]
-- As in 0.4.0.sql from 200158 to 200399: COMMENT ON FUNCTION public.lock_listed_prices(p_provider text, p_prices jsonb, p_until timestamp with time zone) IS 'Hold the prices of the providers in a list;
-- As in 0.4.0.sql from 200400 to 201035: CREATE FUNCTION public.lock_provider_prices(p_providers text[], p_until timestamp with time zone DEFAULT (clock_timestamp() + '00:00:05'::interval)) RETURNS voi
-- As in 0.4.0.sql from 201036 to 201312: COMMENT ON FUNCTION public.lock_provider_prices(p_providers text[], p_until timestamp with time zone) IS 'Hold the prices of these providers until the end of th
-- As in 0.4.0.sql from 201313 to 202199: CREATE FUNCTION public.lock_provider_triggers(p_providers text[], p_wait boolean DEFAULT true) RETURNS text[]
-- As in 0.4.0.sql from 202200 to 202464: COMMENT ON FUNCTION public.lock_provider_triggers(p_providers text[], p_wait boolean) IS 'Keep others that look before they queue from these providers until the
-- As in 0.4.0.sql from 202465 to 203260: CREATE FUNCTION public.log_ended_attempt(p_queue_job_id bigint, p_attempt integer, p_status text, p_error_kind text, p_message text) RETURNS void
-- As in 0.4.0.sql from 203261 to 203464: COMMENT ON FUNCTION public.log_ended_attempt(p_queue_job_id bigint, p_attempt integer, p_status text, p_error_kind text, p_message text) IS 'End the log row of 
-- As in 0.4.0.sql from 203465 to 204124: CREATE FUNCTION public.log_queued_attempt(p_queue_job_id bigint, p_attempt integer, p_job_id uuid, p_provider text) RETURNS void
-- As in 0.4.0.sql from 204125 to 204293: COMMENT ON FUNCTION public.log_queued_attempt(p_queue_job_id bigint, p_attempt integer, p_job_id uuid, p_provider text) IS 'Add the log row of an attempt that w
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
            when transaction_rollback then
                raise;
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
            when transaction_rollback then
                raise;
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
            when transaction_rollback then
                raise;
            when others then
                raise warning 'pricing-sync: job % could not be mended: %', v.job_id, sqlerrm;
        end;
    end loop;
    return v_mended;
end;
$$;


ALTER FUNCTION public.mend_pricing_jobs() OWNER TO pricing_owner;

-- As in 0.4.0.sql from 208935 to 209111: COMMENT ON FUNCTION public.mend_pricing_jobs() IS 'Bring log rows and jobs in line with queue rows that ended, moved or disappeared without them; returns how ma
-- As in 0.4.0.sql from 209112 to 211913: CREATE FUNCTION public.model_price_at(provider text, model text, at timestamp with time zone DEFAULT now()) RETURNS TABLE(input_per_1m numeric, output_per_1m nu
-- As in 0.4.0.sql from 211914 to 212193: COMMENT ON FUNCTION public.model_price_at(provider text, model text, at timestamp with time zone) IS 'The price that was in force then, from history alone: USD 
-- As in 0.4.0.sql from 212194 to 213559: CREATE FUNCTION public.next_pricing_sync_at(p_slot timestamp with time zone, p_interval interval, p_jitter numeric, p_failures integer) RETURNS timestamp with t
-- As in 0.4.0.sql from 213560 to 213878: COMMENT ON FUNCTION public.next_pricing_sync_at(p_slot timestamp with time zone, p_interval interval, p_jitter numeric, p_failures integer) IS 'The slot after t
-- As in 0.4.0.sql from 213879 to 214716: CREATE FUNCTION public.note_pricing_maintenance(p_table text, p_statement text) RETURNS void
-- As in 0.4.0.sql from 214717 to 214901: COMMENT ON FUNCTION public.note_pricing_maintenance(p_table text, p_statement text) IS 'Leave one audit row for each transaction and table that is changed under
-- As in 0.4.0.sql from 214902 to 215339: CREATE FUNCTION public.notify_pricing_sync_job() RETURNS trigger
COMMENT ON FUNCTION public.notify_pricing_sync_job() IS 'Trigger: tell listeners on channel pricing_sync_job, after commit, that a job changed.';

-- As in 0.4.0.sql from 215487 to 220670: CREATE FUNCTION public.prepare_provider_sync() RETURNS trigger
COMMENT ON FUNCTION public.prepare_provider_sync() IS 'Trigger: give a new provider sync its lock, queue and job, or refuse it with PT422.';

-- As in 0.4.0.sql from 220813 to 245681: CREATE FUNCTION public.pricing_access_differences() RETURNS TABLE(step integer, object text, found text, statement text, is_ours boolean)
-- As in 0.4.0.sql from 245682 to 245894: COMMENT ON FUNCTION public.pricing_access_differences() IS 'How owners, rights, policies and roles differ from the release, with the statement that mends each; 
-- As in 0.4.0.sql from 245895 to 246604: CREATE FUNCTION public.pricing_api_key(key_id text) RETURNS TABLE(name text, role text, key_digest bytea, is_valid boolean, is_stale boolean)
-- As in 0.4.0.sql from 246605 to 246836: COMMENT ON FUNCTION public.pricing_api_key(key_id text) IS 'One bearer key by its public part: whose it is, what it may do, its digest, whether it is still vali
-- As in 0.4.0.sql from 246837 to 248153: CREATE FUNCTION public.pricing_axes() RETURNS TABLE(axis text, per text, is_fee boolean, short_name text)
-- As in 0.4.0.sql from 248154 to 248375: COMMENT ON FUNCTION public.pricing_axes() IS 'Every axis: the column of model_pricing, what one unit is, whether it is a fee (absent is the same as 0), and its 
-- As in 0.4.0.sql from 248376 to 248737: CREATE FUNCTION public.pricing_base_set(p_model public.model_pricing) RETURNS jsonb
-- As in 0.4.0.sql from 248738 to 248926: COMMENT ON FUNCTION public.pricing_base_set(p_model public.model_pricing) IS 'What the provider said last and was accepted: the price set in force, or beside an
-- As in 0.4.0.sql from 248927 to 249400: CREATE FUNCTION public.pricing_credential_variables() RETURNS TABLE(provider text, adapter text, base_url text, variable text)
-- As in 0.4.0.sql from 249401 to 249586: COMMENT ON FUNCTION public.pricing_credential_variables() IS 'The environment variables in which workers keep the credentials of providers: names only, with whe
-- As in 0.4.0.sql from 249587 to 256366: CREATE FUNCTION public.pricing_doctor() RETURNS jsonb
-- As in 0.4.0.sql from 256367 to 256594: COMMENT ON FUNCTION public.pricing_doctor() IS 'What `pricing-sync doctor` judges, ages in seconds: workers, schedule, what waits, what is stuck, transactions l
-- As in 0.4.0.sql from 256595 to 257085: CREATE FUNCTION public.pricing_has_admin_key() RETURNS boolean
COMMENT ON FUNCTION public.pricing_has_admin_key() IS 'Whether any bearer key with all rights is valid now.';

-- As in 0.4.0.sql from 257197 to 260176: CREATE FUNCTION public.pricing_held_syncs() RETURNS TABLE(providers text[], transaction_id text, held text)
-- As in 0.4.0.sql from 260177 to 260413: COMMENT ON FUNCTION public.pricing_held_syncs() IS 'Provider syncs that could be fetched if nobody held their rows: one row for each transaction and kind of row
-- As in 0.4.0.sql from 260414 to 261598: CREATE FUNCTION public.pricing_identity(p_says text) RETURNS text
-- As in 0.4.0.sql from 261599 to 261771: COMMENT ON FUNCTION public.pricing_identity(p_says text) IS 'Who acts, as far as the server knows: the key that the web process names (api:<name>), or the role 
-- As in 0.4.0.sql from 261772 to 262297: CREATE FUNCTION public.pricing_is_called_by(p_stack text, VARIADIC p_functions text[]) RETURNS boolean
-- As in 0.4.0.sql from 262298 to 262483: COMMENT ON FUNCTION public.pricing_is_called_by(p_stack text, VARIADIC p_functions text[]) IS 'Whether one of these functions of ours is in a call stack, as get
-- As in 0.4.0.sql from 262484 to 264881: CREATE FUNCTION public.pricing_is_clock_turn(p_old jsonb, p_new jsonb, p_at timestamp with time zone) RETURNS boolean
-- As in 0.4.0.sql from 264882 to 265139: COMMENT ON FUNCTION public.pricing_is_clock_turn(p_old jsonb, p_new jsonb, p_at timestamp with time zone) IS 'Whether a new price set differs from the old one o
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
        when transaction_rollback then
            raise;
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
        when transaction_rollback then
            raise;
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

-- As in 0.4.0.sql from 269680 to 269879: COMMENT ON FUNCTION public.pricing_lock_holders(p_relation regclass, p_xmax xid) IS 'Who has locked the row of this table whose xmax that is: pid, login, applic
-- As in 0.4.0.sql from 269880 to 270741: CREATE FUNCTION public.pricing_overridden_set(p_synced jsonb, p_override jsonb) RETURNS jsonb
-- As in 0.4.0.sql from 270742 to 270969: COMMENT ON FUNCTION public.pricing_overridden_set(p_synced jsonb, p_override jsonb) IS 'The price set in force while an override is: its axes, and of the synced
-- As in 0.4.0.sql from 270970 to 273054: CREATE FUNCTION public.pricing_price_set(p_row jsonb) RETURNS jsonb
-- As in 0.4.0.sql from 273055 to 273276: COMMENT ON FUNCTION public.pricing_price_set(p_row jsonb) IS 'The price set in a row of model_pricing, its history or a price list, as jsonb: each known axis as
-- As in 0.4.0.sql from 273277 to 273966: CREATE FUNCTION public.pricing_prices_differ(p_old numeric[], p_new numeric[]) RETURNS boolean
-- As in 0.4.0.sql from 273967 to 274179: COMMENT ON FUNCTION public.pricing_prices_differ(p_old numeric[], p_new numeric[]) IS 'Whether two sets of prices, axis by axis, differ by more than float noise
-- As in 0.4.0.sql from 274180 to 277378: CREATE FUNCTION public.pricing_scheduler_status() RETURNS jsonb
COMMENT ON FUNCTION public.pricing_scheduler_status() IS 'Who is scheduled, who runs the schedule, when each provider comes next and when it last succeeded.';

-- As in 0.4.0.sql from 277539 to 280338: CREATE FUNCTION public.pricing_sets_differ(p_old jsonb, p_new jsonb) RETURNS boolean
-- As in 0.4.0.sql from 280339 to 280584: COMMENT ON FUNCTION public.pricing_sets_differ(p_old jsonb, p_new jsonb) IS 'Whether two price sets charge something else: a token price or fee by more than flo
-- As in 0.4.0.sql from 280585 to 283212: CREATE FUNCTION public.pricing_shared_moves(p_lists jsonb, p_providers text[], p_models bigint[], p_factors numeric[]) RETURNS TABLE(provider text, model bigint
-- As in 0.4.0.sql from 283213 to 283509: COMMENT ON FUNCTION public.pricing_shared_moves(p_lists jsonb, p_providers text[], p_models bigint[], p_factors numeric[]) IS 'Of moves (provider, model, factor
-- As in 0.4.0.sql from 283510 to 284322: CREATE FUNCTION public.pricing_short_number(p_number numeric) RETURNS text
COMMENT ON FUNCTION public.pricing_short_number(p_number numeric) IS 'A number in plain digits, six of them significant, with commas: 1,000, 0.3, 0.000033.';

-- As in 0.4.0.sql from 284482 to 285408: CREATE FUNCTION public.pricing_sync_estimate() RETURNS text
-- As in 0.4.0.sql from 285409 to 285579: COMMENT ON FUNCTION public.pricing_sync_estimate() IS 'How many seconds a job is likely to take, as p50-p95 of the last 20 completed ones; 30-120 while there ar
-- As in 0.4.0.sql from 285580 to 287124: CREATE FUNCTION public.pricing_table_holders() RETURNS text
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
                    -- Nor is what another system said.
                    and h.pricing_source <> 'legacy'
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

-- As in 0.4.0.sql from 292935 to 293238: COMMENT ON FUNCTION public.pricing_token_moves(p_changes jsonb) IS 'Each known token price of the changes, [{id, old, new, old_source, source}], that differs fr
-- As in 0.4.0.sql from 293239 to 296011: CREATE FUNCTION public.pricing_unrecorded_prices(most integer DEFAULT 1000) RETURNS TABLE(provider text, model text, in_force jsonb, recorded jsonb, recorded_at
-- As in 0.4.0.sql from 296012 to 296278: COMMENT ON FUNCTION public.pricing_unrecorded_prices(most integer) IS 'Models whose price in force is not what their history says last, up to so many: somebody 
-- As in 0.4.0.sql from 296279 to 296564: CREATE FUNCTION public.pricing_who() RETURNS text
COMMENT ON FUNCTION public.pricing_who() IS 'The role that a person or process acts as, seen from inside a trigger.';

-- As in 0.4.0.sql from 296684 to 297123: CREATE FUNCTION public.pricing_workers_alive() RETURNS integer
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
        when lock_not_available or transaction_rollback then
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

-- As in 0.4.0.sql from 302050 to 302215: COMMENT ON FUNCTION public.project_provider_sync() IS 'Trigger: carry each change of a queue row over to its log row and its job, and wake who waits for its loc
-- As in 0.4.0.sql from 302216 to 303465: CREATE FUNCTION public.prune_pricing_workers(lease_seconds double precision) RETURNS SETOF bigint
-- As in 0.4.0.sql from 303466 to 303700: COMMENT ON FUNCTION public.prune_pricing_workers(lease_seconds double precision) IS 'Forget the workers without a heartbeat for this many seconds, and for the l
-- As in 0.4.0.sql from 303701 to 304423: CREATE FUNCTION public.queue_id_is_taken(p_queue_job_id bigint, p_job_id uuid, p_provider text) RETURNS boolean
-- As in 0.4.0.sql from 304424 to 304598: COMMENT ON FUNCTION public.queue_id_is_taken(p_queue_job_id bigint, p_job_id uuid, p_provider text) IS 'Whether an attempt of another queue row has this number 
-- As in 0.4.0.sql from 304599 to 305847: CREATE FUNCTION public.queue_row_fault(p_args jsonb, p_scheduled_at timestamp with time zone) RETURNS text
-- As in 0.4.0.sql from 305848 to 306058: COMMENT ON FUNCTION public.queue_row_fault(p_args jsonb, p_scheduled_at timestamp with time zone) IS 'Why no worker can read a queue row with these arguments an
-- As in 0.4.0.sql from 306059 to 307399: CREATE TABLE public.model_pricing_history (
-- As in 0.4.0.sql from 307400 to 307577: COMMENT ON TABLE public.model_pricing_history IS 'Every price that was ever in force, the first included, and what providers said under an override; rows are on
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

-- As in 0.4.0.sql from 310297 to 314309: CREATE FUNCTION public.record_price_in_force(provider text, model text, recorded_by text DEFAULT CURRENT_USER) RETURNS public.model_pricing_history
-- As in 0.4.0.sql from 314310 to 314561: COMMENT ON FUNCTION public.record_price_in_force(provider text, model text, recorded_by text) IS 'Write the history row of a price that was changed by hand: fro
-- As in 0.4.0.sql from 314562 to 319185: CREATE FUNCTION public.refuse_odd_list(p_provider text, p_targets text[], p_prices jsonb, p_skipped jsonb) RETURNS boolean
-- As in 0.4.0.sql from 319186 to 319548: COMMENT ON FUNCTION public.refuse_odd_list(p_provider text, p_targets text[], p_prices jsonb, p_skipped jsonb) IS 'PT422 for a list that is empty, lacks half of
-- As in 0.4.0.sql from 319549 to 322167: CREATE FUNCTION public.reject_held_price_change(id bigint, rejected_by text DEFAULT CURRENT_USER, note text DEFAULT NULL::text) RETURNS public.pricing_held_chan
-- As in 0.4.0.sql from 322168 to 322358: COMMENT ON FUNCTION public.reject_held_price_change(id bigint, rejected_by text, note text) IS 'Keep the price as it is for as long as the provider says this; r
-- As in 0.4.0.sql from 322359 to 322835: CREATE FUNCTION public.reject_held_price_changes(job_id uuid, rejected_by text DEFAULT CURRENT_USER, note text DEFAULT NULL::text) RETURNS SETOF public.pricing_
-- As in 0.4.0.sql from 322836 to 323016: COMMENT ON FUNCTION public.reject_held_price_changes(job_id uuid, rejected_by text, note text) IS 'Reject all that waits and was last said by this job; returns 
-- As in 0.4.0.sql from 323017 to 324747: CREATE FUNCTION public.release_pricing_lock() RETURNS trigger
-- As in 0.4.0.sql from 324748 to 324937: COMMENT ON FUNCTION public.release_pricing_lock() IS 'Trigger: DELETE from pricing_sync_lock fences the holder off and queues its provider sync again; pricing_s
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
            when transaction_rollback then
                raise;
            when others then
                raise warning 'pricing-sync: stalled queue row % could not be released: %', v.queue_job_id, sqlerrm;
        end;
    end loop;
    return next;
end;
$$;


ALTER FUNCTION public.release_stalled_syncs() OWNER TO pricing_owner;

-- As in 0.4.0.sql from 326985 to 327170: COMMENT ON FUNCTION public.release_stalled_syncs() IS 'Take back the running syncs of workers without a heartbeat within the lease: queue them again, or fail th
-- As in 0.4.0.sql from 327171 to 327712: CREATE FUNCTION public.reopen_pricing_job(p_job_id uuid) RETURNS void
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
        from public.pricing_held_all h
        join public.model_pricing m on m.id = h.model_id
        join public.pricing_providers p on p.slug = p_provider
        cross join lateral (select public.pricing_base_set(m) as base) as b
        where m.provider_slug = any (p_targets)
            and h.provider_slug = any (p_targets)
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

-- As in 0.4.0.sql from 330954 to 331260: COMMENT ON FUNCTION public.repeat_provider_list(p_provider text, p_targets text[], p_dry_run boolean) IS 'Count the missing models on; returns as list_provider_
-- As in 0.4.0.sql from 331261 to 332137: CREATE FUNCTION public.report_pricing_credentials(providers text[]) RETURNS SETOF text
-- As in 0.4.0.sql from 332138 to 332379: COMMENT ON FUNCTION public.report_pricing_credentials(providers text[]) IS 'A worker says for which providers it has the credential, and may send it there: thos
-- As in 0.4.0.sql from 332380 to 333059: CREATE FUNCTION public.requeue_given_up_sync(p_row procrastinate.procrastinate_jobs, p_message text) RETURNS void
-- As in 0.4.0.sql from 333060 to 333279: COMMENT ON FUNCTION public.requeue_given_up_sync(p_row procrastinate.procrastinate_jobs, p_message text) IS 'End a running attempt as locked, and queue its prov
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


ALTER FUNCTION public.requeue_given_up_syncs() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.requeue_given_up_syncs() IS 'Queue the syncs again that a worker gave up while somebody held their rows, once they are let go.';

-- As in 0.4.0.sql from 335357 to 336181: CREATE FUNCTION public.requeue_provider_sync(p_queue_job_id bigint, p_attempt integer, p_status text, p_error_kind text, p_message text) RETURNS void
-- As in 0.4.0.sql from 336182 to 336409: COMMENT ON FUNCTION public.requeue_provider_sync(p_queue_job_id bigint, p_attempt integer, p_status text, p_error_kind text, p_message text) IS 'Take a running 
-- As in 0.4.0.sql from 336410 to 337049: CREATE FUNCTION public.require_fresh_reads() RETURNS void
COMMENT ON FUNCTION public.require_fresh_reads() IS 'PT422 in a transaction whose statements would not see what was committed before they took a lock.';

-- As in 0.4.0.sql from 337204 to 340178: CREATE FUNCTION public.resolve_sync_providers(p_providers text[]) RETURNS text[]
-- As in 0.4.0.sql from 340179 to 340339: COMMENT ON FUNCTION public.resolve_sync_providers(p_providers text[]) IS 'The providers that a trigger means, or PT422 with a hint that lists the known ones.';
-- As in 0.4.0.sql from 340340 to 342565: CREATE FUNCTION public.retry_pricing_sync(job_id uuid, retried_by text DEFAULT CURRENT_USER) RETURNS public.pricing_sync_jobs
-- As in 0.4.0.sql from 342566 to 342749: COMMENT ON FUNCTION public.retry_pricing_sync(job_id uuid, retried_by text) IS 'Queue the failed and cancelled providers of a job again, under the same job; ret
-- As in 0.4.0.sql from 342750 to 344361: CREATE FUNCTION public.revoke_pricing_api_key(name text, revoked_by text DEFAULT CURRENT_USER) RETURNS integer
-- As in 0.4.0.sql from 344362 to 344552: COMMENT ON FUNCTION public.revoke_pricing_api_key(name text, revoked_by text) IS 'End every secret of a key at once, those that a rotation has left for a while 
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
    v_ids bigint[];
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
        where m.id = any (array(select h.model_id from public.model_pricing_history h where h.job_id = v_job_id))
    );
    perform public.lock_provider_prices(v_providers);
    if exists (
        select from public.pricing_sync_jobs j where j.job_id = v_job_id and j.status in ('queued', 'running')
    ) then
        raise exception 'Job % has not ended yet', v_job_id
            using errcode = 'PT409', hint = 'Wait until it has, or cancel it: select cancel_pricing_sync(job_id).';
    end if;
    v_now := clock_timestamp();
    -- By these an index serves, whatever else the tables have.
    v_ids := array(
        select m.id
        from public.model_pricing m
        where m.id = any (array(select h.model_id from public.model_pricing_history h where h.job_id = v_job_id))
            -- What was approved of another provider meanwhile is not ours to change: nothing of that is locked.
            and m.provider_slug = any (v_providers)
    );

    with fact as materialized (
        select h.*, max(h.id) filter (where h.changed_by = 'rollback:' || h.job_id) over job as undone_to
        from public.model_pricing_history h
        where h.job_id is not null
            and h.model_id = any (v_ids)
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
        join public.model_pricing m on m.id = d.model_id and m.id = any (v_ids)
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
        and h.model_id = any (array(
            select p.id
            from jsonb_to_recordset(v_plan) as p (id bigint, since_job_id uuid)
            where p.since_job_id is null
        ));
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

-- As in 0.4.0.sql from 354902 to 355229: COMMENT ON FUNCTION public.rollback_pricing_sync(job_id uuid, dry_run boolean, rolled_back_by text) IS 'Show what prices would be without one job''s changes, an
CREATE FUNCTION public.rotate_pricing_api_key(name text, rotated_by text DEFAULT CURRENT_USER, grace interval DEFAULT '00:00:00'::interval, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
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

-- As in 0.4.0.sql from 358574 to 358846: COMMENT ON FUNCTION public.rotate_pricing_api_key(name text, rotated_by text, grace interval, expires_at timestamp with time zone) IS 'Give a key a new secret, 
CREATE FUNCTION public.set_price_override(provider text, model text, reason text, input_per_1m numeric DEFAULT NULL::numeric, output_per_1m numeric DEFAULT NULL::numeric, prices jsonb DEFAULT '{}'::jsonb, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone, author text DEFAULT CURRENT_USER, force boolean DEFAULT false) RETURNS public.pricing_overrides
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
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

-- As in 0.4.0.sql from 365578 to 366084: COMMENT ON FUNCTION public.set_price_override(provider text, model text, reason text, input_per_1m numeric, output_per_1m numeric, prices jsonb, expires_at time
-- As in 0.4.0.sql from 366085 to 370153: CREATE FUNCTION public.settle_pricing_job(p_job_id uuid) RETURNS boolean
-- As in 0.4.0.sql from 370154 to 370363: COMMENT ON FUNCTION public.settle_pricing_job(p_job_id uuid) IS 'Bring a job in line with the last attempt of each of its providers: an open one wholly, an ende
-- As in 0.4.0.sql from 370364 to 371996: CREATE FUNCTION public.show_price_changes(p_changes jsonb, p_held jsonb) RETURNS jsonb
-- As in 0.4.0.sql from 371997 to 372198: COMMENT ON FUNCTION public.show_price_changes(p_changes jsonb, p_held jsonb) IS 'The first 500 differences of a dry run, with class and reason where the change 
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
            when transaction_rollback then
                raise;
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
            when transaction_rollback then
                raise;
            when others then
                new.claims := null;
        end;
    end if;
    return new;
end;
$_$;


ALTER FUNCTION public.sign_audit_row() OWNER TO pricing_owner;

-- As in 0.4.0.sql from 374500 to 374663: COMMENT ON FUNCTION public.sign_audit_row() IS 'Trigger: write into a new audit row what the server knows of the caller: login, role, addresses, key and claims.
CREATE FUNCTION public.statement_has_timed_out() RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select current_setting('statement_timeout') <> '0'
        and clock_timestamp() >= statement_timestamp() + current_setting('statement_timeout')::interval;
$$;


ALTER FUNCTION public.statement_has_timed_out() OWNER TO pricing_owner;

COMMENT ON FUNCTION public.statement_has_timed_out() IS 'Whether the statement of the client has run for as long as its statement_timeout allows.';

-- As in 0.4.0.sql from 374664 to 375797: CREATE FUNCTION public.stop_pricing_job() RETURNS trigger
COMMENT ON FUNCTION public.stop_pricing_job() IS 'Trigger: when a person has ended a job, cancel what waits of it and abort what runs.';

-- As in 0.4.0.sql from 375936 to 377205: CREATE FUNCTION public.stop_provider_sync(p_queue_job_id bigint, p_error_kind text, p_message text) RETURNS boolean
-- As in 0.4.0.sql from 377206 to 377434: COMMENT ON FUNCTION public.stop_provider_sync(p_queue_job_id bigint, p_error_kind text, p_message text) IS 'Cancel a provider sync that waits, abort one that ru
CREATE FUNCTION public.store_pricing_catalogue(p_provider text, p_reference jsonb, p_version text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET enable_seqscan TO 'off'
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
    -- Each provider's numbers by its index: a join alone would read those of all providers.
    known as (
        select k.*
        from (select distinct r.provider_slug as slug from reference r) as target
        cross join lateral (
            select c.* from public.pricing_catalogue_prices c where c.provider_slug = target.slug offset 0
        ) as k
    ),
    stored as (
        insert into public.pricing_catalogue_prices as c (provider_slug, model_id, prices, version)
        select r.provider_slug, r.model_id, r.prices, p_version
        from reference r
        left join known k on k.provider_slug = r.provider_slug and k.model_id = r.model_id
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

-- As in 0.4.0.sql from 379138 to 379491: COMMENT ON FUNCTION public.store_pricing_catalogue(p_provider text, p_reference jsonb, p_version text) IS 'Keep the catalogue''s numbers, [{provider (else the o
-- As in 0.4.0.sql from 379492 to 380578: CREATE FUNCTION public.stuck_pricing_syncs() RETURNS TABLE(reason text, provider_slug text, queue_job_id bigint, job_id uuid)
-- As in 0.4.0.sql from 380579 to 380811: COMMENT ON FUNCTION public.stuck_pricing_syncs() IS 'What is stuck now, and why: given_up, worker_lost, abort_ignored, timeout, disabled, no_worker, or adrift (
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
            -- A timeout of the statement is noted: a tick that leaves no heartbeat looks like no scheduler at all.
            -- Who cancels it means all of it.
            when transaction_rollback then
                raise;
            when query_canceled or others then
                if sqlstate = '57014' and not public.statement_has_timed_out() then
                    raise;
                end if;
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
        when transaction_rollback then
            raise;
        when query_canceled or others then
            if sqlstate = '57014' and not public.statement_has_timed_out() then
                raise;
            end if;
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
            when transaction_rollback then
                raise;
            when query_canceled or others then
                if sqlstate = '57014' and not public.statement_has_timed_out() then
                    raise;
                end if;
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

-- As in 0.4.0.sql from 386846 to 387216: COMMENT ON FUNCTION public.tick_pricing_schedule(scheduler text) IS 'One tick of the schedule by pg_cron or worker: leave a heartbeat that says what it could no
-- As in 0.4.0.sql from 387217 to 388021: CREATE FUNCTION public.touch_pricing_api_key(key_id text) RETURNS boolean
COMMENT ON FUNCTION public.touch_pricing_api_key(key_id text) IS 'Write down that a key was used, once a minute at most; returns whether it did.';

-- As in 0.4.0.sql from 388170 to 396027: CREATE FUNCTION public.trigger_pricing_sync(providers text[] DEFAULT NULL::text[], triggered_by text DEFAULT CURRENT_USER, dry_run boolean DEFAULT false, on_con
-- As in 0.4.0.sql from 396028 to 396294: COMMENT ON FUNCTION public.trigger_pricing_sync(providers text[], triggered_by text, dry_run boolean, on_conflict text, idempotency_key text) IS 'Queue one sync
-- As in 0.4.0.sql from 396295 to 397162: CREATE FUNCTION public.try_pricing_lock(p_name text) RETURNS boolean
COMMENT ON FUNCTION public.try_pricing_lock(p_name text) IS 'Hold the lock of this name until the end of the transaction; false when somebody else has it.';

-- As in 0.4.0.sql from 397321 to 397827: CREATE FUNCTION public.wait_for_locks_until(p_until timestamp with time zone) RETURNS void
-- As in 0.4.0.sql from 397828 to 397993: COMMENT ON FUNCTION public.wait_for_locks_until(p_until timestamp with time zone) IS 'Let the next lock be waited for until this time, and at least a millisecon
-- As in 0.4.0.sql from 397994 to 398629: CREATE FUNCTION public.wake_pricing_workers(p_queue_job_id bigint) RETURNS void
COMMENT ON FUNCTION public.wake_pricing_workers(p_queue_job_id bigint) IS 'Tell listening workers, after commit, that this queue row may be fetched.';

CREATE FUNCTION public.write_model_prices(p_changes jsonb, p_changed_by text, p_changed_at timestamp with time zone DEFAULT clock_timestamp(), p_job_id uuid DEFAULT NULL::uuid, p_observed_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
declare
    -- Without loops a join reads a table whole; by its ids an index serves, whatever else the table has.
    v_ids constant bigint[] := array(
        select c.id from jsonb_to_recordset(p_changes) as c (id bigint) where c.id is not null
    );
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
        join public.model_pricing m on m.id = c.id and m.id = any (v_ids)
        left join public.pricing_overrides o
            on o.model_id = m.id and o.model_id = any (v_ids) and o.ended_at is null
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
        where m.id = j.id and m.id = any (v_ids)
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

-- As in 0.4.0.sql from 406017 to 406391: COMMENT ON FUNCTION public.write_model_prices(p_changes jsonb, p_changed_by text, p_changed_at timestamp with time zone, p_job_id uuid, p_observed_at timestamp 
ALTER TABLE procrastinate.procrastinate_events OWNER TO pricing_owner;

ALTER TABLE procrastinate.procrastinate_events_id_seq OWNER TO pricing_owner;

ALTER TABLE procrastinate.procrastinate_jobs_id_seq OWNER TO pricing_owner;

ALTER TABLE procrastinate.procrastinate_periodic_defers OWNER TO pricing_owner;

ALTER TABLE procrastinate.procrastinate_periodic_defers_id_seq OWNER TO pricing_owner;

ALTER TABLE procrastinate.procrastinate_workers OWNER TO pricing_owner;

-- As in 0.4.0.sql from 406862 to 408092: CREATE VIEW public.model_price_conditions WITH (security_invoker='true') AS
-- As in 0.4.0.sql from 408093 to 408369: COMMENT ON VIEW public.model_price_conditions IS 'Prices that replace those of model_prices for some requests, one row a condition, in US dollars per million to
COMMENT ON COLUMN public.model_price_conditions.min_prompt_tokens IS 'The prompt has more tokens than this; null: however many.';

COMMENT ON COLUMN public.model_price_conditions.utc_days IS 'Names of the days in UTC on which it holds; null: every day.';

-- As in 0.4.0.sql from 408626 to 408818: COMMENT ON COLUMN public.model_price_conditions.utc_start IS 'From this time of the day in UTC on, as HHMM; utc_end is the first that is out, and may be earlier
COMMENT ON COLUMN public.model_price_conditions.input_per_1m IS 'USD per million input tokens.';

COMMENT ON COLUMN public.model_price_conditions.output_per_1m IS 'USD per million output tokens.';

COMMENT ON COLUMN public.model_price_conditions.cache_read_per_1m IS 'USD per million input tokens read from the cache.';

COMMENT ON COLUMN public.model_price_conditions.cache_write_per_1m IS 'USD per million input tokens written to the cache for 5 minutes.';

COMMENT ON COLUMN public.model_price_conditions.cache_write_1h_per_1m IS 'USD per million input tokens written to the cache for 1 hour.';

COMMENT ON COLUMN public.model_price_conditions.condition IS 'All of it, as it stands in model_pricing: USD for one unit.';

-- As in 0.4.0.sql from 409543 to 412856: CREATE TABLE public.pricing_providers (
COMMENT ON TABLE public.pricing_providers IS 'The providers whose prices are synced: where, how often, and how it goes.';

COMMENT ON COLUMN public.pricing_providers.slug IS 'The provider''s name in every other table, URL and command.';

COMMENT ON COLUMN public.pricing_providers.adapter IS 'Which adapter reads its price list; null: none, prices can only come from the catalogue.';

COMMENT ON COLUMN public.pricing_providers.base_url IS 'Scheme, host and any prefix; the adapter appends its path.';

-- As in 0.4.0.sql from 413360 to 413521: COMMENT ON COLUMN public.pricing_providers.credential_variable IS 'Name of the worker''s environment variable that holds the credential; never the credential.';
COMMENT ON COLUMN public.pricing_providers.enabled IS 'False: neither scheduled nor accepted by a trigger.';

-- As in 0.4.0.sql from 413632 to 413797: COMMENT ON COLUMN public.pricing_providers.sync_interval IS 'Time between scheduled syncs, 5 minutes or more; stretched up to a day while the provider is failin
COMMENT ON COLUMN public.pricing_providers.sync_jitter IS 'Share of the interval by which a scheduled sync is moved at random, either way.';

COMMENT ON COLUMN public.pricing_providers.timeout IS 'An attempt that takes longer than this fails.';

-- As in 0.4.0.sql from 414044 to 414225: COMMENT ON COLUMN public.pricing_providers.review_first IS 'True: its first list waits until a person has accepted it; approving what its sync held, or the last
COMMENT ON COLUMN public.pricing_providers.state IS 'ok, failing (3 failures in a row), no_credentials, no_price_api or disabled.';

-- As in 0.4.0.sql from 414359 to 414560: COMMENT ON COLUMN public.pricing_providers.next_sync_at IS 'When the schedule enqueues the next sync; null: as soon as possible. A sync by hand leaves it alone 
-- As in 0.4.0.sql from 414561 to 414735: COMMENT ON COLUMN public.pricing_providers.next_allowed_at IS 'The provider asked not to be called before this time; the schedule waits for it, a trigger by han
COMMENT ON COLUMN public.pricing_providers.last_success_at IS 'When its prices were last confirmed, changed or not.';

COMMENT ON COLUMN public.pricing_providers.last_changed_at IS 'When a sync last changed one of its prices.';

COMMENT ON COLUMN public.pricing_providers.etag IS 'Sent back as If-None-Match, when etag_parser names this version, adapter and address.';

COMMENT ON COLUMN public.pricing_providers.etag_parser IS 'Version, adapter and address of the list that the ETag is of.';

COMMENT ON COLUMN public.pricing_providers.content_digest IS 'SHA-256 of the last price list that was applied.';

COMMENT ON COLUMN public.pricing_providers.price_api IS 'False: its list names models only, and their prices are the catalogue''s.';

COMMENT ON COLUMN public.pricing_providers.guards_enabled IS 'False: every change is applied, however suspicious. Nothing is held.';

-- As in 0.4.0.sql from 415612 to 415791: COMMENT ON COLUMN public.pricing_providers.guard_large_ratio IS 'A token price that moves by this factor or more waits: for a person, or until it has stayed the
-- As in 0.4.0.sql from 415792 to 415957: COMMENT ON COLUMN public.pricing_providers.guard_unit_ratio IS 'A token price that moves by this factor or more looks like another unit: only a person applies i
COMMENT ON COLUMN public.pricing_providers.guard_lowest_per_1m IS 'A token price that is lower, in USD per million, and not zero looks like another unit.';

COMMENT ON COLUMN public.pricing_providers.guard_highest_per_1m IS 'A token price that is higher, in USD per million, looks like another unit.';

COMMENT ON COLUMN public.pricing_providers.unknown_keys IS 'Price keys of its list that no adapter knows, each reported once; their values are in extra.';

-- As in 0.4.0.sql from 416417 to 416609: COMMENT ON COLUMN public.pricing_providers.accepted_list_at IS 'When a person accepted a list that was refused as too short (accept_shorter_list); null: none, o
-- As in 0.4.0.sql from 416610 to 416809: COMMENT ON COLUMN public.pricing_providers.accepted_list_models IS 'Models of the accepted list: one of half of them or fewer is refused again; null: what was r
COMMENT ON COLUMN public.pricing_providers.accepted_list_prices_gone IS 'True: the accepted list may lack prices that its models had.';

-- As in 0.4.0.sql from 416947 to 420354: CREATE VIEW public.model_prices WITH (security_invoker='true') AS
-- As in 0.4.0.sql from 420355 to 420521: COMMENT ON VIEW public.model_prices IS 'Prices for people: US dollars per million tokens, and per single image, request and web search; null is unknown, 0 is fr
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

-- As in 0.4.0.sql from 422406 to 422571: COMMENT ON COLUMN public.model_prices.provider_input_per_1m IS 'USD per million input tokens as the provider says it, beside an override; else the price in forc
-- As in 0.4.0.sql from 422572 to 422739: COMMENT ON COLUMN public.model_prices.provider_output_per_1m IS 'USD per million output tokens as the provider says it, beside an override; else the price in fo
COMMENT ON COLUMN public.model_prices.id IS 'model_pricing.id.';

-- As in 0.4.0.sql from 422806 to 423035: ALTER TABLE public.model_pricing_history ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
-- As in 0.4.0.sql from 423036 to 423249: ALTER TABLE public.model_pricing ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
-- As in 0.4.0.sql from 423250 to 424160: CREATE VIEW public.pricing_active_overrides WITH (security_invoker='true') AS
-- As in 0.4.0.sql from 424161 to 424352: COMMENT ON VIEW public.pricing_active_overrides IS 'The prices that people have set and that are in force, in US dollars per million tokens. clear_price_overrid
COMMENT ON COLUMN public.pricing_active_overrides.input_per_1m IS 'USD per million input tokens; null: it follows the provider.';

COMMENT ON COLUMN public.pricing_active_overrides.output_per_1m IS 'USD per million output tokens; null: it follows the provider.';

COMMENT ON COLUMN public.pricing_active_overrides.provider_input_per_1m IS 'USD per million input tokens as the provider says it; null is unknown.';

COMMENT ON COLUMN public.pricing_active_overrides.provider_output_per_1m IS 'USD per million output tokens as the provider says it; null is unknown.';

COMMENT ON COLUMN public.pricing_active_overrides.prices IS 'All that is fixed: USD for one unit by column of model_pricing.';

COMMENT ON COLUMN public.pricing_active_overrides.expires_at IS 'When the schedule''s tick ends it; null: never by itself.';

COMMENT ON COLUMN public.pricing_active_overrides.forced IS 'True: the guards found it suspicious, and a person set it with force.';

-- As in 0.4.0.sql from 425307 to 425702: CREATE VIEW public.pricing_active_rules WITH (security_invoker='true') AS
-- As in 0.4.0.sql from 425703 to 425887: COMMENT ON VIEW public.pricing_active_rules IS 'The rules in force: which larger changes are accepted beforehand, and until when. end_price_change_rule(id) ends
COMMENT ON COLUMN public.pricing_active_rules.model IS 'Null: every model of the provider.';

COMMENT ON COLUMN public.pricing_active_rules.up_to_ratio IS 'A change whose token prices all move by this factor or less is applied.';

-- As in 0.4.0.sql from 426119 to 427007: CREATE TABLE public.pricing_api_keys (
COMMENT ON TABLE public.pricing_api_keys IS 'Bearer keys of the HTTP interface: digests only, a key is shown once when it is made.';

COMMENT ON COLUMN public.pricing_api_keys.key_id IS 'The public part of the key: psk_<key_id>_<secret>.';

COMMENT ON COLUMN public.pricing_api_keys.role IS 'read: GET only; operate: also syncs, reviews, rules, overrides and rollback; admin: everything.';

COMMENT ON COLUMN public.pricing_api_keys.key_digest IS 'SHA-256 of the whole key.';

COMMENT ON COLUMN public.pricing_api_keys.last_used_at IS 'When a request came with it, to the minute; null: never.';

COMMENT ON COLUMN public.pricing_api_keys.replaced_by IS 'The key_id of the key that a rotation has made; until expires_at this one is valid beside it.';

-- As in 0.4.0.sql from 427759 to 428218: CREATE TABLE public.pricing_audit_log (
COMMENT ON TABLE public.pricing_audit_log IS 'What people decided: one row per decision, never changed.';

COMMENT ON COLUMN public.pricing_audit_log.who IS 'What the caller says of itself; without that, the role or login.';

COMMENT ON COLUMN public.pricing_audit_log.action IS 'A word such as create_api_key.';

COMMENT ON COLUMN public.pricing_audit_log.subject IS 'What it was done to.';

-- As in 0.4.0.sql from 428612 to 428789: COMMENT ON COLUMN public.pricing_audit_log.client_address IS 'Where the database session comes from: for HTTP the web process; null for a socket of the server''
COMMENT ON COLUMN public.pricing_audit_log.http_client_address IS 'Where the HTTP request comes from, as the web process saw it; null for all others.';

-- As in 0.4.0.sql from 428943 to 429112: COMMENT ON COLUMN public.pricing_audit_log.claims IS 'The claims of the JWT that PostgREST has checked, 4 kB at most; null for every session that is not PostgRE
-- As in 0.4.0.sql from 429113 to 429290: COMMENT ON COLUMN public.pricing_audit_log.session_login IS 'The login of the database session (session_user), as the server knows it; null in rows from before 
COMMENT ON COLUMN public.pricing_audit_log.acting_role IS 'The role taken with SET ROLE, as the server knows it; null for none.';

-- As in 0.4.0.sql from 429422 to 429588: COMMENT ON COLUMN public.pricing_audit_log.key_name IS 'The name of the bearer key that the web process has checked; null for whoever came without the web proce
-- As in 0.4.0.sql from 429589 to 429810: ALTER TABLE public.pricing_audit_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
-- As in 0.4.0.sql from 429811 to 430223: CREATE TABLE public.pricing_catalogue_prices (
-- As in 0.4.0.sql from 430224 to 430448: COMMENT ON TABLE public.pricing_catalogue_prices IS 'The catalogue''s number for each model that it knows under exactly this id: what suspicious changes and the
COMMENT ON COLUMN public.pricing_catalogue_prices.prices IS 'USD for one unit by column of model_pricing.';

COMMENT ON COLUMN public.pricing_catalogue_prices.version IS 'The catalogue and its version, such as genai-prices@0.2.3.';

-- As in 0.4.0.sql from 430682 to 430909: ALTER TABLE public.pricing_change_rules ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
CREATE VIEW public.pricing_cron_jobs WITH (security_invoker='true') AS
 SELECT wanted.name,
    wanted.schedule,
    ('set transaction isolation level read committed; '::text || wanted.command) AS command
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
                CASE
                    WHEN (m.synced IS NOT NULL) THEN ((m.synced ->> a.axis))::numeric
                    ELSE
                    CASE a.axis
                        WHEN 'price_per_input_token'::text THEN (m.price_per_input_token)::numeric
                        WHEN 'price_per_output_token'::text THEN (m.price_per_output_token)::numeric
                        WHEN 'price_per_cache_read_token'::text THEN (m.price_per_cache_read_token)::numeric
                        WHEN 'price_per_cache_write_token'::text THEN (m.price_per_cache_write_token)::numeric
                        WHEN 'price_per_cache_write_1h_token'::text THEN (m.price_per_cache_write_1h_token)::numeric
                        WHEN 'price_per_reasoning_token'::text THEN (m.price_per_reasoning_token)::numeric
                        WHEN 'price_per_input_audio_token'::text THEN (m.price_per_input_audio_token)::numeric
                        WHEN 'price_per_output_audio_token'::text THEN (m.price_per_output_audio_token)::numeric
                        WHEN 'price_per_cache_read_audio_token'::text THEN (m.price_per_cache_read_audio_token)::numeric
                        WHEN 'price_per_input_image_token'::text THEN (m.price_per_input_image_token)::numeric
                        WHEN 'price_per_output_image_token'::text THEN (m.price_per_output_image_token)::numeric
                        WHEN 'price_per_image'::text THEN (m.price_per_image)::numeric
                        WHEN 'price_per_request'::text THEN (m.price_per_request)::numeric
                        WHEN 'price_per_web_search'::text THEN (m.price_per_web_search)::numeric
                        ELSE NULL::numeric
                    END
                END AS said,
            ((c.prices ->> a.axis))::numeric AS listed,
            m.pricing_source AS source,
            c.version AS catalogue
           FROM (((public.model_pricing m
             JOIN public.pricing_catalogue_prices c ON (((c.provider_slug = m.provider_slug) AND (c.model_id = m.model_id))))
             CROSS JOIN LATERAL jsonb_object_keys(c.prices) k(axis))
             JOIN public.pricing_axes() a(axis, per, is_fee, short_name) ON ((a.axis = k.axis)))
          WHERE (m.is_active AND (m.pricing_source !~~ 'catalogue:%'::text))) d
  WHERE (abs((d.said - d.listed)) > (0.01 * d.listed));


ALTER TABLE public.pricing_drift OWNER TO pricing_owner;

-- As in 0.4.0.sql from 433402 to 433608: COMMENT ON VIEW public.pricing_drift IS 'Where a provider''s own number and the catalogue''s differ by more than 1 %: one row per model and price, under the nam
COMMENT ON COLUMN public.pricing_drift.price IS 'Which price, as model_prices names it: token prices per million.';

COMMENT ON COLUMN public.pricing_drift.provider_amount IS 'US dollars, as the provider says.';

COMMENT ON COLUMN public.pricing_drift.catalogue_amount IS 'US dollars, as the catalogue says.';

COMMENT ON COLUMN public.pricing_drift.ratio IS 'The provider''s number divided by the catalogue''s; null where the catalogue says 0.';

-- As in 0.4.0.sql from 434057 to 434416: CREATE TABLE public.pricing_given_up_syncs (
-- As in 0.4.0.sql from 434417 to 434606: COMMENT ON TABLE public.pricing_given_up_syncs IS 'Attempts that a worker has given up while somebody held their queue row, log row or job; the first clean-up t
COMMENT ON COLUMN public.pricing_given_up_syncs.queue_job_id IS 'The queue row, procrastinate.procrastinate_jobs.id.';

COMMENT ON COLUMN public.pricing_given_up_syncs.message IS 'Who held what, as far as the database could tell; it becomes the error_message of the attempt.';

CREATE TABLE public.pricing_said_again (
    provider_slug text NOT NULL,
    times bigint DEFAULT 1 NOT NULL,
    said_at timestamp with time zone NOT NULL,
    job_id uuid,
    observed_at timestamp with time zone,
    CONSTRAINT pricing_said_again_times_check CHECK ((times > 0))
);


ALTER TABLE public.pricing_said_again OWNER TO pricing_owner;

COMMENT ON TABLE public.pricing_said_again IS 'The last sync that said held or rejected prices of a provider once more; pricing_held_all puts it beside each of them.';

COMMENT ON COLUMN public.pricing_said_again.provider_slug IS 'Whose prices they are, whichever list says them.';

COMMENT ON COLUMN public.pricing_said_again.times IS 'Syncs that said any of them, ever.';

COMMENT ON COLUMN public.pricing_said_again.said_at IS 'When the last of them was applied.';

COMMENT ON COLUMN public.pricing_said_again.job_id IS 'The job of the last of them.';

COMMENT ON COLUMN public.pricing_said_again.observed_at IS 'When the provider''s answer to the last of them arrived.';

CREATE VIEW public.pricing_held_all WITH (security_invoker='true') AS
 SELECT h.id,
    h.model_id,
    h.provider_slug,
    h.status,
    h.class,
    h.reason,
    h.ratio,
    h.to_zero,
    h.prices,
    h.previous,
    h.evidence,
    h.pricing_source,
    h.extra,
    h.raw,
    h.first_job_id,
        CASE
            WHEN a.is_later THEN r.job_id
            ELSE h.job_id
        END AS job_id,
    h.first_seen_at,
        CASE
            WHEN a.is_later THEN r.said_at
            ELSE h.last_seen_at
        END AS last_seen_at,
    (h.times_seen +
        CASE
            WHEN a.is_later THEN ((r.times - h.said_again_from))::integer
            ELSE 0
        END) AS times_seen,
    h.still_said,
        CASE
            WHEN a.is_later THEN r.observed_at
            ELSE h.observed_at
        END AS observed_at,
    h.decided_at,
    h.decided_by,
    h.decision_note,
    h.said_again_from
   FROM ((public.pricing_held_changes h
     LEFT JOIN public.pricing_said_again r ON ((r.provider_slug = h.provider_slug)))
     CROSS JOIN LATERAL ( SELECT COALESCE((r.times > h.said_again_from), false) AS is_later) a);


ALTER TABLE public.pricing_held_all OWNER TO pricing_owner;

COMMENT ON VIEW public.pricing_held_all IS 'Every change that was ever held, with what became of it, and by which sync its provider last said it: pricing_held_changes as of now.';

COMMENT ON COLUMN public.pricing_held_all.model_id IS 'model_pricing.id.';

COMMENT ON COLUMN public.pricing_held_all.ratio IS 'The largest factor by which one of its token prices moves, up or down.';

COMMENT ON COLUMN public.pricing_held_all.prices IS 'The price set that waits: USD for one unit by column of model_pricing, and its conditions.';

COMMENT ON COLUMN public.pricing_held_all.previous IS 'The price set that it would replace.';

COMMENT ON COLUMN public.pricing_held_all.job_id IS 'The last job that said so; first_job_id the first.';

COMMENT ON COLUMN public.pricing_held_all.times_seen IS 'Syncs that said the same, from first_seen_at to last_seen_at.';

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
   FROM (public.pricing_held_all h
     JOIN public.model_pricing m ON ((m.id = h.model_id)))
  WHERE (h.status = 'held'::text);


ALTER TABLE public.pricing_held OWNER TO pricing_owner;

-- As in 0.4.0.sql from 436168 to 436379: COMMENT ON VIEW public.pricing_held IS 'Price changes that wait: what each would replace, why it was held, and its id for approve_held_price_change and reject_h
COMMENT ON COLUMN public.pricing_held.class IS 'large: applies itself at applies_at; unit, first_list and rollback: only a person applies it.';

COMMENT ON COLUMN public.pricing_held.ratio IS 'The largest factor by which one of its token prices moves, up or down.';

COMMENT ON COLUMN public.pricing_held.input_per_1m_before IS 'USD per million input tokens as the provider said it last; null is unknown.';

COMMENT ON COLUMN public.pricing_held.input_per_1m_now IS 'USD per million input tokens as the provider says it now; null is unknown.';

COMMENT ON COLUMN public.pricing_held.output_per_1m_before IS 'USD per million output tokens as the provider said it last; null is unknown.';

COMMENT ON COLUMN public.pricing_held.output_per_1m_now IS 'USD per million output tokens as the provider says it now; null is unknown.';

-- As in 0.4.0.sql from 437207 to 437395: COMMENT ON COLUMN public.pricing_held.applies_at IS 'The first sync after this that still says it applies it (unless it falls to zero, the third at the earliest
COMMENT ON COLUMN public.pricing_held.job_id IS 'The last job that said it, for approve_held_price_changes and reject_held_price_changes.';

COMMENT ON COLUMN public.pricing_held.prices IS 'The whole price set that waits: USD for one unit by column of model_pricing, and its conditions.';

COMMENT ON COLUMN public.pricing_held.previous IS 'The price set that it would replace.';

-- As in 0.4.0.sql from 437777 to 437954: COMMENT ON COLUMN public.pricing_held.evidence IS 'For each suspicious axis: number before, number now, the catalogue''s, the provider''s own text and unit; USD
-- As in 0.4.0.sql from 437955 to 438182: ALTER TABLE public.pricing_held_changes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
-- As in 0.4.0.sql from 438183 to 438969: CREATE VIEW public.pricing_history WITH (security_invoker='true') AS
-- As in 0.4.0.sql from 438970 to 439172: COMMENT ON VIEW public.pricing_history IS 'Every price change with its model''s name, in US dollars per million tokens; order by changed_at desc, id desc. Where
COMMENT ON COLUMN public.pricing_history.input_per_1m IS 'USD per million input tokens from changed_at on.';

COMMENT ON COLUMN public.pricing_history.output_per_1m IS 'USD per million output tokens from changed_at on.';

COMMENT ON COLUMN public.pricing_history.previous_input_per_1m IS 'USD per million input tokens before; null: unknown, or the first price.';

COMMENT ON COLUMN public.pricing_history.previous_output_per_1m IS 'USD per million output tokens before; null: unknown, or the first price.';

COMMENT ON COLUMN public.pricing_history.is_in_force IS 'False: what the provider said while an override was in force.';

-- As in 0.4.0.sql from 439803 to 440222: CREATE TABLE public.pricing_idempotency_keys (
COMMENT ON TABLE public.pricing_idempotency_keys IS 'The idempotency keys of the last 24 hours: what was asked with each, and the job that it got.';

-- As in 0.4.0.sql from 440373 to 440555: COMMENT ON COLUMN public.pricing_idempotency_keys.request IS 'What the caller asked for: providers (null: all), dry_run, on_conflict. Another request with the s
-- As in 0.4.0.sql from 440556 to 440764: COMMENT ON COLUMN public.pricing_idempotency_keys.identity IS 'Who used it, as far as the server knows (pricing_identity): a key belongs to one caller. From bef
-- As in 0.4.0.sql from 440765 to 441446: CREATE VIEW public.pricing_keys WITH (security_invoker='true') AS
-- As in 0.4.0.sql from 441447 to 441623: COMMENT ON VIEW public.pricing_keys IS 'The bearer keys of the HTTP interface, for people: whose, what they may do, until when, and when they were last used; ne
CREATE TABLE public.pricing_locks (
    name text NOT NULL
);


ALTER TABLE public.pricing_locks OWNER TO pricing_owner;

-- As in 0.4.0.sql from 441746 to 442027: COMMENT ON TABLE public.pricing_locks IS 'What our functions lock, one row each: "prices of <provider>", "triggers of <provider>", "schedule of <scheduler>". A 
-- As in 0.4.0.sql from 442028 to 442359: CREATE VIEW public.pricing_missing_credentials WITH (security_invoker='true') AS
-- As in 0.4.0.sql from 442360 to 442534: COMMENT ON VIEW public.pricing_missing_credentials IS 'Enabled providers that are not asked, because no worker has reported the environment variable with their 
-- As in 0.4.0.sql from 442535 to 442756: ALTER TABLE public.pricing_overrides ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
-- As in 0.4.0.sql from 442757 to 443527: CREATE VIEW public.pricing_provider_syncs WITH (security_invoker='true') AS
COMMENT ON VIEW public.pricing_provider_syncs IS 'Each provider''s part of each job as it stands: its newest attempt.';

COMMENT ON COLUMN public.pricing_provider_syncs.duration_ms IS 'Milliseconds from the attempt''s start to its end, rounded.';

COMMENT ON COLUMN public.pricing_provider_syncs.differences_total IS 'Of a dry run: how many differences there are; null otherwise.';

COMMENT ON COLUMN public.pricing_provider_syncs.differences IS 'Of a dry run: what a sync would have changed, the first of them; null otherwise.';

CREATE VIEW public.pricing_rights WITH (security_invoker='true') AS
 WITH relation(name, readers) AS (
         VALUES ('model_price_conditions'::text,'{pricing_web,service_role}'::text[]), ('model_prices'::text,'{pricing_web,service_role}'::text[]), ('model_pricing'::text,'{pricing_web,service_role}'::text[]), ('model_pricing_history'::text,'{pricing_web,service_role}'::text[]), ('pricing_active_overrides'::text,'{pricing_web,service_role}'::text[]), ('pricing_active_rules'::text,'{pricing_web,service_role}'::text[]), ('pricing_api_keys'::text,'{}'::text[]), ('pricing_audit_log'::text,'{pricing_web,service_role}'::text[]), ('pricing_catalogue_prices'::text,'{pricing_web,service_role}'::text[]), ('pricing_change_rules'::text,'{pricing_web,service_role}'::text[]), ('pricing_cron_jobs'::text,'{pricing_web,service_role}'::text[]), ('pricing_drift'::text,'{pricing_web,service_role}'::text[]), ('pricing_given_up_syncs'::text,'{}'::text[]), ('pricing_held'::text,'{pricing_web,service_role}'::text[]), ('pricing_held_all'::text,'{pricing_web,service_role}'::text[]), ('pricing_held_changes'::text,'{pricing_web,service_role}'::text[]), ('pricing_history'::text,'{pricing_web,service_role}'::text[]), ('pricing_idempotency_keys'::text,'{}'::text[]), ('pricing_keys'::text,'{}'::text[]), ('pricing_locks'::text,'{}'::text[]), ('pricing_missing_credentials'::text,'{pricing_web,service_role}'::text[]), ('pricing_overrides'::text,'{pricing_web,service_role}'::text[]), ('pricing_provider_syncs'::text,'{pricing_web,service_role}'::text[]), ('pricing_providers'::text,'{pricing_web,service_role}'::text[]), ('pricing_rights'::text,'{pricing_web,service_role}'::text[]), ('pricing_said_again'::text,'{pricing_web,service_role}'::text[]), ('pricing_scheduler_ticks'::text,'{pricing_web,service_role}'::text[]), ('pricing_schema_ledger'::text,'{pricing_web,service_role,pricing_worker}'::text[]), ('pricing_settings'::text,'{pricing_web,service_role,pricing_worker}'::text[]), ('pricing_sync_expiry'::text,'{}'::text[]), ('pricing_sync_jobs'::text,'{pricing_web,service_role}'::text[]), ('pricing_sync_lock'::text,'{pricing_web,service_role}'::text[]), ('pricing_sync_log'::text,'{pricing_web,service_role}'::text[]), ('pricing_sync_progress'::text,'{pricing_web,service_role}'::text[]), ('pricing_syncable_providers'::text,'{pricing_web,service_role}'::text[]), ('pricing_unpriced'::text,'{pricing_web,service_role}'::text[]), ('pricing_worker_heartbeats'::text,'{}'::text[]), ('pricing_worker_settings'::text,'{pricing_web,service_role,pricing_worker}'::text[])
        ), function(name, callers) AS (
         VALUES ('trigger_pricing_sync'::text,'{pricing_web,service_role}'::text[]), ('cancel_pricing_sync'::text,'{pricing_web,service_role}'::text[]), ('retry_pricing_sync'::text,'{pricing_web,service_role}'::text[]), ('cleanup_stuck_pricing_syncs'::text,'{pricing_web,pricing_worker,service_role}'::text[]), ('cleanup_expired_pricing_locks'::text,'{pricing_web,pricing_worker,service_role}'::text[]), ('cleanup_old_pricing_jobs'::text,'{pricing_worker,service_role}'::text[]), ('enqueue_due_pricing_syncs'::text,'{pricing_worker,service_role}'::text[]), ('tick_pricing_schedule'::text,'{pricing_worker,service_role}'::text[]), ('create_pricing_api_key'::text,'{}'::text[]), ('revoke_pricing_api_key'::text,'{}'::text[]), ('rotate_pricing_api_key'::text,'{}'::text[]), ('approve_held_price_change'::text,'{pricing_web,service_role}'::text[]), ('approve_held_price_changes'::text,'{pricing_web,service_role}'::text[]), ('reject_held_price_change'::text,'{pricing_web,service_role}'::text[]), ('reject_held_price_changes'::text,'{pricing_web,service_role}'::text[]), ('accept_price_changes'::text,'{pricing_web,service_role}'::text[]), ('end_price_change_rule'::text,'{pricing_web,service_role}'::text[]), ('accept_shorter_list'::text,'{pricing_web,service_role}'::text[]), ('set_price_override'::text,'{pricing_web,service_role}'::text[]), ('clear_price_override'::text,'{pricing_web,service_role}'::text[]), ('rollback_pricing_sync'::text,'{pricing_web,service_role}'::text[]), ('model_price_at'::text,'{pricing_web,service_role}'::text[]), ('fetch_queue_row'::text,'{pricing_worker}'::text[]), ('beat_pricing_worker'::text,'{pricing_worker}'::text[]), ('prune_pricing_workers'::text,'{pricing_worker}'::text[]), ('get_provider_sync'::text,'{pricing_worker}'::text[]), ('apply_provider_prices'::text,'{pricing_worker}'::text[]), ('end_provider_sync'::text,'{pricing_worker}'::text[]), ('give_up_sync'::text,'{pricing_worker}'::text[]), ('pricing_table_holders'::text,'{pricing_worker}'::text[]), ('pricing_held_syncs'::text,'{pricing_worker}'::text[]), ('pricing_credential_variables'::text,'{pricing_worker}'::text[]), ('report_pricing_credentials'::text,'{pricing_worker}'::text[]), ('pricing_api_key'::text,'{pricing_web}'::text[]), ('pricing_has_admin_key'::text,'{pricing_web}'::text[]), ('touch_pricing_api_key'::text,'{pricing_web}'::text[]), ('pricing_scheduler_status'::text,'{pricing_web,service_role}'::text[]), ('pricing_sync_estimate'::text,'{pricing_web,service_role}'::text[]), ('held_pricing_locks'::text,'{pricing_web,service_role}'::text[]), ('capped_expiry'::text,'{pricing_web,service_role}'::text[]), ('pricing_axes'::text,'{pricing_web,service_role}'::text[]), ('pricing_price_set'::text,'{pricing_web,service_role}'::text[]), ('pricing_workers_alive'::text,'{pricing_web,service_role}'::text[]), ('pricing_doctor'::text,'{}'::text[]), ('stuck_pricing_syncs'::text,'{}'::text[]), ('pricing_unrecorded_prices'::text,'{}'::text[]), ('record_price_in_force'::text,'{}'::text[]), ('add_pricing_sync_job'::text,'{}'::text[]), ('defer_provider_syncs'::text,'{}'::text[]), ('next_pricing_sync_at'::text,'{}'::text[]), ('resolve_sync_providers'::text,'{}'::text[]), ('lock_provider_prices'::text,'{}'::text[]), ('try_pricing_lock'::text,'{}'::text[]), ('hold_pricing_lock'::text,'{}'::text[]), ('keep_pricing_lock'::text,'{}'::text[]), ('pricing_lock_holders'::text,'{}'::text[]), ('pricing_is_open_transaction'::text,'{}'::text[]), ('wait_for_locks_until'::text,'{}'::text[]), ('require_fresh_reads'::text,'{}'::text[]), ('statement_has_timed_out'::text,'{}'::text[]), ('hold_sync_end'::text,'{}'::text[]), ('held_sync_locks'::text,'{}'::text[]), ('requeue_given_up_sync'::text,'{}'::text[]), ('requeue_given_up_syncs'::text,'{}'::text[]), ('compare_provider_prices'::text,'{}'::text[]), ('bound_price_list'::text,'{}'::text[]), ('count_said_again'::text,'{}'::text[]), ('counts_of_sync'::text,'{}'::text[]), ('judge_price_changes'::text,'{}'::text[]), ('pricing_short_number'::text,'{}'::text[]), ('show_price_changes'::text,'{}'::text[]), ('refuse_odd_list'::text,'{}'::text[]), ('lock_listed_prices'::text,'{}'::text[]), ('decide_price_changes'::text,'{}'::text[]), ('pricing_token_moves'::text,'{}'::text[]), ('pricing_shared_moves'::text,'{}'::text[]), ('repeat_provider_list'::text,'{}'::text[]), ('list_provider_models'::text,'{}'::text[]), ('hold_price_changes'::text,'{}'::text[]), ('decide_held_price_changes'::text,'{}'::text[]), ('decide_held_changes_of_job'::text,'{}'::text[]), ('write_model_prices'::text,'{}'::text[]), ('store_pricing_catalogue'::text,'{}'::text[]), ('end_expired_overrides'::text,'{}'::text[]), ('pricing_base_set'::text,'{}'::text[]), ('pricing_sets_differ'::text,'{}'::text[]), ('pricing_overridden_set'::text,'{}'::text[]), ('pricing_is_clock_turn'::text,'{}'::text[]), ('lock_provider_triggers'::text,'{}'::text[]), ('held_pricing_slots'::text,'{}'::text[]), ('log_queued_attempt'::text,'{}'::text[]), ('log_ended_attempt'::text,'{}'::text[]), ('settle_pricing_job'::text,'{}'::text[]), ('reopen_pricing_job'::text,'{}'::text[]), ('wake_pricing_workers'::text,'{}'::text[]), ('stop_provider_sync'::text,'{}'::text[]), ('requeue_provider_sync'::text,'{}'::text[]), ('hold_stuck_sync'::text,'{}'::text[]), ('release_stalled_syncs'::text,'{}'::text[]), ('end_ignored_aborts'::text,'{}'::text[]), ('fail_unattended_syncs'::text,'{}'::text[]), ('cancel_disabled_syncs'::text,'{}'::text[]), ('fail_overtime_syncs'::text,'{}'::text[]), ('hold_log_row'::text,'{}'::text[]), ('mend_pricing_jobs'::text,'{}'::text[]), ('checked_expiry'::text,'{}'::text[]), ('checked_interval'::text,'{}'::text[]), ('guard_interval'::text,'{}'::text[]), ('add_pricing_api_key'::text,'{}'::text[]), ('folded_key_name'::text,'{}'::text[]), ('lock_key_name'::text,'{}'::text[]), ('idempotency_identity'::text,'{}'::text[]), ('sign_audit_row'::text,'{}'::text[]), ('audit_change_by_hand'::text,'{}'::text[]), ('audit_deleted_jobs'::text,'{}'::text[]), ('pricing_who'::text,'{}'::text[]), ('pricing_identity'::text,'{}'::text[]), ('pricing_prices_differ'::text,'{}'::text[]), ('prepare_provider_sync'::text,'{}'::text[]), ('queue_id_is_taken'::text,'{}'::text[]), ('guard_queue_row'::text,'{}'::text[]), ('guard_new_queue_row'::text,'{}'::text[]), ('queue_row_fault'::text,'{}'::text[]), ('project_provider_sync'::text,'{}'::text[]), ('notify_pricing_sync_job'::text,'{}'::text[]), ('guard_pricing_job'::text,'{}'::text[]), ('stop_pricing_job'::text,'{}'::text[]), ('release_pricing_lock'::text,'{}'::text[]), ('follow_provider_disabled'::text,'{}'::text[]), ('follow_provider_switch'::text,'{}'::text[]), ('audit_provider_change'::text,'{}'::text[]), ('audit_settings_change'::text,'{}'::text[]), ('guard_pricing_settings'::text,'{}'::text[]), ('guard_pricing_lock'::text,'{}'::text[]), ('pricing_is_called_by'::text,'{}'::text[]), ('pricing_access_differences'::text,'{}'::text[]), ('judge_price_override'::text,'{}'::text[]), ('erase_audit_details'::text,'{}'::text[]), ('guard_model_pricing'::text,'{}'::text[]), ('guard_price_override'::text,'{}'::text[]), ('guard_pricing_records'::text,'{}'::text[]), ('note_pricing_maintenance'::text,'{}'::text[])
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

-- As in 0.4.0.sql from 454117 to 454279: COMMENT ON VIEW public.pricing_rights IS 'Who besides the owner may read which relation and execute which function, as released; role is null where nobody may.'
-- As in 0.4.0.sql from 454280 to 454714: CREATE TABLE public.pricing_scheduler_ticks (
-- As in 0.4.0.sql from 454715 to 454903: COMMENT ON TABLE public.pricing_scheduler_ticks IS 'The heartbeat of the schedule: pg_cron ticks every minute; the workers tick every few seconds, and take over
COMMENT ON COLUMN public.pricing_scheduler_ticks.last_tick_at IS 'When it last ticked, whether or not anything was due.';

COMMENT ON COLUMN public.pricing_scheduler_ticks.last_enqueued_at IS 'When it last enqueued a sync that was due.';

COMMENT ON COLUMN public.pricing_scheduler_ticks.last_pruned_at IS 'When it last pruned old jobs.';

COMMENT ON COLUMN public.pricing_scheduler_ticks.last_error IS 'Why its last tick could not do all it should; null when it could.';

-- As in 0.4.0.sql from 455377 to 455604: CREATE TABLE public.pricing_schema_ledger (
COMMENT ON TABLE public.pricing_schema_ledger IS 'What migrate has applied: engine steps, migrations, and db/ as one unit with its objects.';

-- As in 0.4.0.sql from 455748 to 457642: CREATE TABLE public.pricing_settings (
COMMENT ON TABLE public.pricing_settings IS 'The one row of settings that the database and the workers share.';

COMMENT ON COLUMN public.pricing_settings.heartbeat_interval IS 'How often a worker shows that it is alive.';

COMMENT ON COLUMN public.pricing_settings.lease IS 'A worker without a heartbeat for this long is stalled, and its syncs are taken back.';

COMMENT ON COLUMN public.pricing_settings.max_attempts IS 'Attempts at one provider sync, lost workers included, before it fails.';

-- As in 0.4.0.sql from 458140 to 458323: COMMENT ON COLUMN public.pricing_settings.queued_timeout IS 'A sync that waits this long fails when no worker has been alive for this long; one that only waits 
-- As in 0.4.0.sql from 458324 to 458519: COMMENT ON COLUMN public.pricing_settings.retention IS 'How long finished jobs are kept: pg_cron, or a worker where there is none, prunes older ones every hour.
-- As in 0.4.0.sql from 458520 to 458686: COMMENT ON COLUMN public.pricing_settings.scheduler_enabled IS 'False: no sync is enqueued by the schedule; triggers still work, and stuck syncs are still settl
-- As in 0.4.0.sql from 458687 to 458879: COMMENT ON COLUMN public.pricing_settings.audit_retention IS 'The hourly retention erases client addresses and claims from rows of pricing_audit_log that are ol
COMMENT ON COLUMN public.pricing_settings.postgrest_login IS 'PostgREST''s login: in its sessions the claims of a JWT are believed; null: in none.';

-- As in 0.4.0.sql from 459030 to 459492: CREATE VIEW public.pricing_worker_heartbeats WITH (security_invoker='true') AS
COMMENT ON VIEW public.pricing_worker_heartbeats IS 'When each worker last showed that it is alive; null when all there is lies in the future.';

-- As in 0.4.0.sql from 459639 to 467943: CREATE VIEW public.pricing_sync_expiry WITH (security_invoker='true') AS
-- As in 0.4.0.sql from 467944 to 468126: COMMENT ON VIEW public.pricing_sync_expiry IS 'Why provider syncs, log rows and jobs may be stuck: each is once `since` is longer ago than `allowed`. One may ha
COMMENT ON COLUMN public.pricing_sync_expiry.attempt IS 'Of the log row; of a queue row the one that waits or runs.';

-- As in 0.4.0.sql from 468246 to 468406: COMMENT ON COLUMN public.pricing_sync_expiry.since IS 'When the last sign of it was seen, or it began: -infinity if there is none, or if it is stuck at once.';
COMMENT ON COLUMN public.pricing_sync_expiry.allowed IS 'How long that may go on: a setting, or the provider''s timeout.';

-- As in 0.4.0.sql from 468531 to 469330: CREATE VIEW public.pricing_sync_lock WITH (security_invoker='true') AS
-- As in 0.4.0.sql from 469331 to 469494: COMMENT ON VIEW public.pricing_sync_lock IS 'The locks held now: one row per running provider sync, and while there is any, pricing_sync_global for all of them.
-- As in 0.4.0.sql from 469495 to 469714: ALTER TABLE public.pricing_sync_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
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
           FROM ( SELECT DISTINCT ON (log.provider_slug) log.provider_slug,
                    log.status,
                    log.attempt,
                    log.models_fetched,
                    log.models_updated,
                    log.models_unchanged,
                    log.models_skipped,
                    log.models_held,
                    log.error_kind,
                    log.error_message,
                    log.duration_ms,
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

-- As in 0.4.0.sql from 473860 to 474042: COMMENT ON COLUMN public.pricing_sync_progress.results IS 'Per provider: status, attempt, counts, error and duration in ms of its newest attempt; of a dry run t
-- As in 0.4.0.sql from 474043 to 474334: CREATE VIEW public.pricing_syncable_providers WITH (security_invoker='true') AS
COMMENT ON VIEW public.pricing_syncable_providers IS 'The providers that a trigger without a list syncs: enabled, with an adapter and with what it needs.';

-- As in 0.4.0.sql from 474492 to 475715: CREATE VIEW public.pricing_unpriced WITH (security_invoker='true') AS
COMMENT ON VIEW public.pricing_unpriced IS 'Active models without a price in force, and why; do not bill by an unknown price.';

-- As in 0.4.0.sql from 475845 to 476234: COMMENT ON COLUMN public.pricing_unpriced.why IS 'held: a price waits in pricing_held; rejected: it was refused; not in the list: its provider''s last lists lac
COMMENT ON COLUMN public.pricing_unpriced.held_id IS 'The held or rejected change, for approve_held_price_change.';

COMMENT ON COLUMN public.pricing_unpriced.lost_at IS 'Since when it has no price; null: it never had one.';

-- As in 0.4.0.sql from 476461 to 476802: CREATE VIEW public.pricing_worker_settings WITH (security_invoker='true') AS
COMMENT ON VIEW public.pricing_worker_settings IS 'The one row of settings that a worker starts with, in seconds; change them in pricing_settings.';

COMMENT ON COLUMN public.pricing_worker_settings.heartbeat_seconds IS 'Seconds between two heartbeats of a worker.';

COMMENT ON COLUMN public.pricing_worker_settings.lease_seconds IS 'A worker without a heartbeat for this many seconds is stalled.';

INSERT INTO procrastinate.procrastinate_events (id, job_id, type, at) VALUES
	(1, 1, 'deferred', '2026-11-29 16:14:29.442956+00'),
	(2, 2, 'deferred', '2026-11-29 16:14:29.442956+00'),
	(3, 1, 'started', '2026-11-29 16:14:29.454227+00'),
	(4, 2, 'started', '2026-11-29 16:14:29.462603+00'),
	(5, 2, 'succeeded', '2026-11-29 16:14:29.527249+00'),
	(6, 1, 'succeeded', '2026-11-29 16:14:29.524564+00'),
	(7, 3, 'deferred', '2026-11-29 16:14:29.579949+00'),
	(8, 4, 'deferred', '2026-11-29 16:14:29.579949+00'),
	(9, 3, 'started', '2026-11-29 16:14:29.58524+00'),
	(10, 4, 'started', '2026-11-29 16:14:29.588744+00'),
	(11, 4, 'succeeded', '2026-11-29 16:14:29.603136+00'),
	(12, 3, 'succeeded', '2026-11-29 16:14:29.607359+00'),
	(13, 5, 'deferred', '2026-11-29 16:14:29.626626+00'),
	(14, 5, 'started', '2026-11-29 16:14:29.629725+00'),
	(15, 5, 'succeeded', '2026-11-29 16:14:29.639469+00'),
	(16, 6, 'deferred', '2026-11-29 16:14:29.674161+00'),
	(17, 6, 'started', '2026-11-29 16:14:29.677351+00'),
	(18, 6, 'succeeded', '2026-11-29 16:14:29.686398+00'),
	(19, 7, 'deferred', '2026-11-29 16:14:29.747425+00'),
	(20, 8, 'deferred', '2026-11-29 16:14:29.747425+00'),
	(21, 7, 'started', '2026-11-29 16:14:29.751031+00'),
	(22, 8, 'started', '2026-11-29 16:14:29.754254+00'),
	(23, 7, 'succeeded', '2026-11-29 16:14:29.764144+00'),
	(24, 8, 'failed', '2026-11-29 16:14:31.74197+00'),
	(25, 9, 'deferred', '2026-11-29 16:14:31.756147+00'),
	(26, 9, 'started', '2026-11-29 16:14:31.759172+00'),
	(27, 9, 'failed', '2026-11-29 16:14:33.962806+00'),
	(28, 10, 'deferred', '2026-11-29 16:14:33.970962+00'),
	(29, 10, 'started', '2026-11-29 16:14:33.974096+00'),
	(30, 11, 'deferred', '2026-11-29 16:14:34.015077+00');

INSERT INTO procrastinate.procrastinate_jobs (id, queue_name, task_name, priority, lock, queueing_lock, args, status, scheduled_at, attempts, abort_requested, worker_id) VALUES
	(2, 'pricing', 'sync_provider', 0, 'pricing_sync:deepinfra', NULL, '{"job_id": "36ddec57-e5da-46f8-9dfd-bd76a581f784", "provider": "deepinfra"}', 'succeeded', NULL, 1, false, NULL),
	(1, 'pricing', 'sync_provider', 0, 'pricing_sync:openrouter', NULL, '{"job_id": "36ddec57-e5da-46f8-9dfd-bd76a581f784", "provider": "openrouter"}', 'succeeded', NULL, 1, false, NULL),
	(4, 'pricing', 'sync_provider', 0, 'pricing_sync:deepinfra', NULL, '{"job_id": "0b51d107-04b1-491c-bafc-e4ceed9aa021", "provider": "deepinfra"}', 'succeeded', NULL, 1, false, NULL),
	(3, 'pricing', 'sync_provider', 0, 'pricing_sync:openrouter', NULL, '{"job_id": "0b51d107-04b1-491c-bafc-e4ceed9aa021", "provider": "openrouter"}', 'succeeded', NULL, 1, false, NULL),
	(5, 'pricing', 'sync_provider', 0, 'pricing_sync:openrouter', NULL, '{"job_id": "3c5e8ec0-1767-4385-8550-3e5cf9b9a52d", "provider": "openrouter"}', 'succeeded', NULL, 1, false, NULL),
	(6, 'pricing', 'sync_provider', 0, 'pricing_sync:openrouter', NULL, '{"job_id": "9503db7a-9743-4bd0-bae4-86a8dc1ac352", "provider": "openrouter"}', 'succeeded', NULL, 1, false, NULL),
	(7, 'pricing', 'sync_provider', 0, 'pricing_sync:openrouter', NULL, '{"job_id": "8d1f5bda-5db4-483e-b64c-8848d845e9c2", "provider": "openrouter"}', 'succeeded', NULL, 1, false, NULL),
	(8, 'pricing', 'sync_provider', 0, 'pricing_sync:deepinfra', NULL, '{"job_id": "8d1f5bda-5db4-483e-b64c-8848d845e9c2", "provider": "deepinfra"}', 'failed', NULL, 1, false, NULL),
	(9, 'pricing', 'sync_provider', 0, 'pricing_sync:deepinfra', NULL, '{"job_id": "0a0144c0-e038-4e24-938c-7f22bde8c895", "provider": "deepinfra"}', 'failed', NULL, 1, false, NULL),
	(10, 'pricing', 'sync_provider', 0, 'pricing_sync:openrouter', NULL, '{"job_id": "27b0a38d-8b42-4b55-ace4-9cb7921729da", "provider": "openrouter"}', 'doing', NULL, 0, false, 1),
	(11, 'pricing', 'sync_provider', 0, 'pricing_sync:deepinfra', NULL, '{"job_id": "0d122f0e-707d-43ec-972a-fc34d543afce", "provider": "deepinfra"}', 'todo', NULL, 0, false, NULL);

INSERT INTO procrastinate.procrastinate_workers (id, last_heartbeat) OVERRIDING SYSTEM VALUE VALUES
	(1, '2026-11-29 16:14:29.424643+00');

INSERT INTO public.model_pricing (id, provider_slug, model_id, name, price_per_input_token, price_per_output_token, price_per_cache_read_token, price_per_cache_write_token, price_per_cache_write_1h_token, price_per_reasoning_token, price_per_input_audio_token, price_per_output_audio_token, price_per_cache_read_audio_token, price_per_input_image_token, price_per_output_image_token, price_per_image, price_per_request, price_per_web_search, conditions, extra, pricing_source, first_seen_at, last_changed_at, missing_count, is_active, listed_by, synced) OVERRIDING SYSTEM VALUE VALUES
	(9, 'openrouter', 'aetherwiing/mn-starcannon-12b', 'aetherwiing/mn-starcannon-12b', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:openrouter', '2026-11-29 16:14:29.530369+00', NULL, 0, true, 'openrouter', NULL),
	(1, 'deepinfra', 'baidu/cobuddy', 'baidu/cobuddy', 0.00000028, 0.00000113, 0.00000007, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '2026-11-29 16:14:29.529872+00', '2026-11-29 16:14:29.529872+00', 0, true, 'deepinfra', NULL),
	(2, 'deepinfra', 'Sao10K/L3-8B-Stheno-v3.2', 'Sao10K/L3-8B-Stheno-v3.2', 0.00000005, 0.00000005, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '2026-11-29 16:14:29.529872+00', '2026-11-29 16:14:29.529872+00', 0, true, 'deepinfra', NULL),
	(3, 'deepinfra', 'cognitivecomputations/dolphin-mixtral-8x22b', 'cognitivecomputations/dolphin-mixtral-8x22b', 0.0000009, 0.0000009, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '2026-11-29 16:14:29.529872+00', '2026-11-29 16:14:29.529872+00', 0, true, 'deepinfra', NULL),
	(4, 'deepinfra', 'baichuan/baichuan-m2-32b', 'baichuan/baichuan-m2-32b', 0.00000007, 0.00000007, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '2026-11-29 16:14:29.529872+00', '2026-11-29 16:14:29.529872+00', 0, true, 'deepinfra', NULL),
	(5, 'deepinfra', 'baidu/ernie-4.5-21B-a3b', 'baidu/ernie-4.5-21B-a3b', 0.00000007, 0.00000028, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '2026-11-29 16:14:29.529872+00', '2026-11-29 16:14:29.529872+00', 0, true, 'deepinfra', NULL),
	(6, 'deepinfra', 'deepseek/deepseek-ocr-2', 'deepseek/deepseek-ocr-2', 0.00000003, 0.00000003, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '2026-11-29 16:14:29.529872+00', '2026-11-29 16:14:29.529872+00', 0, true, 'deepinfra', NULL),
	(10, 'openrouter', 'ai21/jamba-1-5-mini', 'ai21/jamba-1-5-mini', 0.0000002, 0.0000004, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:openrouter', '2026-11-29 16:14:29.530369+00', '2026-11-29 16:14:29.530369+00', 0, true, 'openrouter', NULL),
	(11, 'openrouter', 'ai21/jamba-1.6-large', 'ai21/jamba-1.6-large', 0.000002, 0.000008, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:openrouter', '2026-11-29 16:14:29.530369+00', '2026-11-29 16:14:29.530369+00', 0, true, 'openrouter', NULL),
	(8, 'openrouter', '01-ai/yi-large', '01-ai/yi-large', 0.000002, 0.00001, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0.005, '[]', '{"batch_discount": "0.5"}', 'api:openrouter', '2026-11-29 16:14:29.530369+00', '2026-11-29 16:14:29.738352+00', 0, true, 'openrouter', '{"conditions": [{"min_prompt_tokens": 200000, "price_per_input_token": "0.00000005"}], "price_per_web_search": "0.005", "price_per_input_token": "0.0000000208333333333333", "price_per_output_token": "0.00001"}'),
	(7, 'openrouter', 'ai21/jamba-1.6-mini', 'ai21/jamba-1.6-mini', 0.0000002, 0.0000004, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:openrouter', '2026-11-29 16:14:29.530369+00', '2026-11-29 16:14:29.530369+00', 3, false, 'openrouter', NULL);

INSERT INTO public.model_pricing_history (id, model_id, price_per_input_token, price_per_output_token, previous_input_price, previous_output_price, changed_at, changed_by, job_id, observed_at, price_per_cache_read_token, price_per_cache_write_token, price_per_cache_write_1h_token, price_per_reasoning_token, price_per_input_audio_token, price_per_output_audio_token, price_per_cache_read_audio_token, price_per_input_image_token, price_per_output_image_token, price_per_image, price_per_request, price_per_web_search, conditions, extra, pricing_source, raw, is_in_force) OVERRIDING SYSTEM VALUE VALUES
	(1, 2, 0.00000005, 0.00000005, NULL, NULL, '2026-11-29 16:14:29.529872+00', 'api_sync:deepinfra', '36ddec57-e5da-46f8-9dfd-bd76a581f784', '2026-11-29 16:14:29.513131+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '{"input_tokens": {"axis": "price_per_input_token", "text": "0.05", "unit": "usd_per_1m_tokens"}, "output_tokens": {"axis": "price_per_output_token", "text": "0.05", "unit": "usd_per_1m_tokens"}}', true),
	(2, 5, 0.00000007, 0.00000028, NULL, NULL, '2026-11-29 16:14:29.529872+00', 'api_sync:deepinfra', '36ddec57-e5da-46f8-9dfd-bd76a581f784', '2026-11-29 16:14:29.513131+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '{"input_tokens": {"axis": "price_per_input_token", "text": "0.07", "unit": "usd_per_1m_tokens"}, "output_tokens": {"axis": "price_per_output_token", "text": "0.28", "unit": "usd_per_1m_tokens"}}', true),
	(3, 6, 0.00000003, 0.00000003, NULL, NULL, '2026-11-29 16:14:29.529872+00', 'api_sync:deepinfra', '36ddec57-e5da-46f8-9dfd-bd76a581f784', '2026-11-29 16:14:29.513131+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '{"input_tokens": {"axis": "price_per_input_token", "text": "0.03", "unit": "usd_per_1m_tokens"}, "output_tokens": {"axis": "price_per_output_token", "text": "0.03", "unit": "usd_per_1m_tokens"}}', true),
	(4, 4, 0.00000007, 0.00000007, NULL, NULL, '2026-11-29 16:14:29.529872+00', 'api_sync:deepinfra', '36ddec57-e5da-46f8-9dfd-bd76a581f784', '2026-11-29 16:14:29.513131+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '{"input_tokens": {"axis": "price_per_input_token", "text": "0.07", "unit": "usd_per_1m_tokens"}, "output_tokens": {"axis": "price_per_output_token", "text": "0.07", "unit": "usd_per_1m_tokens"}}', true),
	(5, 1, 0.00000028, 0.00000113, NULL, NULL, '2026-11-29 16:14:29.529872+00', 'api_sync:deepinfra', '36ddec57-e5da-46f8-9dfd-bd76a581f784', '2026-11-29 16:14:29.513131+00', 0.00000007, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '{"input_tokens": {"axis": "price_per_input_token", "text": "0.28", "unit": "usd_per_1m_tokens"}, "output_tokens": {"axis": "price_per_output_token", "text": "1.13", "unit": "usd_per_1m_tokens"}, "cache_read_tokens": {"axis": "price_per_cache_read_token", "text": "0.07", "unit": "usd_per_1m_tokens"}}', true),
	(6, 3, 0.0000009, 0.0000009, NULL, NULL, '2026-11-29 16:14:29.529872+00', 'api_sync:deepinfra', '36ddec57-e5da-46f8-9dfd-bd76a581f784', '2026-11-29 16:14:29.513131+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:deepinfra', '{"input_tokens": {"axis": "price_per_input_token", "text": "0.9", "unit": "usd_per_1m_tokens"}, "output_tokens": {"axis": "price_per_output_token", "text": "0.9", "unit": "usd_per_1m_tokens"}}', true),
	(7, 11, 0.000002, 0.000008, NULL, NULL, '2026-11-29 16:14:29.530369+00', 'api_sync:openrouter', '36ddec57-e5da-46f8-9dfd-bd76a581f784', '2026-11-29 16:14:29.489719+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:openrouter', '{"prompt": {"axis": "price_per_input_token", "text": "0.000002", "unit": "usd_per_token"}, "completion": {"axis": "price_per_output_token", "text": "0.000008", "unit": "usd_per_token"}}', true),
	(8, 10, 0.0000002, 0.0000004, NULL, NULL, '2026-11-29 16:14:29.530369+00', 'api_sync:openrouter', '36ddec57-e5da-46f8-9dfd-bd76a581f784', '2026-11-29 16:14:29.489719+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:openrouter', '{"prompt": {"axis": "price_per_input_token", "text": "0.0000002", "unit": "usd_per_token"}, "completion": {"axis": "price_per_output_token", "text": "0.0000004", "unit": "usd_per_token"}}', true),
	(9, 8, 0.0000000208333333333333, 0.000003, NULL, NULL, '2026-11-29 16:14:29.530369+00', 'api_sync:openrouter', '36ddec57-e5da-46f8-9dfd-bd76a581f784', '2026-11-29 16:14:29.489719+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0.005, '[{"min_prompt_tokens": 200000, "price_per_input_token": "0.00000005"}]', '{"batch_discount": "0.5"}', 'api:openrouter', '{"prompt": {"axis": "price_per_input_token", "text": "0.0000000208333333333333", "unit": "usd_per_token"}, "completion": {"axis": "price_per_output_token", "text": "0.000003", "unit": "usd_per_token"}, "web_search": {"axis": "price_per_web_search", "text": "0.005", "unit": "usd_per_search"}, "overrides[0].prompt": {"axis": "price_per_input_token", "text": "0.00000005", "unit": "usd_per_token"}}', true),
	(10, 7, 0.0000002, 0.0000004, NULL, NULL, '2026-11-29 16:14:29.530369+00', 'api_sync:openrouter', '36ddec57-e5da-46f8-9dfd-bd76a581f784', '2026-11-29 16:14:29.489719+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 'api:openrouter', '{"prompt": {"axis": "price_per_input_token", "text": "0.0000002", "unit": "usd_per_token"}, "completion": {"axis": "price_per_output_token", "text": "0.0000004", "unit": "usd_per_token"}}', true),
	(11, 8, 0.0000000208333333333333, 0.00001, 0.0000000208333333333333, 0.000003, '2026-11-29 16:14:29.608343+00', 'api_sync:openrouter', '0b51d107-04b1-491c-bafc-e4ceed9aa021', '2026-11-29 16:14:29.598948+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0.005, '[{"min_prompt_tokens": 200000, "price_per_input_token": "0.00000005"}]', '{"batch_discount": "0.5"}', 'api:openrouter', '{"prompt": {"axis": "price_per_input_token", "text": "0.0000000208333333333333", "unit": "usd_per_token"}, "completion": {"axis": "price_per_output_token", "text": "0.00001", "unit": "usd_per_token"}, "web_search": {"axis": "price_per_web_search", "text": "0.005", "unit": "usd_per_search"}, "overrides[0].prompt": {"axis": "price_per_input_token", "text": "0.00000005", "unit": "usd_per_token"}}', true),
	(12, 8, 0.000002, 0.00001, 0.0000000208333333333333, 0.00001, '2026-11-29 16:14:29.738352+00', 'manual:postgres', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0.005, '[]', '{"batch_discount": "0.5"}', 'api:openrouter', '{}', true);

INSERT INTO public.pricing_api_keys (key_id, name, role, key_digest, created_at, created_by, expires_at, revoked_at, last_used_at, revoked_by, replaced_by) VALUES
	('0a21426fe301', 'sample', 'read', '\x72f70b53c97e2979c1f4561129640d159238bc5de07b3eb30f3258b9ac8ed30d', '2026-11-29 16:14:28.930967+00', 'operator', NULL, NULL, NULL, NULL, NULL);

INSERT INTO public.pricing_audit_log (id, at, who, action, subject, details, client_address, http_client_address, claims, session_login, acting_role, key_name) OVERRIDING SYSTEM VALUE VALUES
	(1, '2026-11-29 16:14:28.851695+00', 'postgres', 'change_settings', 'pricing_settings', '{"scheduler_enabled": {"now": false, "was": true}}', '127.0.0.1', NULL, NULL, 'postgres', NULL, NULL),
	(2, '2026-11-29 16:14:28.938309+00', 'operator', 'create_api_key', 'sample', '{"role": "read", "key_id": "0a21426fe301", "expires_at": null}', '127.0.0.1', NULL, NULL, 'postgres', NULL, NULL),
	(3, '2026-11-29 16:14:29.744229+00', 'postgres', 'set_price_override', 'openrouter/01-ai/yi-large', '{"forced": true, "prices": {"price_per_input_token": "0.000002"}, "reason": "contract", "override": 1, "replaces": null, "suspicion": "input_per_1m moves by 96 times (0.0208333 -> 2)", "expires_at": null}', '127.0.0.1', NULL, NULL, 'postgres', NULL, NULL),
	(4, '2026-11-29 16:14:29.746665+00', 'postgres', 'accept_price_changes', '1', '{"model": null, "until": "2035-11-29T16:14:29.745133+00:00", "reason": "sale", "provider": "openrouter", "up_to_ratio": 20}', '127.0.0.1', NULL, NULL, 'postgres', NULL, NULL);

INSERT INTO public.pricing_catalogue_prices (provider_slug, model_id, prices, version, updated_at) VALUES
	('openrouter', 'ai21/jamba-1.6-mini', '{"price_per_input_token": "0.0000002", "price_per_output_token": "0.0000004"}', 'genai-prices@0.2.3', '2026-11-29 16:14:29.532704+00'),
	('openrouter', '01-ai/yi-large', '{"price_per_input_token": "0.000003", "price_per_output_token": "0.000003"}', 'genai-prices@0.2.3', '2026-11-29 16:14:29.532859+00'),
	('openrouter', 'aetherwiing/mn-starcannon-12b', '{"price_per_input_token": "0.0000008", "price_per_output_token": "0.0000012"}', 'genai-prices@0.2.3', '2026-11-29 16:14:29.53287+00'),
	('openrouter', 'ai21/jamba-1-5-mini', '{"price_per_input_token": "0.0000002", "price_per_output_token": "0.0000004"}', 'genai-prices@0.2.3', '2026-11-29 16:14:29.532876+00'),
	('openrouter', 'ai21/jamba-1.6-large', '{"price_per_input_token": "0.000002", "price_per_output_token": "0.000008"}', 'genai-prices@0.2.3', '2026-11-29 16:14:29.532882+00');

INSERT INTO public.pricing_change_rules (id, provider_slug, model_id, up_to_ratio, reason, created_by, created_at, expires_at, ended_at, ended_by) OVERRIDING SYSTEM VALUE VALUES
	(1, 'openrouter', NULL, 20, 'sale', 'postgres', '2026-11-29 16:14:29.746061+00', '2035-11-29 16:14:29.745133+00', NULL, NULL);

INSERT INTO public.pricing_held_changes (id, model_id, provider_slug, status, class, reason, ratio, to_zero, prices, previous, evidence, pricing_source, extra, raw, first_job_id, job_id, first_seen_at, last_seen_at, times_seen, still_said, observed_at, decided_at, decided_by, decision_note, said_again_from) OVERRIDING SYSTEM VALUE VALUES
	(1, 10, 'openrouter', 'held', 'unit', 'unit: input_per_1m is 100,000,000 times the catalogue''s 0.2; input_per_1m moves by 100,000,000 times (0.2 -> 20,000,000); input_per_1m 20,000,000 is outside 0.001 to 1,000', 100000000.000000000000, false, '{"price_per_input_token": "20", "price_per_output_token": "0.0000004"}', '{"price_per_input_token": "0.0000002", "price_per_output_token": "0.0000004"}', '[{"key": "prompt", "now": "20", "axis": "price_per_input_token", "kind": "catalogue", "text": "20", "unit": "usd_per_token", "ratio": "100000000", "before": "0.0000002", "catalogue": "0.0000002"}, {"key": "prompt", "now": "20", "axis": "price_per_input_token", "kind": "ratio", "text": "20", "unit": "usd_per_token", "ratio": "100000000", "before": "0.0000002", "catalogue": "0.0000002"}, {"key": "prompt", "now": "20", "axis": "price_per_input_token", "kind": "band", "text": "20", "unit": "usd_per_token", "ratio": "100000000", "before": "0.0000002", "catalogue": "0.0000002"}]', 'api:openrouter', '{}', '{"prompt": {"axis": "price_per_input_token", "text": "20", "unit": "usd_per_token"}, "completion": {"axis": "price_per_output_token", "text": "0.0000004", "unit": "usd_per_token"}}', '9503db7a-9743-4bd0-bae4-86a8dc1ac352', '9503db7a-9743-4bd0-bae4-86a8dc1ac352', '2026-11-29 16:14:29.687552+00', '2026-11-29 16:14:29.687552+00', 1, true, '2026-11-29 16:14:29.684549+00', NULL, NULL, NULL, 1);

INSERT INTO public.pricing_idempotency_keys (key, job_id, request, used_at, identity) VALUES
	('sample', '0b51d107-04b1-491c-bafc-e4ceed9aa021', '{"dry_run": false, "providers": ["openrouter", "deepinfra"], "on_conflict": "queue"}', '2026-11-29 16:14:29.580695+00', 'postgres');

INSERT INTO public.pricing_locks (name) VALUES
	('keys named sample'),
	('schedule of worker'),
	('prices of deepinfra'),
	('prices of openrouter');

INSERT INTO public.pricing_overrides (id, model_id, prices, reason, created_by, created_at, expires_at, ended_at, ended_by, forced) OVERRIDING SYSTEM VALUE VALUES
	(1, 8, '{"price_per_input_token": "0.000002"}', 'contract', 'postgres', '2026-11-29 16:14:29.738352+00', NULL, NULL, NULL, true);

INSERT INTO public.pricing_providers (slug, name, adapter, base_url, credential_variable, enabled, sync_interval, sync_jitter, timeout, review_first, state, next_sync_at, next_allowed_at, last_success_at, last_changed_at, consecutive_failures, etag, etag_parser, content_digest, created_at, price_api, guards_enabled, guard_large_ratio, guard_unit_ratio, guard_lowest_per_1m, guard_highest_per_1m, unknown_keys, accepted_list_at, accepted_list_models, accepted_list_prices_gone) VALUES
	('catalogue', 'Catalogue (genai-prices)', 'catalogue', NULL, NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 16:14:27.704047+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('aihubmix', 'AiHubMix', 'aihubmix', 'https://aihubmix.com', NULL, true, '06:00:00', 0.1, '00:10:00', true, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 16:14:27.747665+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('alibaba-cloud', 'Alibaba Cloud Model Studio', 'alibaba-cloud', 'https://dashscope-intl.aliyuncs.com', 'DASHSCOPE_API_KEY', true, '06:00:00', 0.1, '00:10:00', true, 'no_credentials', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 16:14:27.747665+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('cerebras', 'Cerebras', 'cerebras', 'https://api.cerebras.ai', NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 16:14:27.747665+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('chutes', 'Chutes', 'chutes', 'https://llm.chutes.ai', NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 16:14:27.747665+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('featherless', 'Featherless', 'featherless', 'https://api.featherless.ai', NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 16:14:27.747665+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('fireworks', 'Fireworks AI', 'fireworks', 'https://api.fireworks.ai', 'FIREWORKS_API_KEY', true, '06:00:00', 0.1, '00:10:00', false, 'no_credentials', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 16:14:27.747665+00', false, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('groq', 'Groq', 'groq', 'https://api.groq.com', 'GROQ_API_KEY', true, '06:00:00', 0.1, '00:10:00', false, 'no_credentials', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 16:14:27.747665+00', false, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('huggingface', 'Hugging Face Inference Providers', 'huggingface', 'https://router.huggingface.co', NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 16:14:27.747665+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('nearai', 'NEAR AI', 'nearai', 'https://cloud-api.near.ai', NULL, true, '06:00:00', 0.1, '00:10:00', true, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 16:14:27.747665+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('openrouter', 'OpenRouter', 'openrouter', 'https://openrouter.ai', NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', '2026-11-29 22:50:14.367718+00', NULL, '2026-11-29 16:14:29.765194+00', '2026-11-29 16:14:29.608343+00', 0, NULL, NULL, 'b41202d20916e580b84f1534f1269fee98137690a878cebc07a2ba3a8e389f8f', '2026-11-29 16:14:27.704047+00', true, true, 10, 100, 0.001, 1000, '{batch_discount}', NULL, NULL, false),
	('deepinfra', 'DeepInfra', 'deepinfra', 'https://api.deepinfra.com', NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', '2026-11-29 22:22:57.794942+00', NULL, '2026-11-29 16:14:29.604263+00', '2026-11-29 16:14:29.529872+00', 2, NULL, NULL, 'cf2054c8879a79e3bf3423eb00d32a3de71836399b63315f13ff6be9cf73f8dd', '2026-11-29 16:14:27.704047+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('nebius', 'Nebius Token Factory', 'nebius', 'https://api.tokenfactory.nebius.com', 'NEBIUS_API_KEY', true, '06:00:00', 0.1, '00:10:00', false, 'no_credentials', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 16:14:27.747665+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('novita', 'Novita AI', 'novita', 'https://api.novita.ai', NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 16:14:27.747665+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('ovhcloud', 'OVHcloud AI Endpoints', 'ovhcloud', 'https://oai.endpoints.kepler.ai.cloud.ovh.net', NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 16:14:27.747665+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('requesty', 'Requesty', 'requesty', 'https://router.requesty.ai', NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 16:14:27.747665+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('together', 'Together AI', 'together', 'https://api.together.xyz', 'TOGETHER_API_KEY', true, '06:00:00', 0.1, '00:10:00', true, 'no_credentials', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 16:14:27.747665+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false),
	('vercel', 'Vercel AI Gateway', 'vercel', 'https://ai-gateway.vercel.sh', NULL, true, '06:00:00', 0.1, '00:10:00', false, 'ok', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-29 16:14:27.747665+00', true, true, 10, 100, 0.001, 1000, '{}', NULL, NULL, false);

INSERT INTO public.pricing_said_again (provider_slug, times, said_at, job_id, observed_at) VALUES
	('openrouter', 2, '2026-11-29 16:14:29.765194+00', '8d1f5bda-5db4-483e-b64c-8848d845e9c2', '2026-11-29 16:14:29.761205+00');

INSERT INTO public.pricing_scheduler_ticks (scheduler, last_tick_at, last_enqueued_at, last_pruned_at, last_error) VALUES
	('worker', '2026-11-29 16:14:29.449223+00', NULL, '2026-11-29 16:14:29.449223+00', NULL);

INSERT INTO public.pricing_schema_ledger (name, digest, applied_at) VALUES
	('engine:00.00.00_01_initial.sql', '6d7ba94c51af22f6cf437e01774a2de4d98666886f9c0597bfb24deb86546dfa', '2026-11-29 16:14:27.609769+00'),
	('engine:00.05.00_01_drop_started_at_column.sql', '8c36c1cbb9c2c2c4e29996d0839cfc0e674638dd59da73d22d5883a66c94a6d8', '2026-11-29 16:14:27.609769+00'),
	('engine:00.05.00_02_drop_started_at_column.sql', '62fab33b3996ef2bfab09a0502318c51cae1a186db58a2d803e1c341fcf6a149', '2026-11-29 16:14:27.609769+00'),
	('engine:00.05.00_03_drop_procrastinate_version_table.sql', 'e43a1e3cec48cf071140edce6828107b43ca6b7cfa8ae9dcd527a6fa99e40236', '2026-11-29 16:14:27.609769+00'),
	('engine:00.06.00_01_fix_procrastinate_fetch_job.sql', '4dac8738ebebc78b890b56db631018a3cd74089fc3a0e6004aaf7c6252779169', '2026-11-29 16:14:27.609769+00'),
	('engine:00.07.01_01_fix_trigger_status_events_insert.sql', 'e40c589ce32d0b3a0cc5d6b667da42f0fef066e51e6907fad196b1d8b83c9149', '2026-11-29 16:14:27.609769+00'),
	('engine:00.08.01_01_add_queueing_lock_column.sql', 'c8896579a44c9f258309f96c76b8c9415e1766dedfc4a8ca9158094438e6085b', '2026-11-29 16:14:27.609769+00'),
	('engine:00.10.00_01_close_fetch_job_race_condition.sql', '0be9e8dfa820f435482a2066fc68e6f44f92d7ca9a90226443c4be448de0fc32', '2026-11-29 16:14:27.609769+00'),
	('engine:00.10.00_02_add_defer_job_function.sql', 'f49362754442068426b66872cd7f15bb1a9610909a5e8539edbccce79a78c8e8', '2026-11-29 16:14:27.609769+00'),
	('engine:00.11.00_03_add_procrastinate_periodic_defers.sql', '9cf251e931e905ce31d4e5b8bebea220c035b255e3ec0046ba7659d2a6ee9cb6', '2026-11-29 16:14:27.609769+00'),
	('engine:00.12.00_01_add_foreign_key_index.sql', 'd4b44b60e1c79891a52145a9804d1f942cdfb6c8717d575ef2b3fec26b70224f', '2026-11-29 16:14:27.609769+00'),
	('engine:00.14.00_01_add_locks_to_periodic_defer.sql', '7150bc363db295dd7f7114ceab63ae7d52dfece3b91b1735546e64f7b22c1638', '2026-11-29 16:14:27.609769+00'),
	('engine:00.15.02_01_fix_procrastinate_defer_periodic_job.sql', 'cee1ba5828128ff062cd73a7505e5f5a827aea9d09131049cdde8ed32af767f1', '2026-11-29 16:14:27.609769+00'),
	('engine:00.16.00_01_add_finish_job_and_retry_job_functions.sql', 'adc143a05e5d53d4e32513cfe389a6201cc47a8169723f7135429109d8b41264', '2026-11-29 16:14:27.609769+00'),
	('engine:00.17.00_01_add_trigger_on_job_deletion.sql', 'a5c49223abe0566e2952013d16089ffc3b29c1238642341632a3e245f22f0b92', '2026-11-29 16:14:27.609769+00'),
	('engine:00.17.00_02_delete_finished_jobs.sql', 'd777d6c03fab2e590f6ac5144ac7401762bb2ba1c2b83504392638427e556242', '2026-11-29 16:14:27.609769+00'),
	('engine:00.17.00_03_add_checks_to_finish_job.sql', '989c1d0a968ebc0f7a33bebfcab41c0e41fcbf4629d6ed67e40d32d0a5b31201', '2026-11-29 16:14:27.609769+00'),
	('engine:00.17.00_04_add_checks_to_retry_job.sql', '588340629e015ef0fef21d702a64b3031fe449d9676474850ca4425dc63fcd87', '2026-11-29 16:14:27.609769+00'),
	('engine:00.18.01_01_fix_finish_job_compat_issue.sql', '046d1a97cbf2d9fbfbb0fb3a1dd6dc271f0267e55843566acc1cee86eab41288', '2026-11-29 16:14:27.609769+00'),
	('engine:00.19.00_01_add_index_on_procrastinate_jobs.sql', '3a424d244f9af480f581b493c5d93fea60b03540e369797294518f128c9e6360', '2026-11-29 16:14:27.609769+00'),
	('engine:00.22.00_01_add_kwargs_to_defer_periodic_job.sql', 'ba2e550f46f912b420aec63b46462ede8291b66552369df567dc0b36360eae3f', '2026-11-29 16:14:27.609769+00'),
	('engine:00.23.00_01_null_locks_excluded.sql', '24c853edc002f63535d87bbc7bba5093f4e26bc7844b504c0786242aea698c16', '2026-11-29 16:14:27.609769+00'),
	('engine:01.00.00_01_remove_old_finish_job_function.sql', '2665cd1782a2ecb93a7f95e7bf4867335886d31f26acc15fc97be7c8957ae323', '2026-11-29 16:14:27.609769+00'),
	('engine:01.01.01_01_job_id_bigint.sql', '223e3f20475bc76efe3e00509f9ba2d8610e27a77da72a5fcb7dbc4bec357a8b', '2026-11-29 16:14:27.609769+00'),
	('engine:02.00.03_01_add_job_priority.sql', '34aa498b770d1f6a1bdda291a45866dae7cc2cb509f19d8e0445788b91191142', '2026-11-29 16:14:27.609769+00'),
	('engine:02.05.00_01_add_periodic_job_priority.sql', '997a8b9d61c5c93752521f7dd52c87799752fe2e0396b3f636c413b23c778280', '2026-11-29 16:14:27.609769+00'),
	('engine:02.06.00_01_add_cancel_states.sql', '28e8be115842d81d29a0e818338dc319a24be044b469e30df6f535977a25a498', '2026-11-29 16:14:27.609769+00'),
	('engine:02.08.00_01_add_additional_params_to_retry_job.sql', 'd3c9d446a79ff2a9f3030db01772c33a4c4dd3898151598d05f1979ea4e76319', '2026-11-29 16:14:27.609769+00'),
	('engine:02.14.01_01_add_indexes_for_fetch_job.sql', '66c0fdc9ea24569f14d2b2ebaf9f8309858e66141dd271d9bf61ecf56c362ada', '2026-11-29 16:14:27.609769+00'),
	('engine:03.00.00_01_pre_cancel_notification.sql', 'e79f3dc19f80de6f6c54aec9deb4548989b68ae38061a55b6ee3144e313c1ecd', '2026-11-29 16:14:27.609769+00'),
	('engine:03.00.00_50_post_cancel_notification.sql', 'd16fba7d14d5c699ceb81fd67a450422bd4b8337b1934b4eb00aa5438eddfbdf', '2026-11-29 16:14:27.609769+00'),
	('engine:03.01.00_01_pre_add_heartbeat.sql', 'f07b98da98e470881e629478f85f142b2f28a659f1ab53e0da1dc7fe917834b8', '2026-11-29 16:14:27.609769+00'),
	('engine:03.01.00_50_post_add_heartbeat.sql', '562472e1ccfd262792a57dcd771f918dae87b0dc038e3832172b3f1ccce69dc0', '2026-11-29 16:14:27.609769+00'),
	('engine:03.02.00_01_pre_batch_defer_jobs.sql', '1f8f957339ff8a455bfd27bdbdbda41daca3b19931a032cd2d9356620af93951', '2026-11-29 16:14:27.609769+00'),
	('engine:03.02.00_50_post_batch_defer_jobs.sql', '8fc1d2c94a057eab36cb074f920f8fab17cb23f8ccee708a64ea52804222ac67', '2026-11-29 16:14:27.609769+00'),
	('engine:03.03.00_01_pre_priority_lock_fetch_job.sql', '70731b65ba99a63962fd1adc6e1c9b3bef6a480a091f3d41d32c50b7ddc31441', '2026-11-29 16:14:27.609769+00'),
	('engine:03.04.00_01_pre_add_retry_failed_job_procedure.sql', '6883b7336508620ba856db4a78558158fe15c8e68b2ea05c60b468e73c311255', '2026-11-29 16:14:27.609769+00'),
	('engine:03.04.00_50_post_add_retry_failed_job_procedure.sql', 'b7938e0a0885d8d00d3f55647bcf141c3f2acac439070c1287734fcb3d98947b', '2026-11-29 16:14:27.609769+00'),
	('migrations/20261121000100_settings_and_providers.sql', '970ed46bcd7e2fb428a928f01d14a063deb35b51f222ddadad71c11c418f80f7', '2026-11-29 16:14:27.704047+00'),
	('migrations/20261121000200_jobs_and_attempts.sql', 'dcb6ec30985590e545e67e73393f92d05942237f4e3d0ff67cb66fc6dacb2187', '2026-11-29 16:14:27.710288+00'),
	('migrations/20261121000300_model_pricing.sql', 'e8b7921111168c9b2ee87307516a30dccf6050341541cad5e9007de0be43cb8f', '2026-11-29 16:14:27.719294+00'),
	('migrations/20261121000400_keys_and_audit.sql', 'bde9b8f0ab24b3ce468ce3b239d7ee439039a065c0bdf5508abebec8cbaaef14', '2026-11-29 16:14:27.726898+00'),
	('migrations/20261121000500_engine_indexes.sql', 'ef4d8757f11d97c9dab5f0090f2b0205b2b7cdc96bc7a5c9602d4c35c376e0a3', '2026-11-29 16:14:27.732201+00'),
	('migrations/20261122000100_schedules.sql', 'c8bc8bf2cd323b228e0528b66db638ba2d25b8d3ced37ee03443dec88416acd0', '2026-11-29 16:14:27.735297+00'),
	('migrations/20261122000200_idempotency_keys.sql', 'f95c91d2d1bbe8a0f230ab3866a66311cef383d29a94ad14e1fce69970bd058e', '2026-11-29 16:14:27.739485+00'),
	('migrations/20261122000300_upper_bounds.sql', '42f7ae6a9dba5a7e707095203fcbdde1a3e3be42cd74c7f2ddc19f5543bd2007', '2026-11-29 16:14:27.744427+00'),
	('migrations/20261122100100_providers_and_guards.sql', '19dfd7f1b035c25838742d052b1368c4d150afa3aac05da84cf1abfcb2849ec0', '2026-11-29 16:14:27.747665+00'),
	('migrations/20261122100200_price_decisions.sql', 'acd3341fc551931d3b3325e5db374134338643aec31383ab6ca4aca7a5cbd998', '2026-11-29 16:14:27.752221+00'),
	('migrations/20261129000100_locks.sql', '8271fe16da2838375b9642d76b3a0e9be596c913db98acb06f4fce00b2cf1587', '2026-11-29 16:14:27.764037+00'),
	('migrations/20261129000200_price_borders.sql', 'd2569d0a5ed7dec59fcf6a53a4fddf5f5b4f4a602795c8d2834866604b479044', '2026-11-29 16:14:27.770403+00');
INSERT INTO public.pricing_schema_ledger (name, digest, applied_at) VALUES
	('migrations/20261129000300_keys_and_identity.sql', '3625637ca3c05a5d6d3581a118ea5e56bbfc2571d973d45df314acc3affe0529', '2026-11-29 16:14:27.774121+00'),
	('migrations/20261129100300_other_queue_rows.sql', 'b088c9b428c45ed8082cd7e2cef50e10862b353441be87d2eb9b3954cd7fcf3a', '2026-11-29 16:14:27.778661+00'),
	('migrations/20261129100310_said_again.sql', '13cbe6188408159bc68a77306ff4ca965d405048d74cb4100723e6d009f13c7c', '2026-11-29 16:14:27.781454+00'),
	('db/functions/accept_price_changes', '87c57598b3d62c65bef3ba74af4aa30efc42510f39d7cbc2cb3cbf880948cd19', '2026-11-29 16:14:27.785901+00'),
	('db/functions/accept_shorter_list', '4553f8369dc2dc81583f06bf2abeddc096ce3cc593457ac141d61a0ea4a2d74d', '2026-11-29 16:14:27.785901+00'),
	('db/functions/approve_held_price_change', '72d489c7fda1d6fe61869bbf7fa386f6d1bb89fbbe328d792d8d4ef2ab0876eb', '2026-11-29 16:14:27.785901+00'),
	('db/functions/audit_provider_change', '6c94a235fce17c81e665f3042619cad07c0e86ae385a4d4d88ff46db4ebd8318', '2026-11-29 16:14:27.785901+00'),
	('db/functions/audit_settings_change', '05703325d6b7929c1cbf3ebf73b164915e745c7a6b36b746c6262a3ddeffd037', '2026-11-29 16:14:27.785901+00'),
	('db/functions/beat_pricing_worker', 'd55a6a6a92cf54a40cc0e9b900c23af3aec6cd1a3db5c5bdbb221718afd76326', '2026-11-29 16:14:27.785901+00'),
	('db/functions/bound_price_list', '0027aaeb64462e1be2d32e5af7a424c7d48a13798ab681d216d9addb6de59ce6', '2026-11-29 16:14:27.785901+00'),
	('db/functions/cancel_disabled_syncs', 'cb25049cfcd45b04f3331cf47fb35323b308248d16f824969d5462218dd3e7b5', '2026-11-29 16:14:27.785901+00'),
	('db/functions/cancel_pricing_sync', 'ee684b8d874438cf015bded9b8e48b2b9f286fda2543fa43f9625a4aacd9db47', '2026-11-29 16:14:27.785901+00'),
	('db/functions/capped_expiry', '264113716afb87135ff3eef0dc7696fc90ffdc013e415f409a9bdc31f0117f8b', '2026-11-29 16:14:27.785901+00'),
	('db/functions/checked_expiry', 'd605785292c8bfc3bc0f9a3fbd7f949cad75db9e497be9ef01a3b47d17de602c', '2026-11-29 16:14:27.785901+00'),
	('db/functions/checked_interval', '31d47089433b90ebd0403cf74ab2909ecf9536fcec58f5d17531a49cf8e14a96', '2026-11-29 16:14:27.785901+00'),
	('db/functions/cleanup_expired_pricing_locks', 'f5dd67d8b2859c3e759f7798dedb3a4fe7a74fd34f69076d280808b65fbda6b4', '2026-11-29 16:14:27.785901+00'),
	('db/functions/cleanup_old_pricing_jobs', 'eaab78e8306c33e8ac07ce84433b0c8b860c40ae4de6c2743540378f1a2a5833', '2026-11-29 16:14:27.785901+00'),
	('db/functions/cleanup_stuck_pricing_syncs', '7bfb0394754c23bb16ec23f52727b4b3d1f46bd9493a4e41fb989cc585901226', '2026-11-29 16:14:27.785901+00'),
	('db/functions/count_said_again', '4fc757e255be92f9f20ee9e679aa2f6d881dec8b2faf2c3f9360f5b13d28d99b', '2026-11-29 16:14:27.785901+00'),
	('db/functions/counts_of_sync', '7becb29465ed860e8d58e5587fb189e55d692b84ee9ddabd3202e3820e0bf6fd', '2026-11-29 16:14:27.785901+00'),
	('db/functions/defer_provider_syncs', 'e22082901c369c025cd04962d692d37cf73d311dca22dc754c9ee6aa4baae3e9', '2026-11-29 16:14:27.785901+00'),
	('db/functions/add_pricing_sync_job', '877a075322181208fd787d8b5c82f4cc67a4f2470308242a2168f24c884a89ba', '2026-11-29 16:14:27.785901+00'),
	('db/functions/end_ignored_aborts', 'ac415e45385a9e21c90347ad7dff0edc4a7453b1e275c36f0c63f9caf8c80078', '2026-11-29 16:14:27.785901+00'),
	('db/functions/end_price_change_rule', 'de25cd7b56142b45342cef707ae9dd8a79f3eab4809d90c6037133bc015cb69a', '2026-11-29 16:14:27.785901+00'),
	('db/functions/enqueue_due_pricing_syncs', '2c223300cbceae2304ba7c1d0498eb21c3c8a8c00dda5eb2c7c0a4c673f8b1e3', '2026-11-29 16:14:27.785901+00'),
	('db/functions/erase_audit_details', 'f5a8d14c468fe6216847a8d273e7d5e0c4ff6cc13fa3a8a2067aaf3fdd98ed67', '2026-11-29 16:14:27.785901+00'),
	('db/functions/fail_overtime_syncs', 'b744513e98ff744c1f3075795ad9c614375952d7f8c621c788480f927eb162b3', '2026-11-29 16:14:27.785901+00'),
	('db/functions/fail_unattended_syncs', '5a821232d01359466f56a460dde8003cfc0d6ea01dd6a9aa21b16977cc877409', '2026-11-29 16:14:27.785901+00'),
	('db/functions/folded_key_name', 'f631db978fed5542e71622d53dcb85353a1d9ba1eef4105911871c0aed9770a6', '2026-11-29 16:14:27.785901+00'),
	('db/functions/follow_provider_disabled', 'a768967701d14ddd6f37462a05431c2dfb98bd2c08ee9e7468c476aaf9d675d8', '2026-11-29 16:14:27.785901+00'),
	('db/functions/follow_provider_switch', 'e118a6415a846f174d7e59cc881ee046f5ec0c730ad6f224abc912a25d268374', '2026-11-29 16:14:27.785901+00'),
	('db/functions/get_provider_sync', '9f91fb7e2a4edcea222fe581b8dc1b1e9051302b3c33b1076299c1d8e03f7a0d', '2026-11-29 16:14:27.785901+00'),
	('db/functions/guard_interval', '10a2d16582b4fa0e8960c730d8dd859f0e8e697d3b85f15f258a1c276b5e3a27', '2026-11-29 16:14:27.785901+00'),
	('db/functions/guard_pricing_job', '52575a3d30da4c891aad92a226b30bb915d778a5bc03885ed4f622aaeccbdc18', '2026-11-29 16:14:27.785901+00'),
	('db/functions/guard_pricing_lock', 'da071a225493557c6a62984a5a9dae4e1d39ae69b2b9920949c03320f48f18d0', '2026-11-29 16:14:27.785901+00'),
	('db/functions/guard_pricing_settings', '03a7957d522bf5641f62794e2b6fa288197ce6102affe33d9b82c692ab3faf5c', '2026-11-29 16:14:27.785901+00'),
	('db/functions/held_pricing_locks', '96427634d3f69a2ffc9570f61c55916023c78ec99fab1c980232000cea7e2df4', '2026-11-29 16:14:27.785901+00'),
	('db/functions/hold_log_row', '663245bba58fce82e9a5ce7cd865748b5b90aed404df00c961b8a3fa16bafa17', '2026-11-29 16:14:27.785901+00'),
	('db/functions/hold_stuck_sync', '0d6759f1b722edde89f07306b0efe1bfd3f9e68a5daf0d28c679564e7865668d', '2026-11-29 16:14:27.785901+00'),
	('db/functions/keep_pricing_lock', '7df7df43a87f68e428deca6a3f5fc2c3c408878a3f84a6dbad88ae90e964bc0d', '2026-11-29 16:14:27.785901+00'),
	('db/functions/log_ended_attempt', '2c401261bc1356339580427ca7bd9543506d609d8ed93a60b85a9b391cba7e18', '2026-11-29 16:14:27.785901+00'),
	('db/functions/log_queued_attempt', 'd10bfd4d99f0b42196b623c0fd122d58d633936be9fd54066b1e665d7a464b2d', '2026-11-29 16:14:27.785901+00'),
	('db/functions/mend_pricing_jobs', 'b815e53c522eaabea72d24fa306339f9f826873e734fd7168de83e7e6986e0fd', '2026-11-29 16:14:27.785901+00'),
	('db/functions/model_price_at', 'eba4b001e0c8d75dcd09fd9151206d4a184309ec49820356449c6de0b0ddc2c6', '2026-11-29 16:14:27.785901+00'),
	('db/functions/next_pricing_sync_at', 'c9dab87258e540bd102971162466f6925c97148836eea5cd97bbd14740cbddcb', '2026-11-29 16:14:27.785901+00'),
	('db/functions/notify_pricing_sync_job', '3a213ae36bf2627b6c8663f70f20a9891cb9aba19768a9b4671e23e09b120a64', '2026-11-29 16:14:27.785901+00'),
	('db/functions/prepare_provider_sync', 'e7a29a20a0199acb3ca5afd90ddf34606d03bd63842bf4f799bddfb3a3c4670b', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_api_key', '84ddefd598e206dcc2f46c6ecd976409e60f77cdf56bbb3cf5e7c66d11c2c111', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_axes', 'ad85f380fbba9faf9acd9e3b1c66ee8ebe833419a8d4cc81a9c4209effdf2399', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_credential_variables', 'ac8e867d4b711e9edad03337e08df7b4dd6cf4424d16101795e96625a878c4ad', '2026-11-29 16:14:27.785901+00');
INSERT INTO public.pricing_schema_ledger (name, digest, applied_at) VALUES
	('db/functions/pricing_doctor', '3c48000213c2af7fa2b90e27c7f65038efd87c01a459c3d3ca892d154227b517', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_has_admin_key', 'e8c694032a9bf416b58a2e1f44747d3f5d8e5f46e47104ee6e1e487322afb09d', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_is_called_by', '217b95942d6a734e4523e2a67bab78c684ef94790d3b0a474dff530d870284bd', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_is_clock_turn', 'd1857f8d862d8e3c0a4f0d2de7a2119c69ca9ad8378ad50453537fd31e0041fd', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_is_open_transaction', '4d23cd72a756be0ec2cb75bd9579b4cd68ddebc28d2694376d54c3290f7c1c7f', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_lock_holders', 'c0d27e6b8956f5614e77ae9fdb6efbd2105732630b4ed6913683259ce9c8c4b1', '2026-11-29 16:14:27.785901+00'),
	('db/functions/held_pricing_slots', 'eb22f5d9e6d80068a59db126c49efa899c95c71073ee30bca1a8422adc0e38e2', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_held_syncs', 'b885fd6f82d27cd5d53982e421f2fb6cc56671c00ca8fc7cb9019d80bc7b90b8', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_overridden_set', '2b970aa4f438e658a35d1894444bdbeb20bf7296a794f67162d3a4c90512e811', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_price_set', '6908b7c6d70ad2ba4361ce421ca2d1c3cad5e72850d171206c43b27ea88253d7', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_base_set', '39f5d89c6fdb6ac6effdcf63715b661cce8474bbd49fb9fb326c9b3dcf756951', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_prices_differ', 'a66db5e93b125d0145eb972afc8281142b45b887d32e5a4f5df7a9cdda3ea8e5', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_scheduler_status', '4db7255c5a26ef56591208336ac829c8098be0bfcfaa269cea9f2dcf74061e11', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_sets_differ', '72096867256034351472e5fac51cc16c7a92a40ad8d8e45a36b02f007c0614fd', '2026-11-29 16:14:27.785901+00'),
	('db/functions/compare_provider_prices', '001c66b70244608222eb09f256b84a2fc110411f4f9bc8755cc28cf8bd12810a', '2026-11-29 16:14:27.785901+00'),
	('db/functions/list_provider_models', '6a184ed4197a8d421ebb446dc6d8fde454e360be72c5e110a87c17026767f895', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_shared_moves', '3bd86cd8ca6b27f90e92ca5430f044551c0829e3ccc0f4de408fa06e8d599a1f', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_short_number', '90fb58e4b3335a2fd5496c07d42efbc2a51bdd2d3ad17ca0aae9b2b8a811bd27', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_sync_estimate', '36b13ed1c0bf92d3d8d7c6dc643c1614ee0622a06c66232fad1b56d17bfcbafb', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_table_holders', '8530bec069a9fc64116dcb01eba552334b9654a5318f911f2bf8b343a3e8cd56', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_token_moves', '88bff609d564ac826812f00883fd0887f99e4fc418f17726e0df3033939424f2', '2026-11-29 16:14:27.785901+00'),
	('db/functions/judge_price_changes', 'cac0df0a661a6fc249cf0fc1103d4e4675380bc3ba5c3f7875d68d0f18d9ac58', '2026-11-29 16:14:27.785901+00'),
	('db/functions/judge_price_override', 'df78bec4a3eecfc4d0fc4ee9407e9421780df61d14ed83663b611145c8202cfe', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_unrecorded_prices', '7bf2bb7ca9c70aaa50c9afd4a225694c9b869eccf31200620e3d9001f2177520', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_who', '45a3f740d2a729f402fa2386100d6864d556bddbd3118e58c5b898a6acb419f4', '2026-11-29 16:14:27.785901+00'),
	('db/functions/add_pricing_api_key', '931c82136624fdb98a125bc0bd113e78d29576f0a94f29a047c736016fffc979', '2026-11-29 16:14:27.785901+00'),
	('db/functions/audit_change_by_hand', 'c7fa5038d6ca2ae6662959a6bc7d5cd862cab815d82d7fabf95f3086c99b2d00', '2026-11-29 16:14:27.785901+00'),
	('db/functions/audit_deleted_jobs', '3de0400b8d735378ab14ed5049d5dfa7fec536176ee7ae9dd27d13974afe2bdb', '2026-11-29 16:14:27.785901+00'),
	('db/functions/note_pricing_maintenance', '5954e88469a08b04bf068161d75670edb14602cbe65ad48844d299d8653c1244', '2026-11-29 16:14:27.785901+00'),
	('db/functions/guard_model_pricing', '6c2307c1d71cd717bfab33f52f7346e12e9ca49a3f9a954cb005596857858baf', '2026-11-29 16:14:27.785901+00'),
	('db/functions/guard_price_override', '4d97cdf1db4a16ed2016ca815f8bdbc6dbad215e35a7d07e6f6b45f1cc99cd80', '2026-11-29 16:14:27.785901+00'),
	('db/functions/guard_pricing_records', '4d037e7f75c7cbc7242df20047c9133afdb43f6b7cefd53abf8ba0958786059e', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_identity', '63e80aa92e2c75a573c4300e9c3919210b4438b29cac2f5d9bb1a1196e64f66f', '2026-11-29 16:14:27.785901+00'),
	('db/functions/idempotency_identity', 'd5b96aa88e25e057477b1d5aa32204c445326d10d0546a016ba99b80d3fe9720', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_workers_alive', '67a6a69cf48c09c6e50024af254d4085938f73b0b452f21aa53e1a925a34d429', '2026-11-29 16:14:27.785901+00'),
	('db/functions/project_provider_sync', 'e6c4d0f39b2f2ea051b8c92684e3da505d69c12212b4826dc4f608ff29e852b7', '2026-11-29 16:14:27.785901+00'),
	('db/functions/prune_pricing_workers', 'b049d7fd1711c102a33881e863f2a5730c73958abb4216e8de388a97ff0d39e1', '2026-11-29 16:14:27.785901+00'),
	('db/functions/queue_id_is_taken', '522bfd56e3c206dbe3c0c56ccd8037229c1dd1d7bb4591bdc2c45f065df74fe2', '2026-11-29 16:14:27.785901+00'),
	('db/functions/queue_row_fault', '57ad7d0ae25fb111f9a8cbd25944df2d19df86e6dc06cd9e2c7346e8b6cf547a', '2026-11-29 16:14:27.785901+00'),
	('db/functions/guard_new_queue_row', '745e4684864470c4dda9f919967e0925708c2e9b6e527ce351f0819fd2accea9', '2026-11-29 16:14:27.785901+00'),
	('db/functions/guard_queue_row', 'e53133126565bd3de3b716970ae98f3fc38b8880f5ff479dba5c3e1ee989ebe3', '2026-11-29 16:14:27.785901+00'),
	('db/functions/record_price_in_force', '720ea51c25b81f4b140e3522323bd346e2b605074b84f83d154dea939ce85bae', '2026-11-29 16:14:27.785901+00'),
	('db/functions/refuse_odd_list', '0d96fcfd0a6d2674e5ac8427c88d8de18b51bc24e005b5a612f742daacf41b8c', '2026-11-29 16:14:27.785901+00'),
	('db/functions/reject_held_price_change', '5e0a50f0eea6c8a32768c5254ad178a16fc1b521f1cdd3d0293b3f553651e8bc', '2026-11-29 16:14:27.785901+00'),
	('db/functions/release_pricing_lock', '8dc86b9d1696f8dc2d92e36e8f8b0ad3e3a3d35391dd10a91bb84ff25f6ddd07', '2026-11-29 16:14:27.785901+00'),
	('db/functions/release_stalled_syncs', 'be651bfdd00f9e999638089dfd40136765fa6154d902a99db120bb647f12513d', '2026-11-29 16:14:27.785901+00'),
	('db/functions/reopen_pricing_job', 'f7229d86024455864fbdfcb7f0e90ab42044501084f290ecda1c19cfd77ff54b', '2026-11-29 16:14:27.785901+00'),
	('db/functions/repeat_provider_list', '28a1f362bd1e825b6d83e6b6d98026fda9b9469f86f53f8b431ee73ddc6b850b', '2026-11-29 16:14:27.785901+00'),
	('db/functions/report_pricing_credentials', '9946b1a3587277a7e53cb80859b0a0f2da867655605becaf3d035c3e4694cc9a', '2026-11-29 16:14:27.785901+00'),
	('db/functions/requeue_given_up_sync', '73b96a8991a7f753b8f89cb1f98ae805618e020d3ce55bf529f975f9f221ebd8', '2026-11-29 16:14:27.785901+00');
INSERT INTO public.pricing_schema_ledger (name, digest, applied_at) VALUES
	('db/functions/requeue_given_up_syncs', '3ead03a9e3c524bce2f89ee1fa7b1a3d51ea3273ff54bc264f0d20cc9126dc51', '2026-11-29 16:14:27.785901+00'),
	('db/functions/requeue_provider_sync', '0725f455d8e610f53d825f9849aa69a32e26d379ac48ce9dde7cf8ab33022ec7', '2026-11-29 16:14:27.785901+00'),
	('db/functions/require_fresh_reads', '255420739436e1ff2af0acee53e0fe54f9c967fdb58c4d534513dc4c6de4d3c0', '2026-11-29 16:14:27.785901+00'),
	('db/functions/resolve_sync_providers', 'b63bbb096549aa4dc8287a2a7b0bcc789b799cbc748699648db36e6072e9fa87', '2026-11-29 16:14:27.785901+00'),
	('db/functions/retry_pricing_sync', 'e696d0d534fe3ed4e6681c72f1f1cfa7e5bde5ae766be520028d7633a7f2e97a', '2026-11-29 16:14:27.785901+00'),
	('db/functions/settle_pricing_job', '098841f239fd3213c78e886d5a19605b18b52003db6d43d32d96b2eea0f15a32', '2026-11-29 16:14:27.785901+00'),
	('db/functions/show_price_changes', 'c359503d9230b1eaec448ef53da170e65697832b86b4cd11860f2d7b56996745', '2026-11-29 16:14:27.785901+00'),
	('db/functions/sign_audit_row', '4c152c3212ab0ff68c4623a7ce01856385b18a0b7c6b36ea7ca8d49a815e48a4', '2026-11-29 16:14:27.785901+00'),
	('db/functions/statement_has_timed_out', '217394a9d724b228a3945a72f56b9d1fc2d008186d15a2c6e3b4796537d8ce23', '2026-11-29 16:14:27.785901+00'),
	('db/functions/stop_pricing_job', '646160aa4d3c5d5466d792326aa3c4f33bf67f070aa16a10e6d561129bd7d4fa', '2026-11-29 16:14:27.785901+00'),
	('db/functions/stop_provider_sync', '59691c9968b29cbf56caba96ff8b39acf97ab6b528799cc59b0f777eb68497dd', '2026-11-29 16:14:27.785901+00'),
	('db/functions/store_pricing_catalogue', 'f5ca0fd6913fea96d356409d606632635b510bee46966ac8a4041190e8912ee5', '2026-11-29 16:14:27.785901+00'),
	('db/functions/stuck_pricing_syncs', '0f382c9072eeeb2bd3a1209393bfc15bd598b5c3297d210757676b164a0cfd17', '2026-11-29 16:14:27.785901+00'),
	('db/functions/touch_pricing_api_key', 'f8913e5a4ff2f9c4dde12e7ea46c17148fe0964c92c88509e88eb0207a910040', '2026-11-29 16:14:27.785901+00'),
	('db/functions/trigger_pricing_sync', 'f7d15a27f03b3f46665eca2dcca81af05be0d2cfc08f67a754b9786ea314aa59', '2026-11-29 16:14:27.785901+00'),
	('db/functions/try_pricing_lock', '3cf79c4d5268b23d66d3550875eea0525570d66dba79f789ad21192ab77abeb4', '2026-11-29 16:14:27.785901+00'),
	('db/functions/held_sync_locks', 'd22f7dd841d6a958d7a78e779facc8ef31ae40c9bed473db92b03ffa942c11e2', '2026-11-29 16:14:27.785901+00'),
	('db/functions/fetch_queue_row', 'dee4b2f9cf9b37faf0b3fd46dddbc8417d43ae42f24c7537f43a46e49762c369', '2026-11-29 16:14:27.785901+00'),
	('db/functions/give_up_sync', '3e1852dba1ccdc4db1884ea05b9cc0bad69bed58f6c0a0547c2e243e9d62dd79', '2026-11-29 16:14:27.785901+00'),
	('db/functions/tick_pricing_schedule', '53a6a726e6f7275b9c6a4b3dd1b9eca4331aea9d2ff8871118e77c9835453ca7', '2026-11-29 16:14:27.785901+00'),
	('db/functions/wait_for_locks_until', '022d7a90a02c5d5eb4acd940a9bca5a1226505c2acf6ba1e3cc2c67a833d0352', '2026-11-29 16:14:27.785901+00'),
	('db/functions/hold_pricing_lock', '3ef3a6f97ab4e36aad42f225918b58eedc2fdab9675244b843e19557de377960', '2026-11-29 16:14:27.785901+00'),
	('db/functions/hold_sync_end', '69f3dcdac46399669dfa3e42aaaec65c9b8cd949d3f957d9b9beeb20c70fec7e', '2026-11-29 16:14:27.785901+00'),
	('db/functions/end_provider_sync', 'a2e225f43105bb5151088ce5a5fe17aa6a55bce71b4d4ed4333940bd00e7fc30', '2026-11-29 16:14:27.785901+00'),
	('db/functions/lock_key_name', '86e8247d06530824436615157727eb4b82239b26dabebd7616ad1606c6149c58', '2026-11-29 16:14:27.785901+00'),
	('db/functions/create_pricing_api_key', 'dc2857de9ffe8cfa628c83801f201e71517a8a2888fdb96fc95143387f2c78fa', '2026-11-29 16:14:27.785901+00'),
	('db/functions/lock_provider_prices', 'f7496ae3a93957b8974db9665d4853608198d4f46a9a1c050c9db214c9d3a525', '2026-11-29 16:14:27.785901+00'),
	('db/functions/lock_listed_prices', '78db2dad715da91efb1f1a168a06b95c5237e31139594f6cd5fdb60d1e986d01', '2026-11-29 16:14:27.785901+00'),
	('db/functions/lock_provider_triggers', '313a9c68e7460f237d600f345c6793cb4bb7da56cf9a358c2c7b28d8598f342f', '2026-11-29 16:14:27.785901+00'),
	('db/functions/revoke_pricing_api_key', '8ce187dce4c6807c133ca9bc3c9cb5c9eac42ef3cdbedb01b6d3031033511960', '2026-11-29 16:14:27.785901+00'),
	('db/functions/rotate_pricing_api_key', 'a0243e6760bf08ec42656ddcbc57b75315711f0de3db5b705c86a74ff8882b8e', '2026-11-29 16:14:27.785901+00'),
	('db/functions/wake_pricing_workers', '112e4c0b24d1b530a1ce48cf695962d191a8f336560e85cae07c46c05bd2a533', '2026-11-29 16:14:27.785901+00'),
	('db/functions/write_model_prices', 'c32217880f3cd232e4ace2e490d47c76390ea9c074655232aa2c50d041fe6d57', '2026-11-29 16:14:27.785901+00'),
	('db/functions/clear_price_override', '9d1479341d92e71c09f1db743843c4627890554f17036a445d397319f9661588', '2026-11-29 16:14:27.785901+00'),
	('db/functions/decide_held_price_changes', 'c84688bad4ba71b0cc94a8a2d5d2719c308a4211db7086359b3da9ddbc1e8ad4', '2026-11-29 16:14:27.785901+00'),
	('db/functions/decide_held_changes_of_job', '79eb24eb751a4475d4db7b88f64c880c2ee8dc461803922c8dacfc57b9798944', '2026-11-29 16:14:27.785901+00'),
	('db/functions/approve_held_price_changes', 'dfeee2eb93e80a05ed6e6429c5570b766f00ba9878e2415cfbef623700bb733d', '2026-11-29 16:14:27.785901+00'),
	('db/functions/end_expired_overrides', 'f278da181b43006d3ba6030d9eb84357bde32046e9f227b70c9b3a4aabbc1489', '2026-11-29 16:14:27.785901+00'),
	('db/functions/reject_held_price_changes', '780f850d9e828c12bd859b06817946e75493a2ac7700e3b381e134619b1b20c4', '2026-11-29 16:14:27.785901+00'),
	('db/functions/rollback_pricing_sync', '1f96418a27e68a6ac0b613565e40991ceb80f7df3ff176ffe8e80c22bcb7b0f4', '2026-11-29 16:14:27.785901+00'),
	('db/functions/set_price_override', '1700031b3b5b8a394d2dd1debf9e82a4b705697d1c67d385bf9c758f368cac1c', '2026-11-29 16:14:27.785901+00'),
	('db/views/model_price_conditions', '867edf9542244c53486770f8aa791ea6599f6d7ef28eb3901b30183b1fc9c7c4', '2026-11-29 16:14:27.785901+00'),
	('db/views/model_prices', '11037c8f13d501d71f947745eab73f4f04502a9d08f74a2d4630f3da21250a34', '2026-11-29 16:14:27.785901+00'),
	('db/views/pricing_active_overrides', '4a94074469eb310bb06ec9d9087b89398fedf919d27876f4fd85e65a5608b644', '2026-11-29 16:14:27.785901+00'),
	('db/views/pricing_active_rules', 'de54a2421ea729c33cbeb6fb20a725a1f3d375c5c4aa05f6e542676d2e549e1c', '2026-11-29 16:14:27.785901+00'),
	('db/views/pricing_cron_jobs', '45e5e5644be45d072fa556bd44597a4698031135f71b1f03bb1e57bfdce3caad', '2026-11-29 16:14:27.785901+00'),
	('db/views/pricing_drift', '29c586af05e4bec695ccacc3baeef8a8e4dff9bcfa3f0257000198cff4960215', '2026-11-29 16:14:27.785901+00'),
	('db/views/pricing_held_all', 'c0038d1c389a084193abfafe84a74acf70c3a16f6156f17ef1b5aed810e8e1ff', '2026-11-29 16:14:27.785901+00'),
	('db/functions/decide_price_changes', '58cb8aa2caecd5871c2990f5f4201556698f7f2b578178733dabe7e749522663', '2026-11-29 16:14:27.785901+00'),
	('db/functions/hold_price_changes', '9dbdfd563e807b9fa8a03771eebb15117ad3adaaae0eff144faae9e99b7b322f', '2026-11-29 16:14:27.785901+00');
INSERT INTO public.pricing_schema_ledger (name, digest, applied_at) VALUES
	('db/functions/apply_provider_prices', '94eb787a79c4334f1b6bc048ba436f8cf37402ae88370dcc357254c5ee711eb8', '2026-11-29 16:14:27.785901+00'),
	('db/views/pricing_held', '668aeb4a11b5080720e5a9f7d8c87dd224cdf9af03926fcc1021c402e0863fae', '2026-11-29 16:14:27.785901+00'),
	('db/views/pricing_history', 'fcb6df05327a7984ef6cc0487ec803e5aa655f3310c17a58798dbc7a5d51ab88', '2026-11-29 16:14:27.785901+00'),
	('db/views/pricing_keys', 'cc05056c0d85cec1f6708178d9ac04ba404d8dbf5acdc4db9a8685f720479d02', '2026-11-29 16:14:27.785901+00'),
	('db/views/pricing_missing_credentials', '543ae6f7483d41ff00bad8fbdf88d584395ff81b1f25ffe5877987f2f81407d8', '2026-11-29 16:14:27.785901+00'),
	('db/views/pricing_provider_syncs', 'a69cb39e56ad8f3fbc622c175cc24ee18367a5da2846b6c80e002660cf5f6cfd', '2026-11-29 16:14:27.785901+00'),
	('db/views/pricing_rights', '111c7c04b374593b465a75509affcaccce53eaa36d46ac4d73519d16b1d9a403', '2026-11-29 16:14:27.785901+00'),
	('db/functions/pricing_access_differences', '4320d3a631e84194dd30c950f9c490ba19914a819717297cfcc7b7ea285a0448', '2026-11-29 16:14:27.785901+00'),
	('db/views/pricing_sync_lock', '7de827456a155f2d492a0d8ef295b3bfe96ed8c96925d5577b90bb0e8e08442c', '2026-11-29 16:14:27.785901+00'),
	('db/views/pricing_sync_progress', 'db90a0a7c0f3007973ba04d57fe612043a6229307ff7655104029cb24905736b', '2026-11-29 16:14:27.785901+00'),
	('db/views/pricing_syncable_providers', '4a640729353490b1e4fd144cc7b78b16fc21eab8b2a56b0d103b3696602a6111', '2026-11-29 16:14:27.785901+00'),
	('db/views/pricing_unpriced', 'b15b48cec88b4a7b4da801663d73a2612be5ec6a7c1950c8305fd188c25b581c', '2026-11-29 16:14:27.785901+00'),
	('db/views/pricing_worker_heartbeats', 'f2bcda4283afb15ce714bd6be8f96939cd00988cd238197d786272875d2723e2', '2026-11-29 16:14:27.785901+00'),
	('db/views/pricing_sync_expiry', 'e83b45ad24c238fa9fcc3a498e6e396cd40fbde42d7eae2b913ed3997d49490a', '2026-11-29 16:14:27.785901+00'),
	('db/views/pricing_worker_settings', '62ec88824a1ac1517aa35ceeadacdfd3d3b5d91ae9d481bad882b2863e3ee554', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_audit_deleted_jobs', 'ee6afe39fa2e30fcccda437a584337bec78b245dafb098b980acde266eea84a8', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_audit_keys_by_hand', '7f8f2cd832ae00aad498ebe87bb3b4bed03c5a0a003aa1c3b56ba6059f355bf3', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_audit_keys_truncated', '760b31c999f3851d34555968b28e0e2ffeac09fb5219ed66f1c25d856250f18f', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_audit_overrides_by_hand', '153888bb3e7aaf854fdc4402f507f5135f1fa27847287a5290dcf3bab7492cab', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_audit_overrides_truncated', 'c545a71f2e18688c98d9cb9542590bd8ba1b41db946dddb6271cf01df1aabe09', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_audit_provider_change', 'dfadd987d5202231d79ea490e414e7fded30b4aa40ce2f2950195f2ea38086f8', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_audit_provider_change_by_others', 'dfadd987d5202231d79ea490e414e7fded30b4aa40ce2f2950195f2ea38086f8', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_audit_providers_truncated', '4919865b004c296a3e46e41c18b76f0b26058c25cb023aa4bb2be28f0ef81951', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_audit_rules_by_hand', '72df7d72553573aceffce969a580d71a35d83af41d5e71c5a9dcba666aa965b7', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_audit_rules_truncated', 'dd575075b1c94241eee997c75c0b1097eca026ca8e899d3132b521bc5e5bb566', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_audit_settings_change', '3a1c298decd1085d50ac4b2d1f2381de7aa601e22eaa3d86bb71e4417adce008', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_audit_truncated_jobs', '3a84204bdadfb0dfc1f84c8408deb3ca3d457967fbc0c0f5d2269525c3060a40', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_count_said_again', 'd91ef80ebd8c423044436c8422b53c3afe596706cd7b4f8adf9f534e8ba72e7c', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_follow_provider_disabled', '4d86b536bcea91ac78406e299d810f52be5d2d3a78c5b9afa1e65fddfc66cfc4', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_follow_provider_removed', 'fc1ba9586b298975c9e8aae1b140690d17ea663cbdc0c9ddb92fc8b49852896c', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_follow_provider_switch', '725dfb4e646bbaa6772e796e7bcf63523a5edbd9c78a2b8322a8d34b5f679c6b', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_guard_settings_intervals', '6d35874fc1d403e41dd8b35acdec044023d062fe885d934104758dea5e5829eb', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_guard_provider_intervals', '6d35874fc1d403e41dd8b35acdec044023d062fe885d934104758dea5e5829eb', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_guard_model_update', '0599e3dea2043e0b054c2450ade2c3b253639192fdcf045ef49f57c5bf7e9301', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_guard_model_updates', '0599e3dea2043e0b054c2450ade2c3b253639192fdcf045ef49f57c5bf7e9301', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_guard_model_removal', '0599e3dea2043e0b054c2450ade2c3b253639192fdcf045ef49f57c5bf7e9301', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_guard_new_queue_row', '1fa4a0f193ebe1fcde92142a9d0037ab94579b94880ec5ac7623bf55a6c37304', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_guard_override', '783978b2cd29ca4e56af48ebf991d306c6caebd3a4ed8e3278b0afaee6639726', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_guard_new_override', '783978b2cd29ca4e56af48ebf991d306c6caebd3a4ed8e3278b0afaee6639726', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_guard_job', '92267cbab50d018bc73a83d548a77ca349bda975c484129b62ddd737ac369ca8', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_guard_lock', 'ceffab14b13013c98c54d6fbb1671038f5dbb537036ed9fc2016e93d21f10057', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_guard_history', '7c02bc2684a98f469bcddaeb6d5481327a1d991d05c24d99079fcf86d19e6879', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_guard_audit_log', '7c02bc2684a98f469bcddaeb6d5481327a1d991d05c24d99079fcf86d19e6879', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_guard_history_truncate', '7c02bc2684a98f469bcddaeb6d5481327a1d991d05c24d99079fcf86d19e6879', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_guard_audit_log_truncate', '7c02bc2684a98f469bcddaeb6d5481327a1d991d05c24d99079fcf86d19e6879', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_guard_settings', '17186b895ff8f1caf0b398e962e8a9fed21b5641365c07277b5ee373540a059a', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_guard_queue_row', 'db621b440bb317d2da0da51ba44a3cfae2f2112327dc3000d384ffc92fa39747', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/keep_pricing_lock', '20580dc02684d9cc7d0c9e296178e07eaa4b7a71f7b28d87e6c5aa80e0e9637b', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_notify_sync_job', 'dff7c848c58abc38bb13743672a04bca7f8a5d9e07cd5035dcdd579c9896d3fe', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_prepare_provider_sync', '16f87a46c1ef860a299937558cac3c0e5c5a38123676d64e6d5031a74b498b29', '2026-11-29 16:14:27.785901+00');
INSERT INTO public.pricing_schema_ledger (name, digest, applied_at) VALUES
	('db/triggers/pricing_project_provider_sync', 'f890a5da9ec0e012dc51ae591e0305e8884f0f3e492e4f21f2d07d24811eda3c', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_project_provider_sync_delete', 'f890a5da9ec0e012dc51ae591e0305e8884f0f3e492e4f21f2d07d24811eda3c', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_release_lock', '298b8ba5fe746040e71e16992d66a4ff065dda52f6c9f630fd04854ab0d8fdc9', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_sign_audit_row', '6f7ded5bf317b25e9cccfb7f0e9f26a196a2689248dede11001d048dd293d1d5', '2026-11-29 16:14:27.785901+00'),
	('db/triggers/pricing_stop_job', '65bc280a47f1881af7d081602830b139b2f3f91dd732ecb4c908364bedb02279', '2026-11-29 16:14:27.785901+00'),
	('db', '62b83353e05e1d05ce9a3b9db34a4e293236d1e1bc3a0cbf4ac5f57b630f3eac', '2026-11-29 16:14:27.785901+00');

INSERT INTO public.pricing_settings (id, heartbeat_interval, lease, max_attempts, queued_timeout, retention, updated_at, scheduler_enabled, audit_retention, postgrest_login) VALUES
	(true, '00:00:05', '00:00:20', 3, '24:00:00', '30 days', '2026-11-29 16:14:27.704047+00', false, '1 year', 'authenticator');

INSERT INTO public.pricing_sync_jobs (job_id, status, outcome, triggered_by, triggered_at, started_at, completed_at, dry_run, request, providers, providers_total, providers_synced, providers_failed, models_fetched, models_updated, models_skipped, total_errors, error_message, result_data, idempotency_key, stopped_at, revision, session_login, acting_role) VALUES
	('3c5e8ec0-1767-4385-8550-3e5cf9b9a52d', 'completed', 'success', 'test', '2026-11-29 16:14:29.627041+00', '2026-11-29 16:14:29.630945+00', '2026-11-29 16:14:29.65335+00', true, '{"dry_run": true, "providers": ["openrouter"], "on_conflict": "queue"}', '{openrouter}', 1, 1, 0, 5, 0, 1, 0, NULL, '{"providers": {"openrouter": {"status": "success", "attempt": 1, "differences": [{"class": "unit", "reason": "unit: input_per_1m is 100 times the catalogue''s 0.2; input_per_1m moves by 100 times (0.2 -> 20)", "model_id": "ai21/jamba-1-5-mini", "provider": "openrouter", "previous_input_price": "0.0000002", "previous_output_price": "0.0000004", "price_per_input_token": "0.00002", "price_per_output_token": "0.0000004"}], "duration_ms": 21.531, "models_held": 1, "models_fetched": 5, "models_skipped": 1, "models_updated": 0, "models_unchanged": 3, "differences_total": 1}}}', NULL, NULL, 2, 'postgres', NULL),
	('36ddec57-e5da-46f8-9dfd-bd76a581f784', 'completed', 'success', 'test', '2026-11-29 16:14:29.444957+00', '2026-11-29 16:14:29.457956+00', '2026-11-29 16:14:29.560999+00', false, '{"dry_run": false, "providers": ["openrouter", "deepinfra"], "on_conflict": "queue"}', '{openrouter,deepinfra}', 2, 2, 0, 12, 10, 1, 0, NULL, '{"providers": {"deepinfra": {"status": "success", "attempt": 1, "duration_ms": 86.445, "models_held": 0, "models_fetched": 6, "models_skipped": 0, "models_updated": 6, "models_unchanged": 0}, "openrouter": {"status": "success", "attempt": 1, "duration_ms": 102.220, "models_held": 0, "models_fetched": 6, "models_skipped": 1, "models_updated": 4, "models_unchanged": 1}}}', NULL, NULL, 4, 'postgres', NULL),
	('9503db7a-9743-4bd0-bae4-86a8dc1ac352', 'completed', 'success', 'test', '2026-11-29 16:14:29.674721+00', '2026-11-29 16:14:29.678704+00', '2026-11-29 16:14:29.701162+00', false, '{"dry_run": false, "providers": ["openrouter"], "on_conflict": "queue"}', '{openrouter}', 1, 1, 0, 5, 0, 1, 0, NULL, '{"providers": {"openrouter": {"status": "success", "attempt": 1, "duration_ms": 21.704, "models_held": 1, "models_fetched": 5, "models_skipped": 1, "models_updated": 0, "models_unchanged": 3}}}', NULL, NULL, 2, 'postgres', NULL),
	('0b51d107-04b1-491c-bafc-e4ceed9aa021', 'completed', 'success', 'test', '2026-11-29 16:14:29.581372+00', '2026-11-29 16:14:29.58658+00', '2026-11-29 16:14:29.622464+00', false, '{"dry_run": false, "providers": ["openrouter", "deepinfra"], "on_conflict": "queue"}', '{openrouter,deepinfra}', 2, 2, 0, 11, 1, 1, 0, NULL, '{"providers": {"deepinfra": {"status": "success", "attempt": 1, "duration_ms": 21.300, "models_held": 0, "models_fetched": 6, "models_skipped": 0, "models_updated": 0, "models_unchanged": 6}, "openrouter": {"status": "success", "attempt": 1, "duration_ms": 35.103, "models_held": 0, "models_fetched": 5, "models_skipped": 1, "models_updated": 1, "models_unchanged": 3}}}', 'sample', NULL, 4, 'postgres', NULL),
	('8d1f5bda-5db4-483e-b64c-8848d845e9c2', 'completed', 'partial', 'test', '2026-11-29 16:14:29.74778+00', '2026-11-29 16:14:29.751852+00', '2026-11-29 16:14:31.743893+00', false, '{"dry_run": false, "providers": ["openrouter", "deepinfra"], "on_conflict": "queue"}', '{openrouter,deepinfra}', 2, 1, 1, 5, 0, 1, 1, 'deepinfra: 127.0.0.1 answered with status 503.', '{"providers": {"deepinfra": {"status": "failed", "attempt": 1, "error_kind": "http_status", "duration_ms": 1987.880, "models_held": 0, "error_message": "127.0.0.1 answered with status 503.", "models_fetched": 0, "models_skipped": 0, "models_updated": 0, "models_unchanged": 0}, "openrouter": {"status": "success", "attempt": 1, "duration_ms": 24.052, "models_held": 1, "models_fetched": 5, "models_skipped": 1, "models_updated": 0, "models_unchanged": 3}}}', NULL, NULL, 4, 'postgres', NULL),
	('0a0144c0-e038-4e24-938c-7f22bde8c895', 'failed', 'failed', 'test', '2026-11-29 16:14:31.756689+00', '2026-11-29 16:14:31.760175+00', '2026-11-29 16:14:33.964827+00', false, '{"dry_run": false, "providers": ["deepinfra"], "on_conflict": "queue"}', '{deepinfra}', 1, 0, 1, 0, 0, 0, 1, 'deepinfra: 127.0.0.1 answered with status 503.', '{"providers": {"deepinfra": {"status": "failed", "attempt": 1, "error_kind": "http_status", "duration_ms": 2203.825, "models_held": 0, "error_message": "127.0.0.1 answered with status 503.", "models_fetched": 0, "models_skipped": 0, "models_updated": 0, "models_unchanged": 0}}}', NULL, NULL, 2, 'postgres', NULL),
	('27b0a38d-8b42-4b55-ace4-9cb7921729da', 'running', NULL, 'test', '2026-11-29 16:14:33.971532+00', '2026-11-29 16:14:33.975287+00', NULL, false, '{"dry_run": false, "providers": ["openrouter"], "on_conflict": "queue"}', '{openrouter}', 1, 0, 0, 0, 0, 0, 0, NULL, '{"providers": {"openrouter": {"status": "in_progress", "attempt": 1, "models_held": 0, "models_fetched": 0, "models_skipped": 0, "models_updated": 0, "models_unchanged": 0}}}', NULL, NULL, 1, 'postgres', NULL),
	('0d122f0e-707d-43ec-972a-fc34d543afce', 'queued', NULL, 'test', '2026-11-29 16:14:34.015576+00', NULL, NULL, false, '{"dry_run": false, "providers": ["deepinfra"], "on_conflict": "queue"}', '{deepinfra}', 1, 0, 0, 0, 0, 0, 0, NULL, '{}', NULL, NULL, 0, 'postgres', NULL);

INSERT INTO public.pricing_sync_log (id, job_id, provider_slug, queue_job_id, attempt, status, triggered_by, queued_at, sync_started_at, sync_completed_at, models_fetched, models_updated, models_unchanged, models_skipped, models_held, errors, error_kind, error_message, worker_id, applied_at, details) OVERRIDING SYSTEM VALUE VALUES
	(2, '36ddec57-e5da-46f8-9dfd-bd76a581f784', 'deepinfra', 2, 1, 'success', 'test', '2026-11-29 16:14:29.452642+00', '2026-11-29 16:14:29.46526+00', '2026-11-29 16:14:29.551705+00', 6, 6, 0, 0, 0, 0, NULL, NULL, 1, '2026-11-29 16:14:29.529872+00', '{}'),
	(1, '36ddec57-e5da-46f8-9dfd-bd76a581f784', 'openrouter', 1, 1, 'success', 'test', '2026-11-29 16:14:29.451632+00', '2026-11-29 16:14:29.457956+00', '2026-11-29 16:14:29.560176+00', 6, 4, 1, 1, 0, 0, NULL, NULL, 1, '2026-11-29 16:14:29.530369+00', '{"skipped": [{"reason": "prompt: \"a penny\" is not a price", "model_id": "ai21/jamba-1-5-large"}], "unknown_keys": ["batch_discount"]}'),
	(4, '0b51d107-04b1-491c-bafc-e4ceed9aa021', 'deepinfra', 4, 1, 'success', 'test', '2026-11-29 16:14:29.583973+00', '2026-11-29 16:14:29.591463+00', '2026-11-29 16:14:29.612763+00', 6, 0, 6, 0, 0, 0, NULL, NULL, 1, '2026-11-29 16:14:29.604263+00', '{}'),
	(3, '0b51d107-04b1-491c-bafc-e4ceed9aa021', 'openrouter', 3, 1, 'success', 'test', '2026-11-29 16:14:29.583625+00', '2026-11-29 16:14:29.58658+00', '2026-11-29 16:14:29.621683+00', 5, 1, 3, 1, 0, 0, NULL, NULL, 1, '2026-11-29 16:14:29.608343+00', '{"skipped": [{"reason": "prompt: \"a penny\" is not a price", "model_id": "ai21/jamba-1-5-large"}]}'),
	(5, '3c5e8ec0-1767-4385-8550-3e5cf9b9a52d', 'openrouter', 5, 1, 'success', 'test', '2026-11-29 16:14:29.628231+00', '2026-11-29 16:14:29.630945+00', '2026-11-29 16:14:29.652476+00', 5, 0, 3, 1, 1, 0, NULL, NULL, 1, '2026-11-29 16:14:29.64081+00', '{"skipped": [{"reason": "prompt: \"a penny\" is not a price", "model_id": "ai21/jamba-1-5-large"}], "differences": [{"class": "unit", "reason": "unit: input_per_1m is 100 times the catalogue''s 0.2; input_per_1m moves by 100 times (0.2 -> 20)", "model_id": "ai21/jamba-1-5-mini", "provider": "openrouter", "previous_input_price": "0.0000002", "previous_output_price": "0.0000004", "price_per_input_token": "0.00002", "price_per_output_token": "0.0000004"}], "differences_total": 1}'),
	(6, '9503db7a-9743-4bd0-bae4-86a8dc1ac352', 'openrouter', 6, 1, 'success', 'test', '2026-11-29 16:14:29.675963+00', '2026-11-29 16:14:29.678704+00', '2026-11-29 16:14:29.700408+00', 5, 0, 3, 1, 1, 0, NULL, NULL, 1, '2026-11-29 16:14:29.687552+00', '{"skipped": [{"reason": "prompt: \"a penny\" is not a price", "model_id": "ai21/jamba-1-5-large"}]}'),
	(7, '8d1f5bda-5db4-483e-b64c-8848d845e9c2', 'openrouter', 7, 1, 'success', 'test', '2026-11-29 16:14:29.748878+00', '2026-11-29 16:14:29.751852+00', '2026-11-29 16:14:29.775904+00', 5, 0, 3, 1, 1, 0, NULL, NULL, 1, '2026-11-29 16:14:29.765194+00', '{"skipped": [{"reason": "prompt: \"a penny\" is not a price", "model_id": "ai21/jamba-1-5-large"}]}'),
	(8, '8d1f5bda-5db4-483e-b64c-8848d845e9c2', 'deepinfra', 8, 1, 'failed', 'test', '2026-11-29 16:14:29.74908+00', '2026-11-29 16:14:29.755435+00', '2026-11-29 16:14:31.743315+00', 0, 0, 0, 0, 0, 1, 'http_status', '127.0.0.1 answered with status 503.', 1, NULL, '{}'),
	(9, '0a0144c0-e038-4e24-938c-7f22bde8c895', 'deepinfra', 9, 1, 'failed', 'test', '2026-11-29 16:14:31.757948+00', '2026-11-29 16:14:31.760175+00', '2026-11-29 16:14:33.964+00', 0, 0, 0, 0, 0, 1, 'http_status', '127.0.0.1 answered with status 503.', 1, NULL, '{}'),
	(10, '27b0a38d-8b42-4b55-ace4-9cb7921729da', 'openrouter', 10, 1, 'in_progress', 'test', '2026-11-29 16:14:33.972932+00', '2026-11-29 16:14:33.975287+00', NULL, 0, 0, 0, 0, 0, 0, NULL, NULL, 1, NULL, '{}'),
	(11, '0d122f0e-707d-43ec-972a-fc34d543afce', 'deepinfra', 11, 1, 'queued', 'test', '2026-11-29 16:14:34.016887+00', NULL, NULL, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, '{}');

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

ALTER TABLE ONLY public.pricing_said_again
    ADD CONSTRAINT pricing_said_again_pkey PRIMARY KEY (provider_slug);

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

-- As in 0.4.0.sql from 552395 to 552630: CREATE INDEX pricing_open_by_lock ON procrastinate.procrastinate_jobs USING btree (lock, priority DESC, id) WHERE (status = ANY (ARRAY['todo'::procrastinate.pro
CREATE INDEX pricing_other_rows ON procrastinate.procrastinate_jobs USING btree (id) WHERE ((task_name)::text <> 'sync_provider'::text);

CREATE INDEX pricing_rows_by_worker ON procrastinate.procrastinate_jobs USING btree (worker_id) WHERE (worker_id IS NOT NULL);

CREATE INDEX model_pricing_history_changed_at ON public.model_pricing_history USING btree (changed_at DESC, id DESC);

CREATE INDEX model_pricing_history_job ON public.model_pricing_history USING btree (job_id) WHERE (job_id IS NOT NULL);

CREATE INDEX model_pricing_history_model ON public.model_pricing_history USING btree (model_id, changed_at DESC, id DESC);

CREATE UNIQUE INDEX pricing_api_keys_name ON public.pricing_api_keys USING btree (name) WHERE ((revoked_at IS NULL) AND (replaced_by IS NULL));

CREATE INDEX pricing_audit_log_at ON public.pricing_audit_log USING btree (at DESC, id DESC);

-- As in 0.4.0.sql from 553363 to 553547: CREATE INDEX pricing_audit_log_personal ON public.pricing_audit_log USING btree (at) WHERE ((client_address IS NOT NULL) OR (http_client_address IS NOT NULL) OR
CREATE INDEX pricing_change_rules_provider ON public.pricing_change_rules USING btree (provider_slug, expires_at DESC);

CREATE INDEX pricing_held_changes_job ON public.pricing_held_changes USING btree (job_id) WHERE (status = 'held'::text);

CREATE INDEX pricing_held_changes_model ON public.pricing_held_changes USING btree (model_id, id DESC);

CREATE UNIQUE INDEX pricing_held_changes_open ON public.pricing_held_changes USING btree (model_id) WHERE (status = 'held'::text);

CREATE INDEX pricing_held_changes_provider ON public.pricing_held_changes USING btree (provider_slug, id DESC) WHERE (status = 'held'::text);

CREATE INDEX pricing_held_changes_said ON public.pricing_held_changes USING btree (provider_slug) WHERE (still_said AND (status = ANY (ARRAY['held'::text, 'rejected'::text])));

CREATE INDEX pricing_idempotency_keys_job_id ON public.pricing_idempotency_keys USING btree (job_id);

CREATE INDEX pricing_idempotency_keys_used_at ON public.pricing_idempotency_keys USING btree (used_at);

CREATE INDEX pricing_overrides_expiry ON public.pricing_overrides USING btree (expires_at) WHERE (ended_at IS NULL);

CREATE UNIQUE INDEX pricing_overrides_open ON public.pricing_overrides USING btree (model_id) WHERE (ended_at IS NULL);

CREATE INDEX pricing_sync_jobs_completed_at ON public.pricing_sync_jobs USING btree (completed_at) WHERE (completed_at IS NOT NULL);

-- As in 0.4.0.sql from 554752 to 554913: CREATE INDEX pricing_sync_jobs_idempotency_key ON public.pricing_sync_jobs USING btree (idempotency_key, triggered_at DESC) WHERE (idempotency_key IS NOT NULL);
CREATE INDEX pricing_sync_jobs_open ON public.pricing_sync_jobs USING btree (triggered_at) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]));

CREATE INDEX pricing_sync_jobs_triggered_at ON public.pricing_sync_jobs USING btree (triggered_at DESC);

CREATE INDEX pricing_sync_log_job_id ON public.pricing_sync_log USING btree (job_id, provider_slug, id DESC);

CREATE INDEX pricing_sync_log_open ON public.pricing_sync_log USING btree (queue_job_id) WHERE (status = ANY (ARRAY['queued'::text, 'in_progress'::text]));

CREATE INDEX pricing_sync_log_provider ON public.pricing_sync_log USING btree (provider_slug, id DESC);

-- As in 0.4.0.sql from 555548 to 555809: CREATE TRIGGER pricing_guard_lock BEFORE INSERT OR UPDATE OF lock ON procrastinate.procrastinate_jobs FOR EACH ROW WHEN ((((new.task_name)::text <> 'sync_provid
CREATE TRIGGER pricing_guard_new_queue_row BEFORE INSERT ON procrastinate.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION public.guard_new_queue_row();

CREATE TRIGGER pricing_guard_queue_row BEFORE UPDATE ON procrastinate.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION public.guard_queue_row();

-- As in 0.4.0.sql from 556110 to 556322: CREATE TRIGGER pricing_prepare_provider_sync BEFORE INSERT ON procrastinate.procrastinate_jobs FOR EACH ROW WHEN (((new.task_name)::text = 'sync_provider'::text
-- As in 0.4.0.sql from 556323 to 556554: CREATE TRIGGER pricing_project_provider_sync AFTER INSERT OR UPDATE OF status ON procrastinate.procrastinate_jobs FOR EACH ROW WHEN (((new.task_name)::text = 's
-- As in 0.4.0.sql from 556555 to 556773: CREATE TRIGGER pricing_project_provider_sync_delete AFTER DELETE ON procrastinate.procrastinate_jobs FOR EACH ROW WHEN (((old.task_name)::text = 'sync_provider'
CREATE TRIGGER keep_pricing_lock BEFORE INSERT ON public.pricing_locks FOR EACH ROW EXECUTE FUNCTION public.keep_pricing_lock();

-- As in 0.4.0.sql from 556904 to 557085: CREATE TRIGGER pricing_audit_deleted_jobs AFTER DELETE ON public.pricing_sync_jobs REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION public.a
-- As in 0.4.0.sql from 557086 to 557347: CREATE TRIGGER pricing_audit_keys_by_hand AFTER INSERT OR DELETE OR UPDATE ON public.pricing_api_keys FOR EACH ROW EXECUTE FUNCTION public.audit_change_by_hand(
CREATE TRIGGER pricing_audit_keys_truncated AFTER TRUNCATE ON public.pricing_api_keys FOR EACH STATEMENT EXECUTE FUNCTION public.audit_change_by_hand();

-- As in 0.4.0.sql from 557502 to 557740: CREATE TRIGGER pricing_audit_overrides_by_hand AFTER INSERT OR DELETE OR UPDATE ON public.pricing_overrides FOR EACH ROW EXECUTE FUNCTION public.audit_change_by
CREATE TRIGGER pricing_audit_overrides_truncated AFTER TRUNCATE ON public.pricing_overrides FOR EACH STATEMENT EXECUTE FUNCTION public.audit_change_by_hand();

-- As in 0.4.0.sql from 557901 to 558136: CREATE TRIGGER pricing_audit_provider_change AFTER INSERT OR DELETE OR UPDATE ON public.pricing_providers FOR EACH ROW WHEN ((NOT row_security_active('public.pr
-- As in 0.4.0.sql from 558137 to 558387: CREATE TRIGGER pricing_audit_provider_change_by_others AFTER INSERT OR DELETE OR UPDATE ON public.pricing_providers FOR EACH ROW WHEN (row_security_active('publ
CREATE TRIGGER pricing_audit_providers_truncated AFTER TRUNCATE ON public.pricing_providers FOR EACH STATEMENT EXECUTE FUNCTION public.audit_change_by_hand();

-- As in 0.4.0.sql from 558548 to 558763: CREATE TRIGGER pricing_audit_rules_by_hand AFTER INSERT OR DELETE OR UPDATE ON public.pricing_change_rules FOR EACH ROW EXECUTE FUNCTION public.audit_change_by_
CREATE TRIGGER pricing_audit_rules_truncated AFTER TRUNCATE ON public.pricing_change_rules FOR EACH STATEMENT EXECUTE FUNCTION public.audit_change_by_hand();

CREATE TRIGGER pricing_audit_settings_change AFTER UPDATE ON public.pricing_settings FOR EACH ROW EXECUTE FUNCTION public.audit_settings_change();

CREATE TRIGGER pricing_audit_truncated_jobs AFTER TRUNCATE ON public.pricing_sync_jobs FOR EACH STATEMENT EXECUTE FUNCTION public.audit_deleted_jobs();

CREATE TRIGGER pricing_count_said_again BEFORE UPDATE ON public.pricing_held_changes FOR EACH ROW WHEN (((old.said_again_from IS NOT NULL) AND (NOT (new.said_again_from IS DISTINCT FROM old.said_again_from)) AND ((new.status IS DISTINCT FROM old.status) OR (new.still_said IS DISTINCT FROM old.still_said)))) EXECUTE FUNCTION public.count_said_again();

-- As in 0.4.0.sql from 559224 to 559432: CREATE TRIGGER pricing_follow_provider_disabled AFTER UPDATE OF enabled ON public.pricing_providers FOR EACH ROW WHEN ((old.enabled AND (NOT new.enabled))) EXEC
-- As in 0.4.0.sql from 559433 to 559604: CREATE TRIGGER pricing_follow_provider_removed AFTER DELETE OR UPDATE OF slug ON public.pricing_providers FOR EACH ROW EXECUTE FUNCTION public.follow_provider_d
-- As in 0.4.0.sql from 559605 to 559784: CREATE TRIGGER pricing_follow_provider_switch BEFORE INSERT OR UPDATE OF enabled, state ON public.pricing_providers FOR EACH ROW EXECUTE FUNCTION public.follow_
-- As in 0.4.0.sql from 559785 to 560027: CREATE TRIGGER pricing_guard_audit_log BEFORE DELETE OR UPDATE ON public.pricing_audit_log FOR EACH STATEMENT WHEN ((current_setting('pricing.writer'::text, tru
CREATE TRIGGER pricing_guard_audit_log_truncate AFTER TRUNCATE ON public.pricing_audit_log FOR EACH STATEMENT EXECUTE FUNCTION public.guard_pricing_records();

-- As in 0.4.0.sql from 560188 to 560349: CREATE TRIGGER pricing_guard_history BEFORE DELETE OR UPDATE ON public.model_pricing_history FOR EACH STATEMENT EXECUTE FUNCTION public.guard_pricing_records();
-- As in 0.4.0.sql from 560350 to 560511: CREATE TRIGGER pricing_guard_history_truncate AFTER TRUNCATE ON public.model_pricing_history FOR EACH STATEMENT EXECUTE FUNCTION public.guard_pricing_records();
CREATE TRIGGER pricing_guard_job BEFORE UPDATE ON public.pricing_sync_jobs FOR EACH ROW EXECUTE FUNCTION public.guard_pricing_job();

-- As in 0.4.0.sql from 560646 to 560888: CREATE TRIGGER pricing_guard_model_removal BEFORE DELETE OR TRUNCATE ON public.model_pricing FOR EACH STATEMENT WHEN ((current_setting('pricing.writer'::text, t
-- As in 0.4.0.sql from 560889 to 561198: CREATE TRIGGER pricing_guard_model_update AFTER UPDATE ON public.model_pricing FOR EACH ROW WHEN (((current_setting('pricing.writer'::text, true) IS DISTINCT FR
-- As in 0.4.0.sql from 561199 to 561428: CREATE TRIGGER pricing_guard_model_updates AFTER UPDATE ON public.model_pricing FOR EACH STATEMENT WHEN ((current_setting('pricing.writer'::text, true) IS DISTI
-- As in 0.4.0.sql from 561429 to 561613: CREATE TRIGGER pricing_guard_new_override AFTER INSERT ON public.pricing_overrides REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION public.
-- As in 0.4.0.sql from 561614 to 561831: CREATE TRIGGER pricing_guard_override BEFORE DELETE OR UPDATE OF model_id, prices, forced, ended_at, ended_by OR TRUNCATE ON public.pricing_overrides FOR EACH S
-- As in 0.4.0.sql from 561832 to 562039: CREATE TRIGGER pricing_guard_provider_intervals BEFORE INSERT OR UPDATE OF sync_interval, timeout ON public.pricing_providers FOR EACH ROW EXECUTE FUNCTION publ
-- As in 0.4.0.sql from 562040 to 562200: CREATE TRIGGER pricing_guard_settings BEFORE DELETE OR TRUNCATE ON public.pricing_settings FOR EACH STATEMENT EXECUTE FUNCTION public.guard_pricing_settings();
-- As in 0.4.0.sql from 562201 to 562507: CREATE TRIGGER pricing_guard_settings_intervals BEFORE INSERT OR UPDATE OF heartbeat_interval, lease, queued_timeout, retention, audit_retention ON public.prici
CREATE TRIGGER pricing_notify_sync_job AFTER INSERT OR UPDATE ON public.pricing_sync_jobs FOR EACH ROW EXECUTE FUNCTION public.notify_pricing_sync_job();

CREATE TRIGGER pricing_release_lock INSTEAD OF DELETE ON public.pricing_sync_lock FOR EACH ROW EXECUTE FUNCTION public.release_pricing_lock();

CREATE TRIGGER pricing_sign_audit_row BEFORE INSERT ON public.pricing_audit_log FOR EACH ROW EXECUTE FUNCTION public.sign_audit_row();

-- As in 0.4.0.sql from 562943 to 563150: CREATE TRIGGER pricing_stop_job AFTER UPDATE OF status ON public.pricing_sync_jobs FOR EACH ROW WHEN (((old.stopped_at IS NULL) AND (new.stopped_at IS NOT NULL)
-- As in 0.4.0.sql from 563151 to 563312: ALTER TABLE ONLY public.model_pricing_history
-- As in 0.4.0.sql from 563313 to 563477: ALTER TABLE ONLY public.pricing_api_keys
-- As in 0.4.0.sql from 563478 to 563689: ALTER TABLE ONLY public.pricing_change_rules
ALTER TABLE ONLY public.pricing_held_changes
    ADD CONSTRAINT pricing_held_changes_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.model_pricing(id);

-- As in 0.4.0.sql from 563850 to 564069: ALTER TABLE ONLY public.pricing_idempotency_keys
ALTER TABLE ONLY public.pricing_overrides
    ADD CONSTRAINT pricing_overrides_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.model_pricing(id);

-- As in 0.4.0.sql from 564224 to 564397: ALTER TABLE ONLY public.pricing_sync_log
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

CREATE POLICY pricing_read ON public.pricing_said_again FOR SELECT TO pricing_web, service_role USING (true);

CREATE POLICY pricing_read ON public.pricing_scheduler_ticks FOR SELECT TO pricing_web, service_role USING (true);

CREATE POLICY pricing_read ON public.pricing_schema_ledger FOR SELECT TO pricing_worker, pricing_web, service_role USING (true);

CREATE POLICY pricing_read ON public.pricing_settings FOR SELECT TO pricing_worker, pricing_web, service_role USING (true);

CREATE POLICY pricing_read ON public.pricing_sync_jobs FOR SELECT TO pricing_web, service_role USING (true);

CREATE POLICY pricing_read ON public.pricing_sync_log FOR SELECT TO pricing_web, service_role USING (true);

ALTER TABLE public.pricing_said_again ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pricing_scheduler_ticks ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pricing_schema_ledger ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pricing_settings ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pricing_sync_jobs ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pricing_sync_log ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA procrastinate TO pricing_worker;

GRANT CREATE ON SCHEMA public TO pricing_owner;

-- As in 0.4.0.sql from 567119 to 567280: REVOKE ALL ON FUNCTION procrastinate.procrastinate_cancel_job_v1 FROM PUBLIC;
-- As in 0.4.0.sql from 567281 to 567442: REVOKE ALL ON FUNCTION procrastinate.procrastinate_defer_jobs_v1 FROM PUBLIC;
-- As in 0.4.0.sql from 567443 to 567620: REVOKE ALL ON FUNCTION procrastinate.procrastinate_defer_periodic_job_v2 FROM PUBLIC;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE procrastinate.procrastinate_jobs TO pricing_worker;

REVOKE ALL ON FUNCTION procrastinate.procrastinate_fetch_job_v2 FROM PUBLIC;
GRANT ALL ON FUNCTION procrastinate.procrastinate_fetch_job_v2 TO pricing_worker;

-- As in 0.4.0.sql from 567877 to 568038: REVOKE ALL ON FUNCTION procrastinate.procrastinate_finish_job_v1 FROM PUBLIC;
-- As in 0.4.0.sql from 568039 to 568224: REVOKE ALL ON FUNCTION procrastinate.procrastinate_notify_queue_abort_job_v1 FROM PUBLIC;
-- As in 0.4.0.sql from 568225 to 568416: REVOKE ALL ON FUNCTION procrastinate.procrastinate_notify_queue_job_inserted_v1 FROM PUBLIC;
-- As in 0.4.0.sql from 568417 to 568600: REVOKE ALL ON FUNCTION procrastinate.procrastinate_prune_stalled_workers_v1 FROM PUBLIC;
-- As in 0.4.0.sql from 568601 to 568772: REVOKE ALL ON FUNCTION procrastinate.procrastinate_register_worker_v1 FROM PUBLIC;
REVOKE ALL ON FUNCTION procrastinate.procrastinate_retry_job_v1 FROM PUBLIC;
GRANT ALL ON FUNCTION procrastinate.procrastinate_retry_job_v1 TO pricing_worker;

REVOKE ALL ON FUNCTION procrastinate.procrastinate_retry_job_v2 FROM PUBLIC;
GRANT ALL ON FUNCTION procrastinate.procrastinate_retry_job_v2 TO pricing_worker;

-- As in 0.4.0.sql from 569093 to 569314: REVOKE ALL ON FUNCTION procrastinate.procrastinate_trigger_abort_requested_events_procedure_v1 FROM PUBLIC;
-- As in 0.4.0.sql from 569315 to 569522: REVOKE ALL ON FUNCTION procrastinate.procrastinate_trigger_function_scheduled_events_v1 FROM PUBLIC;
-- As in 0.4.0.sql from 569523 to 569738: REVOKE ALL ON FUNCTION procrastinate.procrastinate_trigger_function_status_events_insert_v1 FROM PUBLIC;
-- As in 0.4.0.sql from 569739 to 569954: REVOKE ALL ON FUNCTION procrastinate.procrastinate_trigger_function_status_events_update_v1 FROM PUBLIC;
-- As in 0.4.0.sql from 569955 to 570140: REVOKE ALL ON FUNCTION procrastinate.procrastinate_unlink_periodic_defers_v1 FROM PUBLIC;
-- As in 0.4.0.sql from 570141 to 570316: REVOKE ALL ON FUNCTION procrastinate.procrastinate_unregister_worker_v1 FROM PUBLIC;
-- As in 0.4.0.sql from 570317 to 570490: REVOKE ALL ON FUNCTION procrastinate.procrastinate_update_heartbeat_v1 FROM PUBLIC;
GRANT SELECT ON TABLE public.pricing_change_rules TO pricing_web;
GRANT SELECT ON TABLE public.pricing_change_rules TO service_role;

-- As in 0.4.0.sql from 570625 to 571155: REVOKE ALL ON FUNCTION public.accept_price_changes(provider text, up_to_ratio numeric, until timestamp with time zone, reason text, model text, accepted_by text
GRANT SELECT ON TABLE public.pricing_sync_log TO pricing_web;
GRANT SELECT ON TABLE public.pricing_sync_log TO service_role;

-- As in 0.4.0.sql from 571282 to 571575: REVOKE ALL ON FUNCTION public.accept_shorter_list(provider text, accepted_by text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.add_pricing_api_key(p_name text, p_role text, p_created_by text, p_expires_at timestamp with time zone) FROM PUBLIC;

GRANT SELECT ON TABLE public.pricing_sync_jobs TO pricing_web;
GRANT SELECT ON TABLE public.pricing_sync_jobs TO service_role;

-- As in 0.4.0.sql from 571852 to 572013: REVOKE ALL ON FUNCTION public.add_pricing_sync_job(p_providers text[], p_triggered_by text, p_request jsonb, p_job_id uuid, p_idempotency_key text) FROM PUBLIC;
-- As in 0.4.0.sql from 572014 to 572581: REVOKE ALL ON FUNCTION public.apply_provider_prices(queue_job_id bigint, attempt integer, prices jsonb, observed_at timestamp with time zone, skipped jsonb, unk
GRANT SELECT ON TABLE public.pricing_held_changes TO pricing_web;
GRANT SELECT ON TABLE public.pricing_held_changes TO service_role;

-- As in 0.4.0.sql from 572716 to 573048: REVOKE ALL ON FUNCTION public.approve_held_price_change(id bigint, approved_by text, note text) FROM PUBLIC;
-- As in 0.4.0.sql from 573049 to 573390: REVOKE ALL ON FUNCTION public.approve_held_price_changes(job_id uuid, approved_by text, note text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.audit_change_by_hand() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.audit_deleted_jobs() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.audit_provider_change() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.audit_settings_change() FROM PUBLIC;

-- As in 0.4.0.sql from 573659 to 573826: REVOKE ALL ON FUNCTION public.beat_pricing_worker(worker_id bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.bound_price_list(p_prices jsonb, p_skipped jsonb, OUT prices jsonb, OUT skipped jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.cancel_disabled_syncs(p_provider text) FROM PUBLIC;

-- As in 0.4.0.sql from 574041 to 574331: REVOKE ALL ON FUNCTION public.cancel_pricing_sync(job_id uuid, cancelled_by text) FROM PUBLIC;
-- As in 0.4.0.sql from 574332 to 574607: REVOKE ALL ON FUNCTION public.capped_expiry(p_time timestamp with time zone) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.checked_expiry(p_name text, p_time timestamp with time zone, p_never text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.checked_interval(p_name text, p_interval interval) FROM PUBLIC;

-- As in 0.4.0.sql from 574822 to 575132: REVOKE ALL ON FUNCTION public.cleanup_expired_pricing_locks() FROM PUBLIC;
-- As in 0.4.0.sql from 575133 to 575390: REVOKE ALL ON FUNCTION public.cleanup_old_pricing_jobs(keep interval) FROM PUBLIC;
-- As in 0.4.0.sql from 575391 to 575785: REVOKE ALL ON FUNCTION public.cleanup_stuck_pricing_syncs(timeout_minutes integer) FROM PUBLIC;
GRANT SELECT ON TABLE public.pricing_overrides TO pricing_web;
GRANT SELECT ON TABLE public.pricing_overrides TO service_role;

-- As in 0.4.0.sql from 575914 to 576243: REVOKE ALL ON FUNCTION public.clear_price_override(provider text, model text, cleared_by text) FROM PUBLIC;
-- As in 0.4.0.sql from 576244 to 576417: REVOKE ALL ON FUNCTION public.compare_provider_prices(p_provider text, p_targets text[], p_prices jsonb, p_observed_at timestamp with time zone, p_source text) 
REVOKE ALL ON FUNCTION public.count_said_again() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.counts_of_sync(p_log public.pricing_sync_log) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.create_pricing_api_key(name text, role text, created_by text, expires_at timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.decide_held_changes_of_job(p_job_id uuid, p_status text, p_decided_by text, p_note text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.decide_held_price_changes(p_ids bigint[], p_status text, p_decided_by text, p_note text) FROM PUBLIC;

-- As in 0.4.0.sql from 576917 to 577105: REVOKE ALL ON FUNCTION public.decide_price_changes(p_provider text, p_changes jsonb, p_verdicts jsonb, p_now timestamp with time zone, p_observed_at timestamp w
REVOKE ALL ON FUNCTION public.defer_provider_syncs(p_job_id uuid, p_providers text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.end_expired_overrides() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.end_ignored_aborts() FROM PUBLIC;

-- As in 0.4.0.sql from 577339 to 577617: REVOKE ALL ON FUNCTION public.end_price_change_rule(id bigint, ended_by text) FROM PUBLIC;
-- As in 0.4.0.sql from 577618 to 577993: REVOKE ALL ON FUNCTION public.end_provider_sync(queue_job_id bigint, attempt integer, status text, error_kind text, message text, next_allowed_at timestamp with
-- As in 0.4.0.sql from 577994 to 578215: REVOKE ALL ON FUNCTION public.enqueue_due_pricing_syncs() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.erase_audit_details() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.fail_overtime_syncs(p_timeout interval) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.fail_unattended_syncs() FROM PUBLIC;

-- As in 0.4.0.sql from 578434 to 578659: REVOKE ALL ON FUNCTION public.fetch_queue_row(queue_names character varying[], worker_id bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.folded_key_name(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.follow_provider_disabled() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.follow_provider_switch() FROM PUBLIC;

-- As in 0.4.0.sql from 578873 to 579076: REVOKE ALL ON FUNCTION public.get_provider_sync(queue_job_id bigint, attempt integer) FROM PUBLIC;
-- As in 0.4.0.sql from 579077 to 579270: REVOKE ALL ON FUNCTION public.give_up_sync(queue_job_id bigint, attempt integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.guard_interval() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.guard_model_pricing() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.guard_new_queue_row() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.guard_price_override() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.guard_pricing_job() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.guard_pricing_lock() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.guard_pricing_records() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.guard_pricing_settings() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.guard_queue_row() FROM PUBLIC;

-- As in 0.4.0.sql from 579859 to 580056: REVOKE ALL ON FUNCTION public.held_pricing_locks() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.held_pricing_slots() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.held_sync_locks(p_provider text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.hold_log_row(p_queue_job_id bigint, p_attempt integer) FROM PUBLIC;

-- As in 0.4.0.sql from 580298 to 580579: REVOKE ALL ON FUNCTION public.hold_price_changes(p_provider text, p_changes jsonb, p_verdicts jsonb, p_unchanged_ids bigint[], p_now timestamp with time zone, p
REVOKE ALL ON FUNCTION public.hold_pricing_lock(p_name text, p_until timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.hold_stuck_sync(p_reason text, p_queue_job_id bigint, p_attempt integer, p_timeout interval) FROM PUBLIC;

-- As in 0.4.0.sql from 580826 to 580991: REVOKE ALL ON FUNCTION public.hold_sync_end(p_queue_job_id bigint, p_attempt integer, p_job_id uuid, p_provider text, p_until timestamp with time zone) FROM PUB
REVOKE ALL ON FUNCTION public.idempotency_identity(p_says text, OUT identity text, OUT since timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.judge_price_changes(p_provider text, p_changes jsonb, p_lists jsonb, p_reference jsonb) FROM PUBLIC;

GRANT SELECT ON TABLE public.model_pricing TO pricing_web;
GRANT SELECT ON TABLE public.model_pricing TO service_role;

REVOKE ALL ON FUNCTION public.judge_price_override(p_model public.model_pricing, p_prices jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.keep_pricing_lock() FROM PUBLIC;

-- As in 0.4.0.sql from 581552 to 581812: REVOKE ALL ON FUNCTION public.list_provider_models(p_provider text, p_targets text[], p_prices jsonb, p_skipped jsonb, p_observed_at timestamp with time zone, p
REVOKE ALL ON FUNCTION public.lock_key_name(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.lock_listed_prices(p_provider text, p_prices jsonb, p_until timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.lock_provider_prices(p_providers text[], p_until timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.lock_provider_triggers(p_providers text[], p_wait boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.log_ended_attempt(p_queue_job_id bigint, p_attempt integer, p_status text, p_error_kind text, p_message text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.log_queued_attempt(p_queue_job_id bigint, p_attempt integer, p_job_id uuid, p_provider text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.mend_pricing_jobs() FROM PUBLIC;

-- As in 0.4.0.sql from 582591 to 582938: REVOKE ALL ON FUNCTION public.model_price_at(provider text, model text, at timestamp with time zone) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.next_pricing_sync_at(p_slot timestamp with time zone, p_interval interval, p_jitter numeric, p_failures integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.note_pricing_maintenance(p_table text, p_statement text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.notify_pricing_sync_job() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.prepare_provider_sync() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_access_differences() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_api_key(key_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.pricing_api_key(key_id text) TO pricing_web;

-- As in 0.4.0.sql from 583555 to 583734: REVOKE ALL ON FUNCTION public.pricing_axes() FROM PUBLIC;
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

-- As in 0.4.0.sql from 584900 to 585127: REVOKE ALL ON FUNCTION public.pricing_price_set(p_row jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.pricing_prices_differ(p_old numeric[], p_new numeric[]) FROM PUBLIC;

-- As in 0.4.0.sql from 585228 to 585443: REVOKE ALL ON FUNCTION public.pricing_scheduler_status() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.pricing_sets_differ(p_old jsonb, p_new jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_shared_moves(p_lists jsonb, p_providers text[], p_models bigint[], p_factors numeric[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_short_number(p_number numeric) FROM PUBLIC;

-- As in 0.4.0.sql from 585757 to 585963: REVOKE ALL ON FUNCTION public.pricing_sync_estimate() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.pricing_table_holders() FROM PUBLIC;
GRANT ALL ON FUNCTION public.pricing_table_holders() TO pricing_worker;

REVOKE ALL ON FUNCTION public.pricing_token_moves(p_changes jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_unrecorded_prices(most integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.pricing_who() FROM PUBLIC;

-- As in 0.4.0.sql from 586327 to 586533: REVOKE ALL ON FUNCTION public.pricing_workers_alive() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.project_provider_sync() FROM PUBLIC;

-- As in 0.4.0.sql from 586602 to 586801: REVOKE ALL ON FUNCTION public.prune_pricing_workers(lease_seconds double precision) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.queue_id_is_taken(p_queue_job_id bigint, p_job_id uuid, p_provider text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.queue_row_fault(p_args jsonb, p_scheduled_at timestamp with time zone) FROM PUBLIC;

GRANT SELECT ON TABLE public.model_pricing_history TO pricing_web;
GRANT SELECT ON TABLE public.model_pricing_history TO service_role;

REVOKE ALL ON FUNCTION public.record_price_in_force(provider text, model text, recorded_by text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.refuse_odd_list(p_provider text, p_targets text[], p_prices jsonb, p_skipped jsonb) FROM PUBLIC;

-- As in 0.4.0.sql from 587409 to 587738: REVOKE ALL ON FUNCTION public.reject_held_price_change(id bigint, rejected_by text, note text) FROM PUBLIC;
-- As in 0.4.0.sql from 587739 to 588077: REVOKE ALL ON FUNCTION public.reject_held_price_changes(job_id uuid, rejected_by text, note text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.release_pricing_lock() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.release_stalled_syncs() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.reopen_pricing_job(p_job_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.repeat_provider_list(p_provider text, p_targets text[], p_dry_run boolean) FROM PUBLIC;

-- As in 0.4.0.sql from 588410 to 588591: REVOKE ALL ON FUNCTION public.report_pricing_credentials(providers text[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.requeue_given_up_sync(p_row procrastinate.procrastinate_jobs, p_message text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.requeue_given_up_syncs() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.requeue_provider_sync(p_queue_job_id bigint, p_attempt integer, p_status text, p_error_kind text, p_message text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.require_fresh_reads() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.resolve_sync_providers(p_providers text[]) FROM PUBLIC;

-- As in 0.4.0.sql from 589094 to 589375: REVOKE ALL ON FUNCTION public.retry_pricing_sync(job_id uuid, retried_by text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.revoke_pricing_api_key(name text, revoked_by text) FROM PUBLIC;

-- As in 0.4.0.sql from 589471 to 589824: REVOKE ALL ON FUNCTION public.rollback_pricing_sync(job_id uuid, dry_run boolean, rolled_back_by text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.rotate_pricing_api_key(name text, rotated_by text, grace interval, expires_at timestamp with time zone) FROM PUBLIC;

-- As in 0.4.0.sql from 589973 to 590656: REVOKE ALL ON FUNCTION public.set_price_override(provider text, model text, reason text, input_per_1m numeric, output_per_1m numeric, prices jsonb, expires_at t
REVOKE ALL ON FUNCTION public.settle_pricing_job(p_job_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.show_price_changes(p_changes jsonb, p_held jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.sign_audit_row() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.statement_has_timed_out() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.stop_pricing_job() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.stop_provider_sync(p_queue_job_id bigint, p_error_kind text, p_message text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.store_pricing_catalogue(p_provider text, p_reference jsonb, p_version text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.stuck_pricing_syncs() FROM PUBLIC;

-- As in 0.4.0.sql from 591260 to 591511: REVOKE ALL ON FUNCTION public.tick_pricing_schedule(scheduler text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.touch_pricing_api_key(key_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.touch_pricing_api_key(key_id text) TO pricing_web;

-- As in 0.4.0.sql from 591671 to 592150: REVOKE ALL ON FUNCTION public.trigger_pricing_sync(providers text[], triggered_by text, dry_run boolean, on_conflict text, idempotency_key text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.try_pricing_lock(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.wait_for_locks_until(p_until timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.wake_pricing_workers(p_queue_job_id bigint) FROM PUBLIC;

-- As in 0.4.0.sql from 592412 to 592604: REVOKE ALL ON FUNCTION public.write_model_prices(p_changes jsonb, p_changed_by text, p_changed_at timestamp with time zone, p_job_id uuid, p_observed_at timesta
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

GRANT SELECT ON TABLE public.pricing_said_again TO pricing_web;
GRANT SELECT ON TABLE public.pricing_said_again TO service_role;

GRANT SELECT ON TABLE public.pricing_held_all TO pricing_web;
GRANT SELECT ON TABLE public.pricing_held_all TO service_role;

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

-- As in 0.4.0.sql from 595257 to 595462: GRANT SELECT ON TABLE public.pricing_schema_ledger TO pricing_web;
-- As in 0.4.0.sql from 595463 to 595653: GRANT SELECT ON TABLE public.pricing_settings TO pricing_web;
GRANT SELECT ON TABLE public.pricing_sync_lock TO pricing_web;
GRANT SELECT ON TABLE public.pricing_sync_lock TO service_role;

GRANT SELECT ON TABLE public.pricing_sync_progress TO pricing_web;
GRANT SELECT ON TABLE public.pricing_sync_progress TO service_role;

GRANT SELECT ON TABLE public.pricing_syncable_providers TO pricing_web;
GRANT SELECT ON TABLE public.pricing_syncable_providers TO service_role;

GRANT SELECT ON TABLE public.pricing_unpriced TO pricing_web;
GRANT SELECT ON TABLE public.pricing_unpriced TO service_role;

-- As in 0.4.0.sql from 596190 to 596401: GRANT SELECT ON TABLE public.pricing_worker_settings TO pricing_web;