-- after: write_model_prices, require_author
create or replace function public.clear_price_override(
    provider text,
    model text,
    cleared_by text default current_user
)
returns public.pricing_overrides
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- Waits for a running sync of the provider, but not for an open transaction.
set lock_timeout = '5s'
as $$
declare
    v_model public.model_pricing;
    v_override public.pricing_overrides;
    v_now timestamptz;
begin
    perform public.require_author(
        'cleared_by', clear_price_override.cleared_by, 'Name the person who clears the override.'
    );

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

comment on function public.clear_price_override(text, text, text) is
'End the override of a model: its provider''s price is in force again. Returns it.';
