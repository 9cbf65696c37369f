-- The only writer of synced prices. Fence, comparison, prices, history, counts and the end of the queue row are one
-- transaction: there is no moment in which prices are written and the sync is not ended.
-- Locks: queue row, model rows, log row, job row (by the projection), provider row.
create or replace function public.apply_provider_prices(
    queue_job_id bigint,
    attempt integer,
    prices jsonb,
    observed_at timestamptz default clock_timestamp(),
    skipped jsonb default '[]',
    unknown_keys jsonb default '[]',
    etag text default null,
    etag_parser text default null,
    content_digest text default null
)
returns public.pricing_sync_log
language plpgsql
security definer
set search_path = ''
-- The planner takes every JSON list for 100 rows: its nested loops need 40 s for 22,000 first prices, a hash join 0.5 s.
set enable_nestloop = off
-- Tried again by the worker. Waiting longer, behind a transaction that somebody left open, would keep the job and with
-- it the other providers of the job.
set lock_timeout = '3s'
as $$
declare
    v_row procrastinate.procrastinate_jobs;
    v_log public.pricing_sync_log;
    v_job public.pricing_sync_jobs;
    v_provider public.pricing_providers;
    v_catalogue boolean;
    v_targets text[];
    v_now timestamptz;
    v_known integer;
    v_listed integer;
    v_not_modified boolean := apply_provider_prices.prices is null;
    v_fetched integer;
    v_updated integer;
    v_unchanged integer;
    v_differences jsonb;
    v_skipped integer := coalesce(jsonb_array_length(apply_provider_prices.skipped), 0);
begin
    select q.* into v_row
    from procrastinate.procrastinate_jobs q
    where q.id = apply_provider_prices.queue_job_id
        and q.task_name = 'sync_provider'
        -- Here, so that a late attempt locks nothing: somebody who ends the job just then would leave the row to it.
        and q.status = 'doing'
        and q.attempts + 1 = apply_provider_prices.attempt
    for no key update;

    select l.* into v_log
    from public.pricing_sync_log l
    where l.queue_job_id = apply_provider_prices.queue_job_id and l.attempt = apply_provider_prices.attempt;
    if v_log.applied_at is not null then
        return v_log;
    end if;

    if v_row.id is null or v_row.abort_requested or v_log.id is null then
        raise exception 'Attempt % of queue row % is not running any more; its prices were not written',
                apply_provider_prices.attempt, apply_provider_prices.queue_job_id
            using errcode = 'PT409', hint = 'Another worker has it, or it was cancelled; pricing_sync_log says which.';
    end if;

    select j.* into strict v_job from public.pricing_sync_jobs j where j.job_id = v_log.job_id;
    select p.* into v_provider from public.pricing_providers p where p.slug = v_log.provider_slug;

    if v_provider.enabled is not true then
        perform public.end_provider_sync(
            v_row.id, apply_provider_prices.attempt, 'cancelled', 'disabled',
            'The provider was disabled or deleted while its sync ran'
        );
        select l.* into v_log from public.pricing_sync_log l where l.id = v_log.id;
        return v_log;
    end if;

    v_catalogue := v_provider.slug = 'catalogue';
    if v_catalogue then
        -- It speaks for those that cannot speak for themselves, and for nobody else.
        select coalesce(array_agg(t.provider), '{}') into v_targets
        from (
            select i.provider
            from jsonb_to_recordset(coalesce(apply_provider_prices.prices, '[]')) as i (provider text)
            where i.provider is not null
            union
            -- It may have dropped a provider whole: that one's models are missing as well.
            select m.provider_slug from public.model_pricing m where m.pricing_source like 'catalogue:%'
        ) as t;
    else
        v_targets := array[v_provider.slug];
    end if;
    perform public.lock_provider_prices(v_targets);
    if v_catalogue then
        select coalesce(array_agg(t), '{}') into v_targets
        from unnest(v_targets) as t
        where not exists (
            select
            from public.pricing_providers p
            where p.slug = t
                and p.adapter is not null
                and p.last_success_at is not null
                and p.state not in ('no_credentials', 'no_price_api')
        );
    end if;
    v_now := clock_timestamp();

    if v_not_modified then
        select count(*)::integer into v_fetched
        from public.model_pricing m
        where m.provider_slug = any (v_targets) and m.is_active;
        v_updated := 0;
        v_unchanged := v_fetched;

        -- The list is as it was: who was missing from it is missing still.
        if not v_job.dry_run then
            update public.model_pricing m
            set missing_count = m.missing_count + 1,
                is_active = m.missing_count + 1 < 3
            where m.provider_slug = any (v_targets) and m.is_active and m.missing_count > 0;
        end if;
    else
        if jsonb_array_length(apply_provider_prices.prices) + v_skipped = 0 then
            raise exception 'The list is empty'
                using errcode = 'PT422',
                    detail = jsonb_build_object('error_kind', 'empty_list')::text,
                    hint = 'Nothing was changed.';
        end if;

        select count(*)::integer, count(i.model_id)::integer
        into v_known, v_listed
        from public.model_pricing m
        left join (
            select coalesce(r.provider, v_provider.slug) as provider_slug, r.model_id
            from jsonb_to_recordset(apply_provider_prices.prices) as r (provider text, model_id text)
            union
            select v_provider.slug, r.model_id
            from jsonb_to_recordset(apply_provider_prices.skipped) as r (model_id text)
        ) as i on i.provider_slug = m.provider_slug and i.model_id = m.model_id
        where m.provider_slug = any (v_targets)
            and m.is_active
            and (m.pricing_source like 'catalogue:%') = v_catalogue;
        if v_known > 0 and v_listed * 2 <= v_known then
            raise exception 'The list has % of % known models: half of them or more are gone', v_listed, v_known
                using errcode = 'PT422',
                    detail = jsonb_build_object('error_kind', 'list_shrunk')::text,
                    hint = 'Nothing was changed. If the provider really dropped them, set is_active = false for those in model_pricing.';
        end if;

        with incoming as materialized (
            select
                coalesce(i.provider, v_provider.slug) as provider_slug,
                i.model_id,
                i.name,
                i.source,
                i.price_per_input_token,
                i.price_per_output_token,
                i.price_per_cache_read_token,
                i.price_per_cache_write_token,
                i.price_per_cache_write_1h_token,
                i.price_per_reasoning_token,
                i.price_per_input_audio_token,
                i.price_per_output_audio_token,
                i.price_per_cache_read_audio_token,
                i.price_per_input_image_token,
                i.price_per_output_image_token,
                i.price_per_image,
                i.price_per_request,
                i.price_per_web_search,
                coalesce(i.conditions, '[]') as conditions,
                coalesce(i.extra, '{}') as extra,
                coalesce(i.raw, '{}') as raw
            from jsonb_to_recordset(apply_provider_prices.prices) as i (
                provider text,
                model_id text,
                name text,
                source text,
                -- The domain refuses NaN, Infinity and negative amounts here: compared, NaN would equal any price.
                price_per_input_token public.pricing_usd,
                price_per_output_token public.pricing_usd,
                price_per_cache_read_token public.pricing_usd,
                price_per_cache_write_token public.pricing_usd,
                price_per_cache_write_1h_token public.pricing_usd,
                price_per_reasoning_token public.pricing_usd,
                price_per_input_audio_token public.pricing_usd,
                price_per_output_audio_token public.pricing_usd,
                price_per_cache_read_audio_token public.pricing_usd,
                price_per_input_image_token public.pricing_usd,
                price_per_output_image_token public.pricing_usd,
                price_per_image public.pricing_usd,
                price_per_request public.pricing_usd,
                price_per_web_search public.pricing_usd,
                conditions jsonb,
                extra jsonb,
                raw jsonb
            )
        ),
        compared as (
            select
                i.*,
                m.id as current_id,
                m.price_per_input_token as old_input,
                m.price_per_output_token as old_output,
                -- Token axes compare known against unknown; a fee that is absent is a fee of nothing.
                -- A first price is one that says something: fees of nothing alone do not.
                case
                    when m.id is null then
                        i.conditions <> '[]'
                        or coalesce(
                            i.price_per_input_token,
                            i.price_per_output_token,
                            i.price_per_cache_read_token,
                            i.price_per_cache_write_token,
                            i.price_per_cache_write_1h_token,
                            nullif(i.price_per_reasoning_token, 0),
                            i.price_per_input_audio_token,
                            i.price_per_output_audio_token,
                            i.price_per_cache_read_audio_token,
                            i.price_per_input_image_token,
                            i.price_per_output_image_token,
                            nullif(i.price_per_image, 0),
                            nullif(i.price_per_request, 0),
                            nullif(i.price_per_web_search, 0)
                        ) is not null
                    else
                        i.conditions <> m.conditions
                        or public.pricing_prices_differ(
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
                                coalesce(m.price_per_reasoning_token, 0),
                                coalesce(m.price_per_image, 0),
                                coalesce(m.price_per_request, 0),
                                coalesce(m.price_per_web_search, 0)
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
                                coalesce(i.price_per_reasoning_token, 0),
                                coalesce(i.price_per_image, 0),
                                coalesce(i.price_per_request, 0),
                                coalesce(i.price_per_web_search, 0)
                            ]::numeric[]
                        )
                end as is_changed,
                -- Worth writing, but not a price: it came back, has another name, source or set of extra keys.
                m.id is null
                    or coalesce(i.name, m.name) is distinct from m.name
                    or split_part(i.source, ':', 1) <> split_part(m.pricing_source, ':', 1)
                    or m.missing_count > 0
                    or not m.is_active
                    or (
                        i.extra <> m.extra
                        and array(select jsonb_object_keys(i.extra) order by 1)
                            <> array(select jsonb_object_keys(m.extra) order by 1)
                    ) as is_touched
            from incoming i
            left join public.model_pricing m on m.provider_slug = i.provider_slug and m.model_id = i.model_id
            where i.provider_slug = any (v_targets)
                -- The catalogue never overwrites a number from the provider itself.
                and (not v_catalogue or m.id is null or m.pricing_source like 'catalogue:%')
        ),
        written as (
            insert into public.model_pricing as m (
                provider_slug,
                model_id,
                name,
                pricing_source,
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
                conditions,
                extra,
                first_seen_at,
                last_changed_at
            )
            select
                c.provider_slug,
                c.model_id,
                c.name,
                c.source,
                c.price_per_input_token,
                c.price_per_output_token,
                c.price_per_cache_read_token,
                c.price_per_cache_write_token,
                c.price_per_cache_write_1h_token,
                c.price_per_reasoning_token,
                c.price_per_input_audio_token,
                c.price_per_output_audio_token,
                c.price_per_cache_read_audio_token,
                c.price_per_input_image_token,
                c.price_per_output_image_token,
                c.price_per_image,
                c.price_per_request,
                c.price_per_web_search,
                c.conditions,
                c.extra,
                v_now,
                case when c.is_changed then v_now end
            from compared c
            where (c.is_changed or c.is_touched) and not v_job.dry_run
            on conflict (provider_slug, model_id) do update
            set name = coalesce(excluded.name, m.name),
                pricing_source = excluded.pricing_source,
                price_per_input_token = excluded.price_per_input_token,
                price_per_output_token = excluded.price_per_output_token,
                price_per_cache_read_token = excluded.price_per_cache_read_token,
                price_per_cache_write_token = excluded.price_per_cache_write_token,
                price_per_cache_write_1h_token = excluded.price_per_cache_write_1h_token,
                price_per_reasoning_token = excluded.price_per_reasoning_token,
                price_per_input_audio_token = excluded.price_per_input_audio_token,
                price_per_output_audio_token = excluded.price_per_output_audio_token,
                price_per_cache_read_audio_token = excluded.price_per_cache_read_audio_token,
                price_per_input_image_token = excluded.price_per_input_image_token,
                price_per_output_image_token = excluded.price_per_output_image_token,
                price_per_image = excluded.price_per_image,
                price_per_request = excluded.price_per_request,
                price_per_web_search = excluded.price_per_web_search,
                conditions = excluded.conditions,
                extra = excluded.extra,
                last_changed_at = coalesce(excluded.last_changed_at, m.last_changed_at),
                missing_count = 0,
                is_active = true
            returning m.id, m.provider_slug, m.model_id
        ),
        recorded as (
            insert into public.model_pricing_history (
                model_id,
                changed_at,
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
                conditions,
                extra,
                raw
            )
            select
                w.id,
                v_now,
                'api_sync:' || v_provider.slug,
                v_job.job_id,
                apply_provider_prices.observed_at,
                c.source,
                c.old_input,
                c.old_output,
                c.price_per_input_token,
                c.price_per_output_token,
                c.price_per_cache_read_token,
                c.price_per_cache_write_token,
                c.price_per_cache_write_1h_token,
                c.price_per_reasoning_token,
                c.price_per_input_audio_token,
                c.price_per_output_audio_token,
                c.price_per_cache_read_audio_token,
                c.price_per_input_image_token,
                c.price_per_output_image_token,
                c.price_per_image,
                c.price_per_request,
                c.price_per_web_search,
                c.conditions,
                c.extra,
                c.raw
            from compared c
            join written w on w.provider_slug = c.provider_slug and w.model_id = c.model_id
            where c.is_changed
            returning 1
        ),
        missing as (
            update public.model_pricing m
            set missing_count = m.missing_count + 1,
                is_active = m.missing_count + 1 < 3
            where m.provider_slug = any (v_targets)
                and m.is_active
                and not v_job.dry_run
                and (not v_catalogue or m.pricing_source like 'catalogue:%')
                and not exists (
                    select from incoming i where i.provider_slug = m.provider_slug and i.model_id = m.model_id
                )
                -- A model that was listed but not understood is not missing.
                and not exists (
                    select
                    from jsonb_to_recordset(apply_provider_prices.skipped) as s (model_id text)
                    where s.model_id = m.model_id
                )
            returning 1
        )
        select
            (select count(*) from incoming)::integer,
            (select count(*) from recorded)::integer,
            -- What the catalogue lists of providers that speak for themselves is neither.
            (select count(*) from compared c where not c.is_changed)::integer,
            case when v_job.dry_run then jsonb_build_object(
                'differences_total', (select count(*) from compared c where c.is_changed),
                'differences', (
                    select coalesce(jsonb_agg(d.difference), '[]')
                    from (
                        select jsonb_build_object(
                            'provider', c.provider_slug,
                            'model_id', c.model_id,
                            'price_per_input_token', c.price_per_input_token::text,
                            'price_per_output_token', c.price_per_output_token::text,
                            'previous_input_price', c.old_input::text,
                            'previous_output_price', c.old_output::text
                        ) as difference
                        from compared c
                        where c.is_changed
                        order by c.provider_slug, c.model_id
                        limit 500
                    ) as d
                )
            ) end
        into v_fetched, v_updated, v_unchanged, v_differences;
        v_fetched := v_fetched + v_skipped;
    end if;

    update public.pricing_sync_log l
    set status = 'success',
        sync_completed_at = clock_timestamp(),
        applied_at = v_now,
        models_fetched = v_fetched,
        models_updated = v_updated,
        models_skipped = v_skipped,
        models_unchanged = v_unchanged,
        details = jsonb_strip_nulls(jsonb_build_object(
            'not_modified', case when v_not_modified then true end,
            'skipped', (
                -- The first of them are enough to understand; models_skipped counts all.
                select jsonb_agg(s.entry order by s.position)
                from jsonb_array_elements(apply_provider_prices.skipped) with ordinality as s (entry, position)
                where s.position <= 1000
            ),
            'unknown_keys', nullif(apply_provider_prices.unknown_keys, '[]')
        )) || coalesce(v_differences, '{}')
    where l.id = v_log.id
    returning l.* into v_log;

    update procrastinate.procrastinate_jobs q
    set status = 'succeeded'
    where q.id = v_row.id;

    if not v_job.dry_run then
        update public.pricing_providers p
        set last_success_at = v_now,
            last_changed_at = case when v_updated > 0 then v_now else p.last_changed_at end,
            consecutive_failures = 0,
            -- A slot that came while it ran, or before, is served; one to come is kept, unless failures had stretched it.
            next_sync_at = case
                when p.next_sync_at > clock_timestamp() and p.consecutive_failures < 3 then p.next_sync_at
                when p.next_sync_at > clock_timestamp() then least(
                    p.next_sync_at, public.next_pricing_sync_at(null, p.sync_interval, p.sync_jitter, 0)
                )
                else public.next_pricing_sync_at(p.next_sync_at, p.sync_interval, p.sync_jitter, 0)
            end,
            state = case when p.state in ('failing', 'no_credentials') then 'ok' else p.state end,
            etag = case when v_not_modified then p.etag else apply_provider_prices.etag end,
            etag_parser = case when v_not_modified then p.etag_parser else apply_provider_prices.etag_parser end,
            content_digest = case when v_not_modified then p.content_digest else apply_provider_prices.content_digest end
        where p.slug = v_provider.slug;
    end if;

    if v_updated > 0 then
        perform pg_catalog.pg_notify(
            'pricing_changed',
            json_build_object('provider', v_provider.slug, 'count', v_updated, 'job_id', v_job.job_id)::text
        );
    end if;
    return v_log;
end;
$$;

comment on function public.apply_provider_prices(bigint, integer, jsonb, timestamptz, jsonb, jsonb, text, text, text) is
'Write the price list of a running attempt (null: not modified) and end it; the same attempt again changes nothing, a late one gets PT409.';
