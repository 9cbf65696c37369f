-- Definer: a role that may change a provider needs no right on the audit log.
-- after: pricing_is_called_by, pricing_who
create or replace function public.audit_provider_change()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- The audit log stores times and intervals as text, independent of the caller's settings.
set TimeZone = 'UTC'
set IntervalStyle = 'postgres'
as $$
declare
    v_by_others constant boolean := tg_nargs > 0;
    -- Columns that syncs and the schedule write, many times a day.
    v_machine constant text[] := case when v_by_others then array[]::text[] else array[
        'state', 'next_sync_at', 'next_allowed_at', 'last_success_at', 'last_changed_at', 'consecutive_failures',
        'last_list_at', 'etag', 'etag_parser', 'content_digest', 'unknown_keys', 'created_at',
        -- accept_shorter_list sets these and writes an audit row of its own; a sync clears them.
        'accepted_list_at', 'accepted_list_models', 'accepted_list_prices_gone'
    ] end;
    v_was jsonb := jsonb_build_object();
    v_now jsonb := jsonb_build_object();
    v_changes jsonb;
    v_stack text;
    v_who text;
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
        -- The owner restores a dump: no decision, and an audit row now could take the id of one that is yet to be
        -- restored.
        return null;
    end if;
    -- The text before an @ may be a password, and this log is kept for ever.
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
    -- review_held_price_changes ended the review of a first list: no change by hand.
    if v_changes = '{"review_first": {"was": true, "now": false}}'
        and not v_by_others
        and current_setting('pricing.first_list_decided', true) = 'on'
    then
        v_action := 'end_first_review';
    end if;
    v_who := public.pricing_who();
    get diagnostics v_stack = pg_context;
    if not v_by_others and public.pricing_is_called_by(v_stack, 'update_pricing_provider') then
        v_who := coalesce(nullif(current_setting('pricing.changed_by', true), ''), v_who);
    end if;
    insert into public.pricing_audit_log (who, action, subject, details)
    values (v_who, v_action, coalesce(v_was ->> 'slug', v_now ->> 'slug'), v_changes);
    return null;
end;
$$;

comment on function public.audit_provider_change() is
'Trigger: write an audit row when a person adds, changes or removes a provider: each column, was and now.';
