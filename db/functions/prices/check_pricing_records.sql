-- History and audit log say what was charged and who decided it, so the owner too may only add rows. Like
-- check_model_pricing it prevents accidents: an owner could drop the trigger.
-- after: note_pricing_maintenance
create or replace function public.check_pricing_records()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
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

comment on function public.check_pricing_records() is
'Trigger: refuse UPDATE, DELETE and TRUNCATE of price history and audit log, with PT409; `set local pricing.maintenance = ''on''` lets them pass, and leaves an audit row.';
