-- Our functions write a more detailed audit row of their own: the trigger's arguments name them.
-- after: pricing_is_called_by, pricing_who
create or replace function public.audit_change_by_hand()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- The audit log stores times and intervals as text, independent of the caller's settings.
set TimeZone = 'UTC'
set IntervalStyle = 'postgres'
as $$
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
    -- A restore inserts old rows. Those that have ended are not logged again; open ones look like new ones.
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
        -- Negative for an INSERT: it may be part of a restore, whose audit rows bring their ids.
        nextval('public.pricing_audit_log_id_seq') * case tg_op when 'INSERT' then -1 else 1 end,
        public.pricing_who(),
        lower(tg_op) || '_' || tg_table_name,
        coalesce(v_row ->> 'name', v_row ->> 'id', tg_table_name),
        (
            -- Null values are logged as null.
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

comment on function public.audit_change_by_hand() is
'Trigger: write an audit row for a change made by hand; its arguments name the functions that write their own.';
