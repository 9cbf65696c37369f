-- The check_* triggers of the price tables call it for a statement that runs under pricing.maintenance.
-- after: pricing_who
create or replace function public.note_pricing_maintenance(p_table text, p_statement text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    -- A setting of this transaction, so that it is rolled back together with the audit row.
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

comment on function public.note_pricing_maintenance(text, text) is
'Write one audit row for each transaction and table that is changed under pricing.maintenance.';
