-- An override that is inserted, changed or removed by hand would be charged from the next sync on, or leave its price in
-- force, without history and unseen by the guards. Reason and expiry may be changed by hand: see follow_override_expiry.
-- Like check_model_pricing it prevents accidents of the owner.
-- after: note_pricing_maintenance, pricing_is_called_by
create or replace function public.check_price_override()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_stack text;
begin
    get diagnostics v_stack = pg_context;
    if public.pricing_is_called_by(v_stack, 'set_price_override', 'clear_price_override', 'end_expired_overrides') then
        return null;
    end if;
    if tg_op = 'INSERT' then
        -- A restore inserts overrides that have ended, or whose prices are in force already: of one that has expired, the
        -- provider's may be.
        if not exists (
            select
            from inserted i
            left join public.model_pricing m on m.id = i.model_id
            where i.ended_at is null
                and (
                    m.synced is null
                    or coalesce(i.expires_at > now(), true) and exists (
                        select
                        from jsonb_each_text(i.prices - 'conditions') as p
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
    raise exception '% does not make or change an override, because no guard would see its price; to end it: select clear_price_override(''<provider>'', ''<model>''); to change it: select set_price_override(''<provider>'', ''<model>'', reason => ''...'', input_per_1m => ...);', tg_op
        using errcode = 'PT409',
            hint = 'select provider, model from pricing_active_overrides lists them. reason and expires_at may be updated.';
end;
$$;

comment on function public.check_price_override() is
'Trigger: refuse INSERT, UPDATE of an override''s prices or end, DELETE and TRUNCATE by hand, with PT409; pricing.maintenance lets them pass.';
