-- What other providers charge for the same model: the measure of a first price. One statement for a whole list, because a
-- first list may have 25,000 models; by arrays of ids, because an index serves them and a join would read all models.
create or replace function public.pricing_prices_elsewhere(p_prices jsonb)
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
    with asked as materialized (
        select p.*
        from jsonb_to_recordset(p_prices) as p (change bigint, provider text, model_id text, axis text)
    ),
    wanted as materialized (
        select a.change, a.provider, coalesce(l.canonical_id, a.model_id) as canonical_id
        from (select distinct k.change, k.provider, k.model_id from asked k) as a
        left join (
            select l.*
            from public.pricing_model_aliases l
            where l.model_id = any (array(select a.model_id from asked a))
                and l.provider_slug = any (array(select distinct a.provider from asked a))
        ) as l on l.provider_slug = a.provider and l.model_id = a.model_id
    ),
    alias as materialized (
        select l.*
        from public.pricing_model_aliases l
        where l.canonical_id = any (array(select w.canonical_id from wanted w))
    ),
    other as materialized (
        select m as model, coalesce(l.canonical_id, m.model_id) as canonical_id
        from public.model_pricing m
        left join public.pricing_model_aliases l on l.provider_slug = m.provider_slug and l.model_id = m.model_id
            and l.model_id = any (array(select w.canonical_id from wanted w union select a.model_id from alias a))
        where m.model_id = any (array(select w.canonical_id from wanted w union select a.model_id from alias a))
            and m.is_active
    ),
    charged as (
        select
            a.change,
            a.axis,
            (o.model).provider_slug as provider,
            -- Typed columns, as in pricing_drift. Overrides do not count.
            case
                when (o.model).synced is not null then ((o.model).synced ->> a.axis)::numeric
                else case a.axis
                    when 'price_per_input_token' then (o.model).price_per_input_token
                    when 'price_per_output_token' then (o.model).price_per_output_token
                    when 'price_per_cache_read_token' then (o.model).price_per_cache_read_token
                    when 'price_per_cache_write_token' then (o.model).price_per_cache_write_token
                    when 'price_per_cache_write_1h_token' then (o.model).price_per_cache_write_1h_token
                    when 'price_per_input_audio_token' then (o.model).price_per_input_audio_token
                    when 'price_per_output_audio_token' then (o.model).price_per_output_audio_token
                    when 'price_per_cache_read_audio_token' then (o.model).price_per_cache_read_audio_token
                    when 'price_per_input_image_token' then (o.model).price_per_input_image_token
                    when 'price_per_output_image_token' then (o.model).price_per_output_image_token
                    when 'price_per_input_character' then (o.model).price_per_input_character
                    when 'price_per_audio_second' then (o.model).price_per_audio_second
                    when 'price_per_page' then (o.model).price_per_page
                    when 'price_per_video_second' then (o.model).price_per_video_second
                end
            end::numeric as amount
        from asked a
        join wanted w on w.change = a.change
        join other o on o.canonical_id = w.canonical_id and (o.model).provider_slug <> a.provider
    ),
    sorted as (
        select c.change, c.axis, array_agg(c.amount order by c.amount) as amounts, count(distinct c.provider) as providers
        from charged c
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

comment on function public.pricing_prices_elsewhere(jsonb) is
'The median of the positive prices of the same model at other providers, for each of [{change, provider, model_id, axis}] that has any. The same model: the same canonical id by pricing_model_aliases. Fees are not compared.';
