-- Who owns what, and who may do what: all of it, and nowhere else. Replayed last, because a function that was dropped
-- and made again is executable by everybody until then.
do $$
declare
    v_owner constant text := 'pricing_owner';
    v_readers constant text[] := array['pricing_web', 'service_role'];
    v_everybody text;
    v_has_owner boolean;
    v record;
    v_role text;
    -- By name, never by prefix: the operator may have tables of its own that begin like ours.
    v_relations constant text[] := array(
        select c.relname::text
        from pg_catalog.pg_class c
        where c.relnamespace = 'public'::regnamespace
            and c.relkind in ('r', 'v')
            and c.relname in (
                'model_price_conditions',
                'model_prices',
                'model_pricing',
                'model_pricing_history',
                'pricing_active_overrides',
                'pricing_active_rules',
                'pricing_api_keys',
                'pricing_audit_log',
                'pricing_catalogue_prices',
                'pricing_change_rules',
                'pricing_drift',
                'pricing_held',
                'pricing_held_changes',
                'pricing_history',
                'pricing_idempotency_keys',
                'pricing_missing_credentials',
                'pricing_overrides',
                'pricing_provider_syncs',
                'pricing_providers',
                'pricing_scheduler_ticks',
                'pricing_schema_ledger',
                'pricing_settings',
                'pricing_sync_expiry',
                'pricing_sync_jobs',
                'pricing_sync_lock',
                'pricing_sync_log',
                'pricing_sync_progress',
                'pricing_syncable_providers',
                'pricing_unpriced',
                'pricing_worker_heartbeats',
                'pricing_worker_settings'
            )
        order by c.relname
    );
begin
    -- An owner without CREATEROLE owns everything itself, and has no roles to grant to.
    select coalesce(bool_or(pg_catalog.pg_has_role(current_user, r.oid, 'member')), false) into v_has_owner
    from pg_catalog.pg_roles r
    where r.rolname = v_owner;

    select string_agg(quote_ident(r.rolname), ', ') into v_everybody
    from pg_catalog.pg_roles r
    where r.rolname in ('anon', 'authenticated', 'service_role', 'pricing_web', 'pricing_worker');
    v_everybody := concat_ws(', ', 'public', v_everybody);

    if v_has_owner then
        execute format('grant create on database %I to %I', current_database(), v_owner);
        execute format('grant usage, create on schema public to %I', v_owner);
    end if;

    -- Ownership first: grants are made by the owner.
    if v_has_owner then
        execute format('alter schema procrastinate owner to %I', v_owner);
        for v in
            select
                format(
                    'alter %s %s owner to %I',
                    case c.relkind when 'S' then 'sequence' when 'v' then 'view' else 'table' end,
                    c.oid::regclass,
                    v_owner
                ) as statement
            from pg_catalog.pg_class c
            where c.relkind in ('r', 'v', 'S')
                and (
                    c.relnamespace = 'procrastinate'::regnamespace
                    or (c.relnamespace = 'public'::regnamespace and c.relname = any (v_relations))
                )
                and c.relowner <> v_owner::regrole
                -- A sequence that belongs to a column goes with its table.
                and not exists (
                    select
                    from pg_catalog.pg_depend d
                    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i')
                        and d.refclassid = 'pg_class'::regclass and c.relkind = 'S'
                )
            union all
            select format('alter type %s owner to %I', t.oid::regtype, v_owner)
            from pg_catalog.pg_type t
            left join pg_catalog.pg_class c on c.oid = t.typrelid
            where t.typowner <> v_owner::regrole
                and (
                    (t.typnamespace = 'procrastinate'::regnamespace and t.typtype in ('e', 'c')
                        and (c.oid is null or c.relkind = 'c'))
                    or (t.typnamespace = 'public'::regnamespace and t.typname = 'pricing_usd')
                )
            union all
            select format('alter function %s owner to %I', p.oid::regprocedure, v_owner)
            from pg_catalog.pg_proc p
            where p.pronamespace = 'procrastinate'::regnamespace and p.proowner <> v_owner::regrole
        loop
            execute v.statement;
        end loop;
    end if;

    -- Tables and views: nothing for the API's roles, reading for ours. Writing is for functions.
    foreach v_role in array v_relations loop
        execute format('revoke all on public.%I from %s', v_role, v_everybody);
    end loop;
    for v in
        select c.relname, r.rolname
        from pg_catalog.pg_class c
        cross join pg_catalog.pg_roles r
        where c.relnamespace = 'public'::regnamespace
            and c.relname = any (v_relations)
            -- What the owner alone reads: they look into the engine's tables.
            and c.relname not in ('pricing_sync_expiry', 'pricing_worker_heartbeats')
            and (
                (r.rolname = any (v_readers) and (c.relname <> 'pricing_api_keys' or r.rolname = 'pricing_web'))
                or (
                    r.rolname = 'pricing_worker'
                    and c.relname in ('pricing_settings', 'pricing_worker_settings', 'pricing_schema_ledger')
                )
            )
    loop
        execute format('grant select on public.%I to %I', v.relname, v.rolname);
    end loop;

    -- RLS is on everywhere and forced nowhere: a definer over a table of another owner would silently see no rows.
    for v in
        select
            c.relname,
            c.relrowsecurity as is_secured,
            array(
                select r::text
                from pg_catalog.pg_policies p
                cross join unnest(p.roles) as r
                where p.schemaname = 'public' and p.tablename = c.relname and p.policyname = 'pricing_read'
                order by r::text
            ) as policy_readers,
            array(
                select r.rolname::text
                from pg_catalog.pg_roles r
                where r.rolname in ('pricing_web', 'service_role', 'pricing_worker')
                    and pg_catalog.has_table_privilege(r.rolname, c.oid, 'select')
                order by r.rolname::text
            ) as readers
        from pg_catalog.pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname = any (v_relations)
    loop
        -- Only where it is not so already: each of these waits for everybody who reads the table.
        if not v.is_secured then
            execute format('alter table public.%I enable row level security', v.relname);
        end if;
        continue when v.readers = v.policy_readers;
        execute format('drop policy if exists pricing_read on public.%I', v.relname);
        if cardinality(v.readers) > 0 then
            execute format(
                'create policy pricing_read on public.%I for select to %s using (true)',
                v.relname,
                (select string_agg(quote_ident(r), ', ') from unnest(v.readers) as r)
            );
        end if;
    end loop;

    -- Functions: owner, then exactly these rights.
    for v in
        select p.oid::regprocedure as signature, f.callers
        from (
            values
                -- What people and programs call.
                ('trigger_pricing_sync', '{pricing_web, pricing_worker, service_role}'),
                ('cancel_pricing_sync', '{pricing_web, service_role}'),
                ('retry_pricing_sync', '{pricing_web, service_role}'),
                ('cleanup_stuck_pricing_syncs', '{pricing_web, pricing_worker, service_role}'),
                ('cleanup_expired_pricing_locks', '{pricing_web, pricing_worker, service_role}'),
                ('cleanup_old_pricing_jobs', '{pricing_worker, service_role}'),
                ('enqueue_due_pricing_syncs', '{pricing_worker, service_role}'),
                ('tick_pricing_schedule', '{pricing_worker, service_role}'),
                ('create_pricing_api_key', '{}'),
                ('approve_held_price_change', '{pricing_web, service_role}'),
                ('approve_held_price_changes', '{pricing_web, service_role}'),
                ('reject_held_price_change', '{pricing_web, service_role}'),
                ('reject_held_price_changes', '{pricing_web, service_role}'),
                ('accept_price_changes', '{pricing_web, service_role}'),
                ('end_price_change_rule', '{pricing_web, service_role}'),
                ('accept_shorter_list', '{pricing_web, service_role}'),
                ('set_price_override', '{pricing_web, service_role}'),
                ('clear_price_override', '{pricing_web, service_role}'),
                ('rollback_pricing_sync', '{pricing_web, service_role}'),
                ('model_price_at', '{pricing_web, service_role}'),
                -- What the worker calls.
                ('fetch_queue_row', '{pricing_worker}'),
                ('beat_pricing_worker', '{pricing_worker}'),
                ('prune_pricing_workers', '{pricing_worker}'),
                ('get_provider_sync', '{pricing_worker}'),
                ('apply_provider_prices', '{pricing_worker}'),
                ('end_provider_sync', '{pricing_worker}'),
                ('pricing_credential_variables', '{pricing_worker}'),
                ('report_pricing_credentials', '{pricing_worker}'),
                -- What the web process reads.
                ('pricing_api_key', '{pricing_web}'),
                ('pricing_has_admin_key', '{pricing_web}'),
                ('pricing_scheduler_status', '{pricing_web, service_role}'),
                ('pricing_sync_estimate', '{pricing_web, service_role}'),
                -- What the views and those functions read.
                ('held_pricing_locks', '{pricing_web, service_role}'),
                ('pricing_axes', '{pricing_web, service_role}'),
                ('pricing_price_set', '{pricing_web, service_role}'),
                ('pricing_workers_alive', '{pricing_web, service_role}'),
                -- What the owner alone reads.
                ('pricing_doctor', '{}'),
                ('stuck_pricing_syncs', '{}'),
                -- What only our own functions and triggers call.
                ('defer_provider_syncs', '{}'),
                ('next_pricing_sync_at', '{}'),
                ('resolve_sync_providers', '{}'),
                ('lock_provider_prices', '{}'),
                ('compare_provider_prices', '{}'),
                ('judge_price_changes', '{}'),
                ('pricing_short_number', '{}'),
                ('show_price_changes', '{}'),
                ('refuse_odd_list', '{}'),
                ('lock_listed_prices', '{}'),
                ('decide_price_changes', '{}'),
                ('pricing_token_moves', '{}'),
                ('pricing_shared_moves', '{}'),
                ('repeat_provider_list', '{}'),
                ('list_provider_models', '{}'),
                ('hold_price_changes', '{}'),
                ('decide_held_price_changes', '{}'),
                ('decide_held_changes_of_job', '{}'),
                ('write_model_prices', '{}'),
                ('store_pricing_catalogue', '{}'),
                ('end_expired_overrides', '{}'),
                ('pricing_base_set', '{}'),
                ('pricing_sets_differ', '{}'),
                ('pricing_overridden_set', '{}'),
                ('pricing_is_clock_turn', '{}'),
                ('lock_provider_triggers', '{}'),
                ('log_queued_attempt', '{}'),
                ('log_ended_attempt', '{}'),
                ('settle_pricing_job', '{}'),
                ('reopen_pricing_job', '{}'),
                ('wake_pricing_workers', '{}'),
                ('stop_provider_sync', '{}'),
                ('requeue_provider_sync', '{}'),
                ('hold_stuck_sync', '{}'),
                ('release_stalled_syncs', '{}'),
                ('end_ignored_aborts', '{}'),
                ('fail_unattended_syncs', '{}'),
                ('cancel_disabled_syncs', '{}'),
                ('fail_overtime_syncs', '{}'),
                ('hold_log_row', '{}'),
                ('mend_pricing_jobs', '{}'),
                ('pricing_who', '{}'),
                ('pricing_identity', '{}'),
                ('pricing_prices_differ', '{}'),
                ('prepare_provider_sync', '{}'),
                ('guard_queue_row', '{}'),
                ('project_provider_sync', '{}'),
                ('notify_pricing_sync_job', '{}'),
                ('guard_pricing_job', '{}'),
                ('stop_pricing_job', '{}'),
                ('release_pricing_lock', '{}'),
                ('follow_provider_disabled', '{}'),
                ('follow_provider_switch', '{}'),
                ('guard_pricing_settings', '{}'),
                ('guard_pricing_lock', '{}'),
                ('judge_price_override', '{}'),
                ('guard_model_pricing', '{}'),
                ('guard_pricing_records', '{}'),
                ('note_pricing_maintenance', '{}')
        ) as f (name, callers)
        join pg_catalog.pg_proc p on p.proname = f.name and p.pronamespace = 'public'::regnamespace
    loop
        if v_has_owner then
            execute format('alter function %s owner to %I', v.signature, v_owner);
        end if;
        execute format('revoke all on function %s from %s', v.signature, v_everybody);
        for v_role in
            select r.rolname from pg_catalog.pg_roles r where r.rolname = any (v.callers::text[])
        loop
            execute format('grant execute on function %s to %I', v.signature, v_role);
        end loop;
    end loop;

    -- The engine's schema: the worker's, and nobody else's.
    execute format('revoke all on schema procrastinate from %s', v_everybody);
    execute format('revoke all on all tables in schema procrastinate from %s', v_everybody);
    execute format('revoke all on all sequences in schema procrastinate from %s', v_everybody);
    execute format('revoke all on all functions in schema procrastinate from %s', v_everybody);
    if exists (select from pg_catalog.pg_roles r where r.rolname = 'pricing_worker') then
        grant usage on schema procrastinate to pricing_worker;
        grant select, insert, update, delete on all tables in schema procrastinate to pricing_worker;
        grant usage, select on all sequences in schema procrastinate to pricing_worker;
        grant execute on all functions in schema procrastinate to pricing_worker;
    end if;
    for v_role in
        select r.rolname from pg_catalog.pg_roles r where r.rolname in ('pricing_web', 'pricing_worker', 'service_role')
    loop
        execute format('grant usage on schema public to %I', v_role);
    end loop;
end;
$$;
