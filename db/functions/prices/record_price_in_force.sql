-- For a price that was changed by hand under pricing.maintenance: adds the missing history row as of now and changes no
-- price. Charges before that stay unexplained.
-- after: pricing_differ, pricing_prices_in_force, pricing_recorded_prices, require_author
create or replace function public.record_price_in_force(
    provider text,
    model text,
    recorded_by text default current_user
)
returns public.model_pricing_history
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- As in set_price_override.
set lock_timeout = '5s'
as $$
declare
    v_model public.model_pricing;
    v_last public.model_pricing_history;
    v_recorded public.model_pricing_history;
begin
    perform public.require_author(
        'recorded_by', record_price_in_force.recorded_by, 'Name the person who records the price.'
    );

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
    if not public.pricing_differ(
        public.pricing_prices_in_force(v_model), public.pricing_recorded_prices(v_last)
    ) then
        raise exception 'The history of %/% has the price in force already', v_model.provider_slug, v_model.model_id
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
        price_per_input_character,
        price_per_audio_second,
        price_per_page,
        price_per_video_second,
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
        v_model.price_per_input_character,
        v_model.price_per_audio_second,
        v_model.price_per_page,
        v_model.price_per_video_second,
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

comment on function public.record_price_in_force(text, text, text) is
'Add the history row of a price that was changed by hand, so that from now on the history says what is charged; PT409 where it does already. Returns the row.';
