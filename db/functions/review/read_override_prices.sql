-- set_price_override and its preview take the same words.
-- after: pricing_axes, read_override_conditions
create or replace function public.read_override_prices(
    p_prices jsonb, p_input_per_1m numeric default null, p_output_per_1m numeric default null
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
    v_named record;
    v_prices jsonb := jsonb_build_object();
begin
    if jsonb_typeof(coalesce(p_prices, '{}')) <> 'object' then
        raise exception 'prices must be a JSON object'
            using errcode = 'PT422', hint = 'For example {"cache_read_per_1m": 0.25, "per_image": "0.04"}.';
    end if;

    for v_named in
        select
            e.key,
            jsonb_typeof(e.value) as type,
            e.value #>> '{}' as amount,
            a.axis,
            -- Exact, unlike division.
            case when a.factor = 1000000 and e.key = a.short_name then 0.000001 else 1 end as factor
        from (
            select p.key, p.value from jsonb_each(coalesce(p_prices, '{}')) as p where p.key <> 'conditions'
            union all
            select 'input_per_1m', to_jsonb(p_input_per_1m)
            where p_input_per_1m is not null
            union all
            select 'output_per_1m', to_jsonb(p_output_per_1m)
            where p_output_per_1m is not null
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
    if p_prices ? 'conditions' then
        v_prices := v_prices || jsonb_build_object(
            'conditions', public.read_override_conditions(p_prices -> 'conditions')
        );
    end if;
    if v_prices = '{}' then
        raise exception 'The override names no price'
            using errcode = 'PT422', hint = 'Give input_per_1m, output_per_1m or prices; clear_price_override ends one.';
    end if;
    return v_prices;
end;
$$;

comment on function public.read_override_prices(jsonb, numeric, numeric) is
'The prices that an override names, by the names of model_prices or the columns of model_pricing, and its conditions, as a price set: USD for one unit. Refuses with PT422 what is no price.';
