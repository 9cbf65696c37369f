-- What other providers charge for the same model: the measure of a first price. One statement for a whole list, because a
-- first list may have 25,000 models; by arrays of ids, because an index serves them and a join would read all models. Few
-- first prices are far from any other, and only those need a median.
create or replace function public.pricing_prices_elsewhere(
    p_changes bigint[],
    p_providers text[],
    p_models text[],
    p_axes text[],
    p_amounts numeric[],
    p_ratio numeric
)
returns table (change bigint, axis text, median numeric, providers bigint)
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
-- As in compare_provider_prices.
set enable_nestloop = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
-- As in judge_price_changes.
set plan_cache_mode = force_custom_plan
as $$
    with price as materialized (
        select p.* from unnest(p_changes, p_providers, p_models, p_axes, p_amounts) as p (change, provider, model_id, axis, now)
    ),
    -- A model has several prices.
    asked as materialized (
        select m.provider, m.model_id, coalesce(l.canonical_id, m.model_id) as canonical_id
        from (select distinct p.provider, p.model_id from price p) as m
        left join (
            select l.*
            from public.pricing_model_aliases l
            where l.provider_slug = any (array(select distinct p.provider from price p))
                and l.model_id = any (array(select distinct p.model_id from price p))
        ) as l on l.provider_slug = m.provider and l.model_id = m.model_id
    ),
    -- The ids under which others have them.
    id as materialized (
        select a.canonical_id as model_id
        from asked a
        union
        select l.model_id
        from public.pricing_model_aliases l
        where l.canonical_id = any (array(select a.canonical_id from asked a))
    ),
    -- Not materialized: the prices of 25,000 models at five others would not fit into memory. The second use has nothing to
    -- read where nothing is far.
    other as not materialized (
        select m.provider_slug, coalesce(l.canonical_id, m.model_id) as canonical_id, m.synced,
            m.price_per_input_token, m.price_per_output_token, m.price_per_cache_read_token, m.price_per_cache_write_token,
            m.price_per_cache_write_1h_token, m.price_per_input_audio_token, m.price_per_output_audio_token,
            m.price_per_cache_read_audio_token, m.price_per_input_image_token, m.price_per_output_image_token,
            m.price_per_input_character, m.price_per_audio_second, m.price_per_page, m.price_per_video_second
        from public.model_pricing m
        left join (
            select l.* from public.pricing_model_aliases l where l.model_id = any (array(select i.model_id from id i))
        ) as l on l.provider_slug = m.provider_slug and l.model_id = m.model_id
        where m.model_id = any (array(select i.model_id from id i)) and m.is_active
            -- Nearly every list is of one provider, whose own models are not asked for.
            and (
                (select count(distinct a.provider) from asked a) > 1
                or m.provider_slug <> (select min(a.provider) from asked a)
            )
    ),
    charged as not materialized (
        select
            p.change,
            p.axis,
            p.now,
            o.provider_slug as provider,
            -- Typed columns, as in pricing_drift. Overrides do not count.
            case
                when o.synced is not null then (o.synced ->> p.axis)::numeric
                else case p.axis
                    when 'price_per_input_token' then o.price_per_input_token
                    when 'price_per_output_token' then o.price_per_output_token
                    when 'price_per_cache_read_token' then o.price_per_cache_read_token
                    when 'price_per_cache_write_token' then o.price_per_cache_write_token
                    when 'price_per_cache_write_1h_token' then o.price_per_cache_write_1h_token
                    when 'price_per_input_audio_token' then o.price_per_input_audio_token
                    when 'price_per_output_audio_token' then o.price_per_output_audio_token
                    when 'price_per_cache_read_audio_token' then o.price_per_cache_read_audio_token
                    when 'price_per_input_image_token' then o.price_per_input_image_token
                    when 'price_per_output_image_token' then o.price_per_output_image_token
                    when 'price_per_input_character' then o.price_per_input_character
                    when 'price_per_audio_second' then o.price_per_audio_second
                    when 'price_per_page' then o.price_per_page
                    when 'price_per_video_second' then o.price_per_video_second
                end
            end::numeric as amount
        from (
            select a.provider as asks, a.model_id, o.*
            from asked a
            join other o on o.canonical_id = a.canonical_id and o.provider_slug <> a.provider
            offset 0
        ) as o
        join price p on p.provider = o.asks and p.model_id = o.model_id
        -- Offset 0: the amount is computed once, not at each use.
        offset 0
    ),
    far as materialized (
        select distinct c.change, c.axis
        from charged c
        where c.amount > 0 and (c.now >= c.amount * p_ratio or c.now * p_ratio <= c.amount)
    ),
    sorted as (
        select
            c.change,
            c.axis,
            array_agg(c.amount order by c.amount) as amounts,
            count(distinct c.provider) as providers
        from charged c
        join far f on f.change = c.change and f.axis = c.axis
        where c.amount > 0
        group by c.change, c.axis
    )
    select
        s.change,
        s.axis,
        (s.amounts[(cardinality(s.amounts) + 1) / 2] + s.amounts[(cardinality(s.amounts) + 2) / 2]) / 2,
        s.providers
    from sorted s;
$$;

comment on function public.pricing_prices_elsewhere(bigint[], text[], text[], text[], numeric[], numeric) is
'The median of the positive prices of the same model at other providers, for each price (change, provider, model id, axis, amount) that is as many times as p_ratio off one of them, or more; with 1 for all. The same model: the same canonical id by pricing_model_aliases. Fees are not compared.';
