-- A zero of cache, audio or reasoning beside a positive price was a field that a provider had filled in, and no price: it
-- becomes unknown, with a history row that has the reason. A fee of 0 becomes null without one, because both mean no fee.
-- Overrides stay in force with what they fix.
comment on column public.model_pricing_history.changed_by is 'api_sync:<provider>, manual:<name>, rollback:<job_id>, expiry:<override id> or repair:<reason>, by a migration.';

-- No sync may write a price between reading and writing it here.
lock table public.model_pricing in share row exclusive mode;

do $repair$
declare
    v_filled constant text[] := array[
        'price_per_cache_read_token',
        'price_per_cache_write_token',
        'price_per_cache_write_1h_token',
        'price_per_input_audio_token',
        'price_per_output_audio_token',
        'price_per_cache_read_audio_token',
        'price_per_reasoning_token'
    ];
    v_only_fees constant text[] := array['price_per_image', 'price_per_request', 'price_per_web_search'];
    v_fees constant text[] := v_only_fees || 'price_per_reasoning_token'::text;
    v_now constant timestamptz := clock_timestamp();
    v_mark constant text := coalesce(current_setting('pricing.writer', true), '');
    v_notices jsonb;
    v_notice record;
begin
    -- The mark of the functions that write history too; without it the table refuses an UPDATE.
    perform set_config('pricing.writer', 'on', true);
    with model as materialized (
        select
            m.id,
            m.provider_slug,
            m.synced,
            coalesce(o.prices, '{}') as fixed,
            c.in_force,
            coalesce(m.synced, c.in_force) as said
        from public.model_pricing m
        left join public.pricing_overrides o on o.model_id = m.id and o.ended_at is null
        cross join lateral (
            select jsonb_object_agg(e.key, trim_scale((e.value #>> '{}')::numeric)::text)
                || jsonb_build_object('conditions', m.conditions) as in_force
            from jsonb_each(to_jsonb(m)) as e
            where starts_with(e.key, 'price_per_') and e.value <> 'null'
        ) as c
        where 0 = any (array[
            m.price_per_cache_read_token,
            m.price_per_cache_write_token,
            m.price_per_cache_write_1h_token,
            m.price_per_input_audio_token,
            m.price_per_output_audio_token,
            m.price_per_cache_read_audio_token,
            m.price_per_reasoning_token,
            m.price_per_image,
            m.price_per_request,
            m.price_per_web_search
        ]::numeric[])
            or m.conditions::text ~ '"0[.0]*"'
            or m.synced::text ~ '"0[.0]*"'
    ),
    repaired as materialized (
        select
            m.*,
            (m.said - b.zeros) || case
                when m.said ? 'conditions' then jsonb_build_object('conditions', coalesce(c.conditions, '[]'))
                else '{}'
            end as prices
        from model m
        -- The axes that cost something, in the base or under a condition.
        cross join lateral (
            select coalesce(array_agg(e.key), '{}') as charged
            from (
                select m.said as prices
                union all
                select l.condition from jsonb_array_elements(m.said -> 'conditions') as l (condition)
            ) as s
            cross join lateral jsonb_each(s.prices) as e
            where starts_with(e.key, 'price_per_') and (e.value #>> '{}')::numeric > 0
        ) as a
        cross join lateral (
            select coalesce(array_agg(e.key), '{}') as zeros
            from jsonb_each(m.said) as e
            where starts_with(e.key, 'price_per_')
                and (e.value #>> '{}')::numeric = 0
                and (e.key = any (v_fees) or (e.key = any (v_filled) and a.charged <> '{}'))
        ) as b
        cross join lateral (
            select jsonb_agg(k.condition order by k.position) as conditions
            from (
                select
                    l.position,
                    (l.condition - z.dropped - z.unknown)
                        || coalesce((select jsonb_object_agg(u, null) from unnest(z.unknown) as u), '{}') as condition
                from jsonb_array_elements(m.said -> 'conditions') with ordinality as l (condition, position)
                -- Where the model has a price of that axis, its zero is unknown, and that of a fee takes the fee away;
                -- elsewhere it says nothing.
                cross join lateral (
                    select
                        coalesce(array_agg(e.key) filter (where e.key <> all (a.charged)), '{}') as dropped,
                        coalesce(
                            array_agg(e.key) filter (where e.key = any (a.charged) and e.key = any (v_filled)), '{}'
                        ) as unknown
                    from jsonb_each(l.condition) as e
                    where (e.key = any (v_fees) or e.key = any (v_filled))
                        and (e.value #>> '{}')::numeric = 0
                        and (
                            e.key = any (v_fees)
                            or exists (
                                select
                                from jsonb_each(m.said || l.condition) as o
                                where starts_with(o.key, 'price_per_') and (o.value #>> '{}')::numeric > 0
                            )
                        )
                ) as z
            ) as k
            where exists (select from jsonb_object_keys(k.condition) as key where starts_with(key, 'price_per_'))
        ) as c
    ),
    charged as materialized (
        select
            r.id,
            r.provider_slug,
            r.synced,
            r.in_force as old_in_force,
            r.said as old_prices,
            r.prices,
            case when r.synced is null then r.prices else (r.prices || r.fixed) || jsonb_build_object('conditions', (
                select coalesce(jsonb_agg(k.kept order by k.position), '[]')
                from (
                    select e.condition - array(select jsonb_object_keys(r.fixed)) as kept, e.position
                    from jsonb_array_elements(r.prices -> 'conditions') with ordinality as e (condition, position)
                ) as k
                where exists (select from jsonb_object_keys(k.kept) as key where starts_with(key, 'price_per_'))
            )) end as in_force
        from repaired r
        where r.prices <> r.said
    ),
    judged as materialized (
        select
            c.*,
            -- Beyond fees of 0, which are the same as none.
            w.is_changed,
            c.synced is not null and w.is_noted as is_noted
        from charged c
        cross join lateral (
            select
                c.old_in_force - v_only_fees <> c.in_force - v_only_fees as is_changed,
                c.old_prices - v_only_fees <> c.prices - v_only_fees as is_noted
        ) as w
    ),
    recorded as (
        insert into public.model_pricing_history (
            model_id,
            is_in_force,
            changed_at,
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
        select
            r.id,
            r.is_in_force,
            v_now,
            'repair:zero_is_unknown',
            m.pricing_source,
            p.price_per_input_token,
            p.price_per_output_token,
            p.price_per_input_token,
            p.price_per_output_token,
            p.price_per_cache_read_token,
            p.price_per_cache_write_token,
            p.price_per_cache_write_1h_token,
            p.price_per_reasoning_token,
            p.price_per_input_audio_token,
            p.price_per_output_audio_token,
            p.price_per_cache_read_audio_token,
            p.price_per_input_image_token,
            p.price_per_output_image_token,
            p.price_per_image,
            p.price_per_request,
            p.price_per_web_search,
            p.price_per_input_character,
            p.price_per_audio_second,
            p.price_per_page,
            p.price_per_video_second,
            coalesce(p.conditions, '[]'),
            m.extra
        from (
            select j.id, false as is_in_force, j.prices from judged j where j.is_noted
            union all
            select j.id, true, j.in_force from judged j where j.is_changed
        ) as r
        join public.model_pricing m on m.id = r.id
        cross join lateral jsonb_populate_record(null::public.model_pricing, r.prices) as p
        order by r.id, r.is_in_force
    ),
    written as (
        update public.model_pricing m
        set synced = case when m.synced is not null then j.prices end,
            last_changed_at = case when j.is_changed then v_now else m.last_changed_at end,
            price_per_cache_read_token = p.price_per_cache_read_token,
            price_per_cache_write_token = p.price_per_cache_write_token,
            price_per_cache_write_1h_token = p.price_per_cache_write_1h_token,
            price_per_reasoning_token = p.price_per_reasoning_token,
            price_per_input_audio_token = p.price_per_input_audio_token,
            price_per_output_audio_token = p.price_per_output_audio_token,
            price_per_cache_read_audio_token = p.price_per_cache_read_audio_token,
            price_per_image = p.price_per_image,
            price_per_request = p.price_per_request,
            price_per_web_search = p.price_per_web_search,
            conditions = p.conditions
        from judged j
        cross join lateral jsonb_populate_record(null::public.model_pricing, j.in_force) as p
        where m.id = j.id
    )
    select jsonb_agg(jsonb_build_object('provider', n.provider_slug, 'count', n.changed, 'job_id', null))
    into v_notices
    from (
        select j.provider_slug, count(*) as changed from judged j where j.is_changed group by j.provider_slug
    ) as n;
    perform set_config('pricing.writer', v_mark, true);

    for v_notice in select n.notice::text as payload from jsonb_array_elements(v_notices) as n (notice) loop
        perform pg_notify('pricing_changed', v_notice.payload);
    end loop;
end
$repair$;
