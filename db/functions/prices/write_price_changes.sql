-- The only place where a price in force changes, together with its history row. The caller has locked the providers'
-- prices (lock_provider_prices) and names in p_changed_by who changes them.
-- after: pricing_differ, pricing_effective_set, pricing_next_effective_at, pricing_price_set, pricing_prices_in_force, pricing_prices_of, pricing_set_of, pricing_set_under_override
create or replace function public.write_price_changes(
    p_changes public.pricing_change[],
    p_changed_by text,
    p_changed_at timestamptz default clock_timestamp(),
    p_job_id uuid default null,
    p_observed_at timestamptz default null
)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- As in compare_provider_prices.
set enable_nestloop = off
set jit = off
as $$
declare
    -- Without nested loops a join reads the whole table; for these ids an index serves.
    v_ids constant bigint[] := array(
        select c.id from unnest(p_changes) as c where c.id is not null
    );
    v_mark constant text := coalesce(current_setting('pricing.writer', true), '');
    v_written integer;
    v_notices jsonb;
    v_notice record;
begin
    -- See check_model_pricing.
    perform set_config('pricing.writer', 'on', true);
    with change as (
        select
            m.id,
            m.provider_slug,
            -- Without an override they are the prices in force.
            case when o.id is not null then s.synced end as synced,
            case
                when o.id is null then null
                when m.synced is null then f.old_in_force
                else public.pricing_prices_of(m.synced)
            end as old_synced,
            o.id is not null as is_overridden,
            s.in_force,
            case
                when (s.synced).conditions is not null or (s.in_force).conditions is not null then least(
                    public.pricing_next_effective_at(public.pricing_set_of(s.synced), f.moment),
                    public.pricing_next_effective_at(public.pricing_set_of(s.in_force), f.moment)
                )
            end as next_effective_at,
            c.effective_at,
            f.old_in_force,
            coalesce(c.source, m.pricing_source) as source,
            coalesce(c.extra, m.extra) as extra,
            coalesce(c.raw, '{}') as raw
        from unnest(p_changes) as c
        join public.model_pricing m on m.id = c.id and m.id = any (v_ids)
        left join public.pricing_overrides o
            on o.model_id = m.id and o.model_id = any (v_ids) and o.ended_at is null
        -- Offset 0: computed once per model, not at each use.
        cross join lateral (
            select
                public.pricing_prices_in_force(m) as old_in_force,
                coalesce(c.moment, p_changed_at) as moment
            offset 0
        ) as f
        cross join lateral (
            select
                e.synced,
                case
                    when o.id is null then e.synced
                    else public.pricing_prices_of(
                        public.pricing_set_under_override(
                            public.pricing_set_of(e.synced), o.prices, o.expires_at, f.moment
                        )
                    )
                end as in_force
            from (
                -- Most sets need neither call, and one for each of 25,000 models would take a second.
                select
                    case
                        when (p.prices).conditions is null then p.prices
                        else public.pricing_prices_of(
                            public.pricing_effective_set(public.pricing_set_of(p.prices), f.moment)
                        )
                    end as synced
                from (
                    select
                        case
                            -- Held by a version that kept fees of 0.
                            when 0 in (
                                (c.new).price_per_request,
                                (c.new).price_per_image,
                                (c.new).price_per_web_search,
                                (c.new).price_per_reasoning_token
                            )
                                then public.pricing_prices_of(public.pricing_price_set(public.pricing_set_of(c.new)))
                            else c.new
                        end as prices
                    offset 0
                ) as p
                offset 0
            ) as e
            offset 0
        ) as s
    ),
    judged as materialized (
        select
            c.*,
            public.pricing_differ(c.old_in_force, c.in_force) as is_changed,
            -- A change of the provider's price under an override.
            c.is_overridden and public.pricing_differ(c.old_synced, c.synced) as is_noted
        from change c
    ),
    recorded as (
        insert into public.model_pricing_history (
            model_id,
            provider_slug,
            is_in_force,
            changed_at,
            effective_at,
            changed_by,
            job_id,
            observed_at,
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
            extra,
            raw
        )
        select
            r.id,
            r.provider_slug,
            r.is_in_force,
            p_changed_at,
            r.effective_at,
            p_changed_by,
            p_job_id,
            p_observed_at,
            r.source,
            (r.old_prices).price_per_input_token,
            (r.old_prices).price_per_output_token,
            (r.prices).price_per_input_token,
            (r.prices).price_per_output_token,
            (r.prices).price_per_cache_read_token,
            (r.prices).price_per_cache_write_token,
            (r.prices).price_per_cache_write_1h_token,
            (r.prices).price_per_reasoning_token,
            (r.prices).price_per_input_audio_token,
            (r.prices).price_per_output_audio_token,
            (r.prices).price_per_cache_read_audio_token,
            (r.prices).price_per_input_image_token,
            (r.prices).price_per_output_image_token,
            (r.prices).price_per_image,
            (r.prices).price_per_request,
            (r.prices).price_per_web_search,
            (r.prices).price_per_input_character,
            (r.prices).price_per_audio_second,
            (r.prices).price_per_page,
            (r.prices).price_per_video_second,
            coalesce((r.prices).conditions, '[]'),
            r.extra,
            r.raw
        from (
            select j.id, j.provider_slug, false as is_in_force, j.synced as prices, j.old_synced as old_prices, j.source, j.extra, j.raw,
                j.effective_at
            from judged j
            where j.is_noted
            union all
            select j.id, j.provider_slug, true, j.in_force, j.old_in_force, j.source, j.extra, j.raw, j.effective_at
            from judged j
            where j.is_changed
        ) as r
        returning model_id
    ),
    written as (
        update public.model_pricing m
        set synced = case when j.is_overridden then public.pricing_set_of(j.synced) end,
            pricing_source = j.source,
            extra = j.extra,
            next_effective_at = j.next_effective_at,
            last_changed_at = case when j.is_changed then p_changed_at else m.last_changed_at end,
            price_per_input_token = (j.prices).price_per_input_token,
            price_per_output_token = (j.prices).price_per_output_token,
            price_per_cache_read_token = (j.prices).price_per_cache_read_token,
            price_per_cache_write_token = (j.prices).price_per_cache_write_token,
            price_per_cache_write_1h_token = (j.prices).price_per_cache_write_1h_token,
            price_per_reasoning_token = (j.prices).price_per_reasoning_token,
            price_per_input_audio_token = (j.prices).price_per_input_audio_token,
            price_per_output_audio_token = (j.prices).price_per_output_audio_token,
            price_per_cache_read_audio_token = (j.prices).price_per_cache_read_audio_token,
            price_per_input_image_token = (j.prices).price_per_input_image_token,
            price_per_output_image_token = (j.prices).price_per_output_image_token,
            price_per_image = (j.prices).price_per_image,
            price_per_request = (j.prices).price_per_request,
            price_per_web_search = (j.prices).price_per_web_search,
            price_per_input_character = (j.prices).price_per_input_character,
            price_per_audio_second = (j.prices).price_per_audio_second,
            price_per_page = (j.prices).price_per_page,
            price_per_video_second = (j.prices).price_per_video_second,
            conditions = coalesce((j.prices).conditions, '[]')
        from (
            select
                w.*,
                case
                    when w.is_changed then w.in_force
                    -- A difference of float noise alone leaves the price as it was, to the last digit. A fee of 0 that an
                    -- override fixes is in the set in force only.
                    else public.pricing_prices_of(
                        public.pricing_set_of(w.in_force) || public.pricing_set_of(w.old_in_force)
                    )
                end as prices
            from judged w
            offset 0
        ) as j
        where m.id = j.id and m.id = any (v_ids)
        returning m.id
    )
    select
        (select count(distinct r.model_id) from recorded r)::integer,
        coalesce(
            (
                select jsonb_agg(jsonb_build_object('provider', n.provider_slug, 'count', n.changed))
                from (
                    select j.provider_slug, count(*) as changed
                    from judged j
                    where j.is_changed
                    group by j.provider_slug
                    order by j.provider_slug
                ) as n
            ),
            '[]'
        )
    into v_written, v_notices;
    perform set_config('pricing.writer', v_mark, true);

    -- One notification per provider: a payload over 8,000 bytes would undo the transaction.
    for v_notice in
        select n.notice || jsonb_build_object('job_id', p_job_id) as payload
        from jsonb_array_elements(v_notices) as n (notice)
    loop
        perform pg_catalog.pg_notify('pricing_changed', v_notice.payload::text);
    end loop;
    return v_written;
end;
$$;

comment on function public.write_price_changes(public.pricing_change[], text, timestamptz, uuid, timestamptz) is
'Write accepted prices (of each change id, new, source, extra, raw, moment and effective_at; null leaves source and extra as they are) with their history rows; an override stays in force, and announcements that are due at p_changed_at (or moment) are folded in. Returns how many models got a history row.';
