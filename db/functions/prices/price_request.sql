-- The rules of docs/gateway.md, whose program a test compares with this for thousands of requests.
-- after: model_price_at, pricing_axes, pricing_condition_holds, pricing_usage, read_usage
create or replace function public.price_request(
    provider text,
    model text,
    usage jsonb,
    at timestamptz default now()
)
returns table (cost numeric, lines jsonb, reason text, history_id bigint)
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
-- Compiling the query would take seconds.
set jit = off
as $$
declare
    v_usage constant jsonb := public.read_usage(price_request.usage);
    v_prices jsonb;
    v_conditions jsonb;
    v_history_id bigint;
    -- By axis: the keys of the condition that sets the price, and those of one that is not understood.
    v_by jsonb := jsonb_build_object();
    v_unknown jsonb := jsonb_build_object();
    -- By fee: what its price depends on, such as the size of an image.
    v_depends jsonb := jsonb_build_object();
    v_is_unpriced boolean;
    v_words constant text[] := array[
        'service_tier', 'thinking', 'region', 'upstream', 'cache_ttl', 'search_type', 'image_size', 'image_quality'
    ];
    v_kinds constant text[] := array['image_size', 'image_quality', 'search_type'];
    v_entry jsonb;
    v_keys jsonb;
    v_axes jsonb;
    v_holds boolean;
begin
    select to_jsonb(p), p.conditions, p.history_id
    into v_prices, v_conditions, v_history_id
    from public.model_price_at(price_request.provider, price_request.model, price_request.at) p;
    if v_history_id is null then
        return query select null::numeric, '[]'::jsonb, 'It had no price at that time.', null::bigint;
        return;
    end if;

    for v_entry in
        select e.entry
        from jsonb_array_elements(v_conditions) with ordinality as e (entry, position)
        order by e.position
    loop
        v_holds := public.pricing_condition_holds(v_entry, v_usage, price_request.at);
        if v_holds is false then
            -- It could hold for another image or search: so there is a fee, and that of this one is unknown unless it has
            -- a price of its own.
            if v_entry ?| v_kinds
                and public.pricing_condition_holds(v_entry - v_words, v_usage, price_request.at) is not false
            then
                v_depends := v_depends || (
                    select coalesce(jsonb_object_agg(e.key, k.names), '{}')
                    from jsonb_each(v_entry) as e
                    cross join (select string_agg(n, ', ') as names from unnest(v_kinds) as n where v_entry ? n) as k
                    where starts_with(e.key, 'price_per_') and e.value <> 'null'
                );
            end if;
            continue;
        end if;
        select
            coalesce(jsonb_object_agg(e.key, e.value) filter (where not starts_with(e.key, 'price_per_')), '{}'),
            coalesce(jsonb_object_agg(e.key, e.value) filter (where starts_with(e.key, 'price_per_')), '{}')
        into v_keys, v_axes
        from jsonb_each(v_entry) as e;
        v_by := v_by || (select coalesce(jsonb_object_agg(k, v_keys), '{}') from jsonb_object_keys(v_axes) as k);
        v_prices := v_prices || v_axes;
        v_unknown := v_unknown - array(select jsonb_object_keys(v_axes));
        -- A fee that is null here is unknown, not none.
        v_unknown := v_unknown || (
            select coalesce(jsonb_object_agg(e.key, v_keys), '{}')
            from jsonb_each(v_axes) as e
            where v_holds is null
                or (e.value = 'null' and e.key in ('price_per_image', 'price_per_request', 'price_per_web_search'))
        );
    end loop;
    v_is_unpriced := not exists (
        select from public.pricing_axes() a where v_prices ->> a.axis is not null and not v_unknown ? a.axis
    );

    return query
    with counted as materialized (
        select
            u.axis,
            u.key,
            u.part_of,
            a.short_name,
            a.is_fee,
            u.position,
            case when v_unknown ? u.axis then null else (v_prices ->> u.axis)::numeric end as price,
            v_unknown -> u.axis as unknown_by,
            v_by -> u.axis as condition,
            -- Every request is one, unless the caller says how many there were.
            coalesce((v_usage ->> u.key)::numeric, case u.key when 'requests' then 1 else 0 end) as quantity
        from public.pricing_usage() with ordinality as u (key, axis, part_of, position)
        join public.pricing_axes() a on a.axis = u.axis
    ),
    -- Reasoning without a price of its own is output, and a fee of 0 is none.
    own as materialized (
        select c.*
        from counted c
        where c.key <> 'reasoning_tokens' or c.price <> 0 or c.unknown_by is not null
    ),
    line as (
        select
            o.*,
            o.quantity - coalesce(p.quantity, 0) as billed,
            -- An absent fee is none; an unknown one is unknown, as all are where no price of the model is known.
            case
                when o.is_fee and o.unknown_by is null and not v_is_unpriced and not v_depends ? o.axis
                    then coalesce(o.price, 0)
                else o.price
            end as unit_price
        from own o
        left join (select w.part_of, sum(w.quantity) as quantity from own w group by w.part_of) as p on p.part_of = o.key
        where o.quantity > coalesce(p.quantity, 0)
    )
    select
        case when bool_or(l.unit_price is null) then null else trim_scale(coalesce(sum(l.billed * l.unit_price), 0)) end,
        coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'axis', l.axis,
                    'quantity', trim_scale(l.billed),
                    'price', trim_scale(l.unit_price)::text,
                    'cost', trim_scale(l.billed * l.unit_price)::text,
                    'condition', l.condition
                )
                order by l.position
            ) filter (where l.unit_price is distinct from 0 or not l.is_fee),
            '[]'
        ),
        string_agg(
            l.short_name || ' is unknown'
                || coalesce(' where ' || l.condition::text, ', it depends on ' || (v_depends ->> l.axis), ''),
            '; '
            order by l.position
        ) filter (where l.unit_price is null),
        v_history_id
    from line l;
end;
$$;

comment on function public.price_request(text, text, jsonb, timestamptz) is
'What one request costs in US dollars, by the price in force then: usage counts tokens and other units, and says which request it is, such as {"input_tokens": 1000, "output_tokens": 200, "service_tier": "batch"}. lines: axis, quantity, price and condition of each amount. cost is null, with the reason, where a price that it needs is unknown.';
