-- Every synced price is written here. Fence, comparison, guards, prices, history, counts and the end of the queue row are
-- one transaction, so prices are never written without ending the sync.
-- The worker gets counts back. The differences of a dry run are in the log row, which the worker may not read.
-- Locks: queue row, prices, model rows, held changes, log row, job row (by the projection), provider row.
-- after: apply_announced_prices, bound_price_list, find_other_models, fold_announced_prices, counts_of_sync, hold_price_changes, lock_sync_end, judge_price_changes, list_provider_models, refuse_lost_prices, refuse_odd_list, repeat_provider_list, store_list_digests, write_price_changes
create or replace function public.apply_provider_list(
    queue_job_id bigint,
    attempt integer,
    prices jsonb,
    observed_at timestamptz default clock_timestamp(),
    skipped jsonb default '[]',
    unknown_keys jsonb default '[]',
    etag text default null,
    etag_parser text default null,
    content_digest text default null,
    reference jsonb default null,
    reference_version text default null,
    unchanged bytea default null
)
returns table (
    status text,
    models_fetched integer,
    models_updated integer,
    models_skipped integer,
    models_unchanged integer,
    models_held integer,
    details jsonb
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- As in compare_provider_prices.
set enable_nestloop = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
-- A list of 25,000 changes would be written to temporary files several times.
set work_mem = '64MB'
-- wait_for_locks_until sets it before each wait: 4 seconds for all of them, then the worker gives the attempt up
-- (give_up_sync). A longer wait behind an open transaction would block the job's other providers.
set lock_timeout = '4s'
as $$
declare
    v_until constant timestamptz := clock_timestamp() + interval '4 seconds';
    v_wait_left interval;
    v_row procrastinate.procrastinate_jobs;
    v_log public.pricing_sync_log;
    v_job public.pricing_sync_jobs;
    v_provider public.pricing_providers;
    v_targets text[];
    v_now timestamptz;
    v_observed_at timestamptz := coalesce(apply_provider_list.observed_at, clock_timestamp());
    v_source text;
    v_not_modified boolean := apply_provider_list.prices is null;
    v_bounded record;
    v_folded jsonb;
    v_is_shorter boolean;
    v_other_ids bigint[];
    v_left_out integer := 0;
    v_left_out_priced integer := 0;
    v_list record;
    v_verdicts jsonb := '[]'::jsonb;
    v_accepted public.pricing_change[] := '{}'::public.pricing_change[];
    v_held_changes jsonb := '[]'::jsonb;
    v_held integer;
    v_updated integer := 0;
    v_skipped integer;
    v_unknown_keys text[];
begin
    select q.* into v_row
    from procrastinate.procrastinate_jobs q
    where q.id = apply_provider_list.queue_job_id and public.passes_fence(q, apply_provider_list.attempt)
    for no key update;

    select l.* into v_log
    from public.pricing_sync_log l
    where l.queue_job_id = apply_provider_list.queue_job_id and l.attempt = apply_provider_list.attempt;
    if v_log.applied_at is not null then
        return query select c.* from public.counts_of_sync(v_log) c;
        return;
    end if;

    if v_row.id is null
        or v_row.abort_requested
        or v_log.id is null
        or v_log.status not in ('queued', 'in_progress')
    then
        raise exception 'Attempt % of queue row % no longer runs; its prices were not written',
                apply_provider_list.attempt, apply_provider_list.queue_job_id
            using errcode = 'PT409', hint = 'Another worker has it, or it was cancelled; pricing_sync_log says which.';
    end if;

    select j.* into strict v_job from public.pricing_sync_jobs j where j.job_id = v_log.job_id;
    select p.* into v_provider from public.pricing_providers p where p.slug = v_log.provider_slug;

    if v_provider.enabled is not true then
        perform public.end_provider_sync(
            v_row.id, apply_provider_list.attempt, 'cancelled', 'disabled',
            'The provider was disabled or deleted while its sync ran'
        );
        select l.* into v_log from public.pricing_sync_log l where l.id = v_log.id;
        return query select c.* from public.counts_of_sync(v_log) c;
        return;
    end if;

    -- Assigned only where something is different: each copy of a list of 25,000 models costs 10 ms.
    select b.* into v_bounded
    from public.bound_price_list(apply_provider_list.prices, apply_provider_list.skipped) b;
    if v_bounded.prices is not null then
        apply_provider_list.prices := v_bounded.prices;
        apply_provider_list.skipped := v_bounded.skipped;
    end if;
    v_skipped := coalesce(jsonb_array_length(apply_provider_list.skipped), 0);
    if length(apply_provider_list.reference_version) > 100
        or length(apply_provider_list.content_digest) > 256
        or pg_column_size(apply_provider_list.reference) > 134217728
    then
        raise exception 'The reference or its version, or the digest of the list, is too long'
            using errcode = 'PT422',
                detail = jsonb_build_object('error_kind', 'too_large')::text,
                hint = 'Nothing was changed.';
    end if;
    -- Without an etag the next fetch reads the whole list.
    if length(apply_provider_list.etag) > 256 or length(apply_provider_list.etag_parser) > 256 then
        apply_provider_list.etag := null;
        apply_provider_list.etag_parser := null;
    end if;

    -- An hour of tolerance for the worker's clock. Other times, such as infinity, clients could not read.
    if v_observed_at not between timestamptz '2000-01-01 00:00:00+00' and clock_timestamp() + interval '1 hour' then
        raise exception 'No list was observed at %', v_observed_at
            using errcode = 'PT422', hint = 'Nothing was changed. Set the clock of the worker.';
    end if;
    v_observed_at := least(v_observed_at, clock_timestamp());

    -- Guards and catalogue depend on the source of a price, so it is not taken from the list. Where several provider rows
    -- share an adapter, the row with the adapter's name says whether it reads prices.
    v_source := case
        when 'catalogue' in (v_provider.slug, v_provider.adapter) or not coalesce(
            (select a.price_api from public.pricing_providers a where a.slug = v_provider.adapter), v_provider.price_api
        ) then 'catalogue:' || coalesce(
            apply_provider_list.reference_version,
            left(substring(apply_provider_list.prices -> 0 ->> 'source' from '^catalogue:(.*)$'), 100),
            'unknown'
        )
        else 'api:' || v_provider.slug
    end;

    v_targets := public.lock_listed_prices(v_provider.slug, apply_provider_list.prices, v_until);
    if not v_job.dry_run then
        perform public.apply_announced_prices(v_targets);
    end if;
    if not v_not_modified then
        select o.other_ids, o.left_out, o.left_out_priced into v_other_ids, v_left_out, v_left_out_priced
        from public.find_other_models(v_provider.slug, v_targets, apply_provider_list.unchanged) o;
    end if;
    v_now := clock_timestamp();
    v_folded := public.fold_announced_prices(apply_provider_list.prices, v_now);
    if v_folded is not null then
        apply_provider_list.prices := v_folded;
    end if;
    -- What is left for waits: the time of the comparison does not count.
    v_wait_left := v_until - v_now;
    perform public.wait_for_locks_until(v_until);

    if not v_job.dry_run then
        perform public.store_pricing_catalogue(v_provider.slug, r.reference, r.version)
        from (
            select
                apply_provider_list.reference as reference,
                apply_provider_list.reference_version as version
            union all
            -- Everything in the catalogue, also for providers with prices of their own.
            select
                apply_provider_list.prices,
                left(substring(apply_provider_list.prices -> 0 ->> 'source' from '^catalogue:(.*)$'), 100)
            where v_provider.slug = 'catalogue'
        ) as r
        where r.reference is not null and r.version is not null;
    end if;

    if v_not_modified then
        select r.*, '{}'::jsonb as lists, '{}'::bigint[] as turned_ids into v_list
        from public.repeat_provider_list(v_provider.slug, v_targets, v_job.dry_run) r;
    else
        v_is_shorter := public.refuse_odd_list(
            v_provider.slug,
            v_targets,
            apply_provider_list.prices,
            apply_provider_list.skipped,
            v_left_out,
            v_other_ids
        );
        select l.* into v_list
        from public.list_provider_models(
            v_provider.slug,
            v_targets,
            apply_provider_list.prices,
            apply_provider_list.skipped,
            v_observed_at,
            v_now,
            v_job.dry_run,
            v_is_shorter,
            v_source,
            v_left_out,
            v_left_out_priced,
            v_other_ids
        ) l;
        if v_list.changes <> '{}' then
            perform public.refuse_lost_prices(
                v_provider.slug,
                v_targets,
                apply_provider_list.prices,
                v_list.changes,
                v_left_out,
                v_other_ids
            );
        end if;
    end if;

    -- Nearly always nothing has changed, and nothing is held: the guards then have nothing to say.
    if v_list.changes <> '{}' then
        select coalesce(jsonb_agg(to_jsonb(j)), '[]') into v_verdicts
        from public.judge_price_changes(
            v_provider.slug, v_list.changes, v_list.lists, apply_provider_list.reference
        ) j;
    end if;
    if v_list.changes <> '{}' or v_list.unchanged_ids <> '{}' then
        select h.accepted, h.held into v_accepted, v_held_changes
        from public.hold_price_changes(
            v_provider.slug,
            v_list.changes,
            v_verdicts,
            v_list.unchanged_ids,
            v_now,
            v_job.job_id,
            v_observed_at,
            v_job.dry_run
        ) h;
    end if;
    v_held := jsonb_array_length(v_held_changes);
    if not v_job.dry_run then
        if v_accepted <> '{}' then
            v_updated := public.write_price_changes(
                v_accepted,
                'api_sync:' || v_provider.slug,
                v_now,
                v_job.job_id,
                v_observed_at
            );
        end if;
        -- Lists of older workers, and those written by hand, have no digests.
        if apply_provider_list.prices @? '$[*] ? (exists (@.digest))' then
            perform public.store_list_digests(v_provider.slug, apply_provider_list.prices, v_list.turned_ids);
        end if;
    end if;
    v_unknown_keys := array(
        select k.key
        from (
            select left(e.key, 200) as key
            from jsonb_array_elements_text(apply_provider_list.unknown_keys) with ordinality as e (key, position)
            where e.position <= 1000
        ) as k
        where k.key <> all (v_provider.unknown_keys)
    );

    perform public.lock_sync_end(
        v_row.id,
        v_log.attempt,
        v_job.job_id,
        case when not v_job.dry_run then v_provider.slug end,
        clock_timestamp() + v_wait_left
    );
    update public.pricing_sync_log l
    set status = 'success',
        sync_completed_at = clock_timestamp(),
        applied_at = v_now,
        models_fetched = case
            when v_not_modified then v_list.compared_count
            -- Includes the catalogue's models of providers with prices of their own, which count as fetched only.
            else jsonb_array_length(apply_provider_list.prices) + v_skipped + v_left_out
        end,
        models_updated = v_updated,
        models_skipped = v_skipped,
        models_unchanged = v_list.compared_count - v_held
            - case when v_job.dry_run then cardinality(v_accepted) else v_updated end,
        models_held = v_held,
        details = jsonb_strip_nulls(jsonb_build_object(
            'not_modified', case when v_not_modified then true end,
            'skipped', (
                -- The first 1,000; models_skipped counts all.
                select jsonb_agg(
                    jsonb_build_object(
                        'model_id', left(s.entry ->> 'model_id', 512), 'reason', left(s.entry ->> 'reason', 500)
                    )
                    order by s.position
                )
                from jsonb_array_elements(apply_provider_list.skipped) with ordinality as s (entry, position)
                where s.position <= 1000
            ),
            'unknown_keys', to_jsonb(nullif(v_unknown_keys, '{}')),
            'models_rejected', (
                select nullif(count(*), 0)
                from jsonb_to_recordset(v_held_changes) as h (rejected boolean)
                where h.rejected
            )
        )) || case
            when v_job.dry_run then public.show_price_changes(v_list.changes, v_held_changes)
            else '{}'
        end
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
            accepted_list_at = null,
            accepted_list_models = null,
            accepted_list_prices_gone = false,
            -- A slot up to now is served. A later one stays, unless failures had stretched it.
            next_sync_at = case
                when p.next_sync_at > clock_timestamp() and p.consecutive_failures < 3 then p.next_sync_at
                when p.next_sync_at > clock_timestamp() then least(
                    p.next_sync_at, public.next_pricing_sync_at(null, p.sync_interval, p.sync_jitter, 0)
                )
                else public.next_pricing_sync_at(p.next_sync_at, p.sync_interval, p.sync_jitter, 0)
            end,
            state = case
                when p.state = 'disabled' then p.state
                when p.price_api then 'ok'
                else 'no_price_api'
            end,
            -- The newest 1,000: a list with new keys each time would grow the row without bound.
            unknown_keys = (p.unknown_keys || v_unknown_keys)[
                greatest(cardinality(p.unknown_keys) + cardinality(v_unknown_keys) - 999, 1):
            ],
            last_list_at = case when v_not_modified then p.last_list_at else v_now end,
            etag = case when v_not_modified then p.etag else apply_provider_list.etag end,
            etag_parser = case when v_not_modified then p.etag_parser else apply_provider_list.etag_parser end,
            content_digest = case when v_not_modified then p.content_digest else apply_provider_list.content_digest end
        where p.slug = v_provider.slug;
    end if;

    return query select c.* from public.counts_of_sync(v_log) c;
end;
$$;

comment on function public.apply_provider_list(bigint, integer, jsonb, timestamptz, jsonb, jsonb, text, text, text, jsonb, text, bytea) is
'Write the price list of a running attempt (null: not modified) and end it; changes that the guards stop are held. The source of the prices is determined here, not by the list. A repeated call changes nothing, a late attempt gets PT409. Returns counts. reference: the catalogue''s numbers for the list''s models, [{model_id, prices}]. unchanged: the digests of the entries that prices leaves out (pricing_unchanged_digests), 16 bytes each; PT412 where one of them must be read again. An entry of prices may have its digest.';
