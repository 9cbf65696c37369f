-- The axes are written out, because it reads only columns that it shows (api_readers may read them too), and a function of
-- the row would read all; a test compares them with pricing_axes.
-- after: pricing_condition_amount, pricing_moment, pricing_price_moves
create or replace view public.pricing_history
with (security_invoker = true)
as
select
    h.provider_slug as provider,
    m.model_id as model,
    h.changed_at,
    v.price,
    v.before,
    v.after,
    case when v.before > 0 then trim_scale((v.after - v.before) * 100 / v.before) end as percent,
    v.condition,
    e.effective_at,
    t.begins_at as in_force_from,
    -- A row that begins earlier than the one before it, because a clock was set back, replaces all of that; an announcement
    -- may be withdrawn before it begins.
    case when t.ends_at is not null then greatest(t.ends_at, t.begins_at) end as in_force_until,
    h.changed_by,
    h.pricing_source as source,
    h.job_id,
    h.id,
    coalesce(v.position, 1) as position,
    h.is_in_force,
    trim_scale(h.price_per_input_token * 1000000) as input_per_1m,
    trim_scale(h.price_per_output_token * 1000000) as output_per_1m,
    trim_scale(h.previous_input_price * 1000000) as previous_input_per_1m,
    trim_scale(h.previous_output_price * 1000000) as previous_output_per_1m
from public.model_pricing_history h
join public.model_pricing m on m.id = h.model_id
cross join lateral (
    select
        coalesce(h.effective_at, h.changed_at) as effective_at,
        array[
            h.price_per_input_token::numeric,
            h.price_per_output_token::numeric,
            h.price_per_cache_read_token::numeric,
            h.price_per_cache_write_token::numeric,
            h.price_per_cache_write_1h_token::numeric,
            h.price_per_reasoning_token::numeric,
            h.price_per_input_audio_token::numeric,
            h.price_per_output_audio_token::numeric,
            h.price_per_cache_read_audio_token::numeric,
            h.price_per_input_image_token::numeric,
            h.price_per_output_image_token::numeric,
            h.price_per_image::numeric,
            h.price_per_request::numeric,
            h.price_per_web_search::numeric,
            h.price_per_input_character::numeric,
            h.price_per_audio_second::numeric,
            h.price_per_page::numeric,
            h.price_per_video_second::numeric
        ] as amounts
) as e
-- The row with the prices before.
left join lateral (
    select
        r.id,
        r.conditions,
        array[
            r.price_per_input_token::numeric,
            r.price_per_output_token::numeric,
            r.price_per_cache_read_token::numeric,
            r.price_per_cache_write_token::numeric,
            r.price_per_cache_write_1h_token::numeric,
            r.price_per_reasoning_token::numeric,
            r.price_per_input_audio_token::numeric,
            r.price_per_output_audio_token::numeric,
            r.price_per_cache_read_audio_token::numeric,
            r.price_per_input_image_token::numeric,
            r.price_per_output_image_token::numeric,
            r.price_per_image::numeric,
            r.price_per_request::numeric,
            r.price_per_web_search::numeric,
            r.price_per_input_character::numeric,
            r.price_per_audio_second::numeric,
            r.price_per_page::numeric,
            r.price_per_video_second::numeric
        ] as amounts
    from public.model_pricing_history r
    where r.id = (
        select max(c.id)
        from (
            (
                select r.id
                from public.model_pricing_history r
                where r.model_id = h.model_id and r.is_in_force = h.is_in_force and r.id < h.id
                    -- No price of an older system is compared with ours.
                    and (r.pricing_source <> 'legacy' or h.pricing_source = 'legacy')
                order by r.id desc
                limit 1
            )
            union all
            -- The provider's first price under an override replaces the last one that was charged without it.
            (
                select r.id
                from public.model_pricing_history r
                where not h.is_in_force
                    and r.model_id = h.model_id
                    and r.is_in_force
                    and r.id < h.id
                    and not exists (
                        select
                        from public.pricing_overrides o
                        where o.model_id = r.model_id
                            and o.created_at <= r.changed_at
                            and r.changed_at < coalesce(o.ended_at, 'infinity')
                    )
                order by r.id desc
                limit 1
            )
        ) as c
    )
    -- Keeps it a look-up for each row: as a join it would read the whole history before the first row is shown.
    limit 1
) as b on true
-- Outer: a row in which no single price differs, such as another order of conditions, is shown too.
left join lateral (
    select v.*
    from public.pricing_price_moves(
        case
            when b.id is null then array[h.previous_input_price::numeric, h.previous_output_price::numeric]
            else array[
                coalesce(h.previous_input_price, b.amounts[1])::numeric,
                coalesce(h.previous_output_price, b.amounts[2])::numeric
            ] || b.amounts[3:]
        end,
        e.amounts,
        coalesce(b.conditions, '[]'),
        h.conditions
    ) as v
    -- An announcement whose moment has come is the base price now, and shown as such.
    where v.new_amount is not null
        or not coalesce(public.pricing_moment(v.condition ->> 'effective_from') <= e.effective_at, false)
) as v on true
-- The next row in which that price is another.
left join lateral (
    select coalesce(n.effective_at, n.changed_at) as effective_at
    from public.model_pricing_history n
    where h.is_in_force
        and n.model_id = h.model_id
        and n.is_in_force
        and n.id > h.id
        and case
            when v.condition is null then (array[
                n.price_per_input_token::numeric,
                n.price_per_output_token::numeric,
                n.price_per_cache_read_token::numeric,
                n.price_per_cache_write_token::numeric,
                n.price_per_cache_write_1h_token::numeric,
                n.price_per_reasoning_token::numeric,
                n.price_per_input_audio_token::numeric,
                n.price_per_output_audio_token::numeric,
                n.price_per_cache_read_audio_token::numeric,
                n.price_per_input_image_token::numeric,
                n.price_per_output_image_token::numeric,
                n.price_per_image::numeric,
                n.price_per_request::numeric,
                n.price_per_web_search::numeric,
                n.price_per_input_character::numeric,
                n.price_per_audio_second::numeric,
                n.price_per_page::numeric,
                n.price_per_video_second::numeric
            ])[v.position]
            -- Conditions stay for years while base prices change, and each call reads all of them.
            when n.conditions = h.conditions then v.new_amount
            else public.pricing_condition_amount(n.conditions, v.condition, v.axis)
        end is distinct from v.new_amount
    order by n.id
    limit 1
) as u on true
cross join lateral (
    select
        case
            when h.is_in_force then greatest(e.effective_at, public.pricing_moment(v.condition ->> 'effective_from'))
        end as begins_at,
        case
            when h.is_in_force then least(u.effective_at, public.pricing_moment(v.condition ->> 'effective_until'))
        end as ends_at
) as t;

comment on view public.pricing_history is
'Every price change with its model''s name: one row for each price that changed, a first price included; order by changed_at desc, id desc, position. Token and character prices are US dollars per million. Where is_in_force, a price that was charged.';
comment on column public.pricing_history.price is 'Which price, as model_prices names it; null: no single price differs, only the order of conditions.';
comment on column public.pricing_history.before is 'The price before, in the unit of its name: USD per million tokens or characters, or per one unit; null: unknown, or the first price.';
comment on column public.pricing_history.after is 'The price from then on, in the same unit; null: unknown.';
comment on column public.pricing_history.percent is 'The change in percent of the price before; null where one of the two is unknown, or the one before is 0.';
comment on column public.pricing_history.condition is 'For which requests it is the price, as in model_pricing.conditions; null: the base price.';
comment on column public.pricing_history.effective_at is 'From when it is charged: an announced moment that a sync recorded late, else changed_at.';
comment on column public.pricing_history.in_force_from is 'From when it was the price in force, of an announced one its moment; null: it never was, because an override was.';
comment on column public.pricing_history.in_force_until is 'When the next other price of that name replaced it; null: it is in force now, or never was.';
comment on column public.pricing_history.position is 'The order within one change: base prices in the order of pricing_axes, then those under conditions.';
comment on column public.pricing_history.input_per_1m is 'USD per million input tokens from effective_at on, in each row of the change.';
comment on column public.pricing_history.output_per_1m is 'USD per million output tokens from effective_at on, in each row of the change.';
comment on column public.pricing_history.previous_input_per_1m is 'USD per million input tokens before; null: unknown, or the first price.';
comment on column public.pricing_history.previous_output_per_1m is 'USD per million output tokens before; null: unknown, or the first price.';
comment on column public.pricing_history.is_in_force is 'False: the provider''s price while an override was in force.';
comment on column public.pricing_history.provider is 'The provider, pricing_providers.slug.';
comment on column public.pricing_history.model is 'The model''s id as the provider spells it, case included.';
comment on column public.pricing_history.changed_at is 'When the change was written; ties are ordered by id.';
comment on column public.pricing_history.changed_by is 'api_sync:<provider>, manual:<name>, rollback:<job_id>, expiry:<override id>, announced:<provider>, or repair:<reason> by a migration.';
comment on column public.pricing_history.source is 'Where the price comes from: api:<provider>, or catalogue:genai-prices@<version>.';
comment on column public.pricing_history.job_id is 'The job that wrote it; null where a person did.';
comment on column public.pricing_history.id is 'model_pricing_history.id: the change that the row is a part of.';
