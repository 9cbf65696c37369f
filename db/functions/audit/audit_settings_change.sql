create or replace function public.audit_settings_change()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- The audit log stores times and intervals as text, independent of the caller's settings.
set TimeZone = 'UTC'
set IntervalStyle = 'postgres'
as $$
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

comment on function public.audit_settings_change() is
'Trigger: write an audit row when a setting changes, was and now.';
