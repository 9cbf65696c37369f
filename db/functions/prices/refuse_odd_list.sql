-- apply_provider_prices calls it. A single bad model is skipped; a list that looks wrong as a whole is refused.
-- after: pricing_list_bounds
create or replace function public.refuse_odd_list(p_provider text, p_targets text[], p_prices jsonb, p_skipped jsonb)
returns boolean
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
as $$
declare
    -- A person's acceptance (accept_shorter_list), which counts for 7 days only.
    v_accepted public.pricing_providers;
    v_is_accepted boolean := false;
    v_known integer;
    v_listed integer;
    v_twice text;
    v_priced integer;
    v_lost integer;
    -- An absent fee is a fee of 0: judge_price_changes looks at those.
    v_axes constant text[] := array[
        'price_per_input_token',
        'price_per_output_token',
        'price_per_cache_read_token',
        'price_per_cache_write_token',
        'price_per_cache_write_1h_token',
        'price_per_input_audio_token',
        'price_per_output_audio_token',
        'price_per_cache_read_audio_token',
        'price_per_input_image_token',
        'price_per_output_image_token',
        'price_per_input_character',
        'price_per_audio_second',
        'price_per_page',
        'price_per_video_second'
    ];
    v_losing jsonb;
    v_axis text;
begin
    if jsonb_array_length(p_prices) + coalesce(jsonb_array_length(p_skipped), 0) = 0 then
        raise exception 'The list is empty'
            using errcode = 'PT422',
                detail = jsonb_build_object('error_kind', 'empty_list')::text,
                hint = 'Nothing was changed.';
    end if;

    select i.model_id into v_twice
    from jsonb_to_recordset(p_prices) as i (provider text, model_id text)
    group by coalesce(i.provider, p_provider), i.model_id
    having count(*) > 1
    limit 1;
    if v_twice is not null then
        raise exception 'The list has % more than once', v_twice using errcode = 'cardinality_violation';
    end if;

    select p.* into v_accepted
    from public.pricing_providers p
    where p.slug = p_provider and p.accepted_list_at > clock_timestamp() - interval '7 days';

    select count(*)::integer, count(i.model_id)::integer
    into v_known, v_listed
    from public.model_pricing m
    left join (
        select coalesce(r.provider, p_provider) as provider_slug, r.model_id
        from jsonb_to_recordset(p_prices) as r (provider text, model_id text)
        union
        select p_provider, r.model_id
        from jsonb_to_recordset(p_skipped) as r (model_id text)
    ) as i on i.provider_slug = m.provider_slug and i.model_id = m.model_id
    where m.provider_slug = any (p_targets)
        and m.is_active
        and m.listed_by = p_provider;
    v_is_accepted := coalesce(
        v_listed >= v_accepted.accepted_list_models or v_listed * 2 > v_accepted.accepted_list_models, false
    );
    if v_known > 0 and v_listed * 2 <= v_known and not v_is_accepted then
        raise exception 'The list has % of % known models: half of them or more are gone', v_listed, v_known
            using errcode = 'PT422',
                detail = jsonb_build_object('error_kind', 'list_shrunk')::text,
                hint = format(
                    'Nothing was changed. If the provider really dropped them: select accept_shorter_list(%L);', p_provider
                );
    end if;
    v_is_accepted := v_is_accepted and v_listed * 2 <= v_known;

    -- Such as after a renamed JSON key: no price is wrong, but all are gone, or one of each model. Only prices of the list's
    -- own source count, not those that the catalogue gave meanwhile.
    with listed as (
        select coalesce(r.provider, p_provider) as provider_slug, r.*
        from jsonb_to_recordset(p_prices) as r (
            provider text,
            model_id text,
            price_per_input_token text,
            price_per_output_token text,
            price_per_cache_read_token text,
            price_per_cache_write_token text,
            price_per_cache_write_1h_token text,
            price_per_input_audio_token text,
            price_per_output_audio_token text,
            price_per_cache_read_audio_token text,
            price_per_input_image_token text,
            price_per_output_image_token text,
            price_per_input_character text,
            price_per_audio_second text,
            price_per_page text,
            price_per_video_second text,
            conditions jsonb
        )
    ),
    known as (
        select
            coalesce(
                m.synced -> 'price_per_input_token',
                m.synced -> 'price_per_output_token',
                case when m.synced is null then to_jsonb(coalesce(m.price_per_input_token, m.price_per_output_token)) end
            ) is not null as is_priced,
            coalesce(i.price_per_input_token, i.price_per_output_token) is null
                and coalesce(i.conditions, '[]') = '[]' as is_lost,
            case
                -- Nearly no model loses a price, and arrays for all of them would cost as much as the comparison of the list.
                when m.synced is not null
                    or (i.price_per_input_token is null and m.price_per_input_token > 0)
                    or (i.price_per_output_token is null and m.price_per_output_token > 0)
                    or (i.price_per_cache_read_token is null and m.price_per_cache_read_token > 0)
                    or (i.price_per_cache_write_token is null and m.price_per_cache_write_token > 0)
                    or (i.price_per_cache_write_1h_token is null and m.price_per_cache_write_1h_token > 0)
                    or (i.price_per_input_audio_token is null and m.price_per_input_audio_token > 0)
                    or (i.price_per_output_audio_token is null and m.price_per_output_audio_token > 0)
                    or (i.price_per_cache_read_audio_token is null and m.price_per_cache_read_audio_token > 0)
                    or (i.price_per_input_image_token is null and m.price_per_input_image_token > 0)
                    or (i.price_per_output_image_token is null and m.price_per_output_image_token > 0)
                    or (i.price_per_input_character is null and m.price_per_input_character > 0)
                    or (i.price_per_audio_second is null and m.price_per_audio_second > 0)
                    or (i.price_per_page is null and m.price_per_page > 0)
                    or (i.price_per_video_second is null and m.price_per_video_second > 0)
                then array(
                    select a.place
                    from unnest(
                        v_axes,
                        array[
                            m.price_per_input_token,
                            m.price_per_output_token,
                            m.price_per_cache_read_token,
                            m.price_per_cache_write_token,
                            m.price_per_cache_write_1h_token,
                            m.price_per_input_audio_token,
                            m.price_per_output_audio_token,
                            m.price_per_cache_read_audio_token,
                            m.price_per_input_image_token,
                            m.price_per_output_image_token,
                            m.price_per_input_character,
                            m.price_per_audio_second,
                            m.price_per_page,
                            m.price_per_video_second
                        ]::numeric[],
                        array[
                            i.price_per_input_token,
                            i.price_per_output_token,
                            i.price_per_cache_read_token,
                            i.price_per_cache_write_token,
                            i.price_per_cache_write_1h_token,
                            i.price_per_input_audio_token,
                            i.price_per_output_audio_token,
                            i.price_per_cache_read_audio_token,
                            i.price_per_input_image_token,
                            i.price_per_output_image_token,
                            i.price_per_input_character,
                            i.price_per_audio_second,
                            i.price_per_page,
                            i.price_per_video_second
                        ]
                    ) with ordinality as a (axis, known, amount, place)
                    where case when m.synced is null then a.known else (m.synced ->> a.axis)::numeric end > 0
                        and a.amount is null
                        -- A price that has moved into conditions is not gone.
                        and not exists (
                            select from jsonb_array_elements(i.conditions) as c (entry) where c.entry ->> a.axis is not null
                        )
                )
            end as places
        from public.model_pricing m
        join listed i on i.provider_slug = m.provider_slug and i.model_id = m.model_id
        where m.provider_slug = any (p_targets)
            and m.is_active
            and (m.pricing_source like 'catalogue:%') = (p_provider = 'catalogue')
    )
    select
        (count(*) filter (where k.is_priced))::integer,
        (count(*) filter (where k.is_priced and k.is_lost))::integer,
        jsonb_agg(jsonb_build_object('places', k.places)) filter (where k.places <> '{}')
    into v_priced, v_lost, v_losing
    from known k;
    if v_accepted.accepted_list_prices_gone is true then
        return v_is_accepted;
    end if;
    if v_lost >= 5 and v_lost * 2 >= v_priced then
        raise exception 'The list has no price any more for % of % models that had one: half of them or more', v_lost, v_priced
            using errcode = 'PT422',
                detail = jsonb_build_object('error_kind', 'prices_gone')::text,
                hint = format(
                    'Nothing was changed. If the provider really publishes none: select accept_shorter_list(%L);', p_provider
                );
    end if;
    if v_losing is null then
        return v_is_accepted;
    end if;

    select l.axis, l.lost, k.known
    into v_axis, v_lost, v_priced
    from (
        select v_axes[p.place] as axis, count(*)::integer as lost
        from jsonb_to_recordset(v_losing) as e (places integer[])
        cross join lateral unnest(e.places) as p (place)
        group by p.place
    ) as l
    cross join public.pricing_list_bounds() b
    cross join lateral (
        select count(*)::integer as known
        from public.model_pricing m
        join (
            select coalesce(r.provider, p_provider) as provider_slug, r.model_id
            from jsonb_to_recordset(p_prices) as r (provider text, model_id text)
        ) as i on i.provider_slug = m.provider_slug and i.model_id = m.model_id
        where m.provider_slug = any (p_targets)
            and m.is_active
            and (m.pricing_source like 'catalogue:%') = (p_provider = 'catalogue')
            and (public.pricing_base_set(m) ->> l.axis)::numeric > 0
        -- Offset 0: only for the few prices that reach the floor.
        offset 0
    ) as k
    where l.lost >= b.gone_models and l.lost * b.gone_one_of >= k.known
    order by l.lost desc, l.axis
    limit 1;
    if v_axis is not null then
        raise exception 'The list has no % any more for % of % models that had one: half of them or more', v_axis, v_lost, v_priced
            using errcode = 'PT422',
                detail = jsonb_build_object('error_kind', 'prices_gone')::text,
                hint = format(
                    'Nothing was changed. If the provider really publishes none: select accept_shorter_list(%L);', p_provider
                );
    end if;
    return v_is_accepted;
end;
$$;

comment on function public.refuse_odd_list(text, text[], jsonb, jsonb) is
'Refuse with PT422 a list that is empty, lacks half of its known models, or the prices of half of those that had one, or one price of half of those (10 or more) that had it, unless a person has accepted that; with 21000 one that has a model twice. Returns true when it lacks half of its models and a person has accepted that.';
