-- The highest id decides, not the newest time, so that a clock that was set back does not bring an old price back.
-- after: pricing_effective_set, pricing_moment, pricing_price_set
create or replace function public.model_price_at(
    provider text,
    model text,
    at timestamptz default now()
)
returns table (
    input_per_1m numeric,
    output_per_1m numeric,
    price_per_input_token numeric,
    price_per_output_token numeric,
    price_per_cache_read_token numeric,
    price_per_cache_write_token numeric,
    price_per_cache_write_1h_token numeric,
    price_per_reasoning_token numeric,
    price_per_input_audio_token numeric,
    price_per_output_audio_token numeric,
    price_per_cache_read_audio_token numeric,
    price_per_input_image_token numeric,
    price_per_output_image_token numeric,
    price_per_image numeric,
    price_per_request numeric,
    price_per_web_search numeric,
    price_per_input_character numeric,
    price_per_audio_second numeric,
    price_per_page numeric,
    price_per_video_second numeric,
    conditions jsonb,
    changed_at timestamptz,
    changed_by text,
    source text,
    job_id uuid,
    history_id bigint,
    effective_at timestamptz
)
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
    v_model_id bigint;
begin
    if at is null then
        raise exception 'at cannot be null' using errcode = 'PT422', hint = 'Leave it out for the price now.';
    end if;
    select m.id into v_model_id
    from public.model_pricing m
    where m.provider_slug = model_price_at.provider and m.model_id = model_price_at.model;
    if not found then
        raise exception '% has no model %',
                coalesce(left(model_price_at.provider, 60), 'null'),
                coalesce(quote_literal(left(model_price_at.model, 512)), 'null')
            using errcode = 'PT404',
                hint = 'Ids are case sensitive, as the provider spells them: select provider, model from model_prices where ...';
    end if;

    return query
    select
        trim_scale(p.price_per_input_token::numeric * 1000000),
        trim_scale(p.price_per_output_token::numeric * 1000000),
        p.price_per_input_token::numeric,
        p.price_per_output_token::numeric,
        p.price_per_cache_read_token::numeric,
        p.price_per_cache_write_token::numeric,
        p.price_per_cache_write_1h_token::numeric,
        p.price_per_reasoning_token::numeric,
        p.price_per_input_audio_token::numeric,
        p.price_per_output_audio_token::numeric,
        p.price_per_cache_read_audio_token::numeric,
        p.price_per_input_image_token::numeric,
        p.price_per_output_image_token::numeric,
        p.price_per_image::numeric,
        p.price_per_request::numeric,
        p.price_per_web_search::numeric,
        p.price_per_input_character::numeric,
        p.price_per_audio_second::numeric,
        p.price_per_page::numeric,
        p.price_per_video_second::numeric,
        coalesce(p.conditions, '[]'),
        f.changed_at,
        f.changed_by,
        f.pricing_source,
        f.job_id,
        f.id,
        greatest(
            f.charged_from,
            -- The announcement that has begun or ended since.
            (
                select max(e.moment)
                from jsonb_array_elements(coalesce(f.conditions, '[]')) as c (entry)
                cross join lateral (
                    values
                        (public.pricing_moment(c.entry ->> 'effective_from')),
                        (public.pricing_moment(c.entry ->> 'effective_until'))
                ) as e (moment)
                where e.moment <= model_price_at.at
            )
        )
    from (
        -- By name: api_readers may read no other column.
        select
            h.id,
            h.changed_at,
            h.changed_by,
            h.pricing_source,
            h.job_id,
            h.conditions,
            h.price_per_input_token,
            h.price_per_output_token,
            h.price_per_cache_read_token,
            h.price_per_cache_write_token,
            h.price_per_cache_write_1h_token,
            h.price_per_reasoning_token,
            h.price_per_input_audio_token,
            h.price_per_output_audio_token,
            h.price_per_cache_read_audio_token,
            h.price_per_input_image_token,
            h.price_per_output_image_token,
            h.price_per_image,
            h.price_per_request,
            h.price_per_web_search,
            h.price_per_input_character,
            h.price_per_audio_second,
            h.price_per_page,
            h.price_per_video_second,
            coalesce(h.effective_at, h.changed_at) as charged_from
        from public.model_pricing_history h
        where h.model_id = v_model_id
            and h.is_in_force
            and coalesce(h.effective_at, h.changed_at) <= model_price_at.at
        order by h.id desc
        limit 1
    ) as f
    cross join lateral jsonb_populate_record(
        null::public.model_pricing,
        public.pricing_effective_set(public.pricing_price_set(to_jsonb(f)), model_price_at.at)
    ) as p;
end;
$$;

comment on function public.model_price_at(text, text, timestamptz) is
'The price that was in force then (for a time to come: that is announced), from history alone: USD per million tokens first, then for one unit of each axis; no row before the first price, nulls where it was unknown. effective_at: since when.';
