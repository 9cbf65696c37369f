-- Reads history alone, because the job may have been pruned. Changes of the provider's price have a job (a sync, an
-- approval, a rollback); overrides and their expiry have none and do not prevent a rollback.
-- after: price_changes_reach, pricing_amounts, pricing_axes, pricing_base_prices, pricing_differ, pricing_effective_set, pricing_prices_of, pricing_recorded_prices, pricing_set_of, write_price_changes, require_author
create or replace function public.rollback_pricing_sync(
    job_id uuid,
    dry_run boolean default true,
    rolled_back_by text default current_user
)
returns table (
    provider text,
    model text,
    action text,
    input_per_1m numeric,
    output_per_1m numeric,
    back_to_input_per_1m numeric,
    back_to_output_per_1m numeric,
    note text,
    largest_factor numeric,
    to_free boolean
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- As in compare_provider_prices.
set enable_nestloop = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
-- Thousands of changes would be sorted, and written to temporary files, several times.
set enable_mergejoin = off
set work_mem = '64MB'
-- Waits for running syncs of the providers, but not for an open transaction.
set lock_timeout = '5s'
as $$
declare
    v_job_id constant uuid := rollback_pricing_sync.job_id;
    v_by constant text := 'rollback:' || rollback_pricing_sync.job_id;
    v_now timestamptz;
    v_providers text[];
    v_ids bigint[];
    -- One element for each model of the plan: what goes back, what was said and is held then, and whether a later job has
    -- changed the price, so that it stays.
    v_back public.pricing_change[];
    v_said public.pricing_change[];
    v_observed_at timestamptz[];
    v_is_changed_since boolean[];
    v_notes text[];
begin
    perform public.require_author(
        'rolled_back_by', rollback_pricing_sync.rolled_back_by, 'Name the person who rolls back.'
    );
    if dry_run is null then
        raise exception 'dry_run cannot be null'
            using errcode = 'PT422', hint = 'True shows what would be rolled back, false does it.';
    end if;
    if not exists (select from public.pricing_sync_jobs j where j.job_id = v_job_id)
        and not exists (select from public.model_pricing_history h where h.job_id = v_job_id)
    then
        raise exception 'There is no job %', coalesce(v_job_id::text, 'null')
            using errcode = 'PT404', hint = 'select job_id, changed_at from pricing_history order by changed_at desc shows what changed prices.';
    end if;

    v_providers := array(
        select distinct m.provider_slug
        from public.model_pricing m
        where m.id = any (array(select h.model_id from public.model_pricing_history h where h.job_id = v_job_id))
    );
    perform public.lock_provider_prices(v_providers);
    if exists (
        select from public.pricing_sync_jobs j where j.job_id = v_job_id and j.status in ('queued', 'running')
    ) then
        raise exception 'Job % has not ended yet', v_job_id
            using errcode = 'PT409', hint = 'Wait until it has, or cancel it: select cancel_pricing_sync(job_id).';
    end if;
    v_now := clock_timestamp();
    -- By these ids an index serves, however large the tables are.
    v_ids := array(
        select m.id
        from public.model_pricing m
        where m.id = any (array(select h.model_id from public.model_pricing_history h where h.job_id = v_job_id))
            -- Without providers that an approval has added meanwhile: their prices are not locked.
            and m.provider_slug = any (v_providers)
    );

    with fact as materialized (
        select h.id, h.model_id, h.job_id, h.changed_at, h.changed_by, h.is_in_force,
            max(h.id) filter (where h.changed_by = 'rollback:' || h.job_id) over job as undone_to
        from public.model_pricing_history h
        where h.job_id is not null
            and h.model_id = any (v_ids)
        window job as (partition by h.model_id, h.job_id)
    ),
    -- Without changes that an earlier rollback has undone.
    standing as materialized (
        select f.* from fact f where f.undone_to is null or f.id > f.undone_to
    ),
    done as materialized (
        select s.model_id, min(s.id) as first_id, max(s.id) as last_id
        from standing s
        where s.job_id = v_job_id
        group by s.model_id
    ),
    before as materialized (
        -- Under an override a change may have two rows: the provider's price, and the price in force.
        select distinct on (d.model_id) d.model_id, f.id, f.changed_at, f.changed_by, f.job_id
        from done d
        join fact f on f.model_id = d.model_id and f.id < d.first_id
        order by d.model_id, f.id desc
    ),
    origin as materialized (
        select
            o.model_id,
            -- What was announced then may be in force since.
            case
                when (p.prices).conditions is null then p.prices
                else public.pricing_prices_of(
                    public.pricing_effective_set(public.pricing_set_of(p.prices), v_now)
                )
            end as prices,
            h.pricing_source,
            h.extra,
            h.raw
        from (
            select distinct on (b.model_id) b.model_id, f.id
            from before b
            join fact f on f.model_id = b.model_id
                and f.changed_at = b.changed_at
                and f.changed_by = b.changed_by
                and f.job_id = b.job_id
            order by b.model_id, f.is_in_force, f.id desc
        ) as o
        join public.model_pricing_history h on h.id = o.id and h.model_id = any (v_ids)
        cross join lateral (select public.pricing_recorded_prices(h) as prices offset 0) as p
    ),
    later as materialized (
        select distinct on (d.model_id) d.model_id, s.changed_by, s.job_id
        from done d
        join standing s on s.model_id = d.model_id and s.id > d.last_id
        order by d.model_id, s.id desc
    ),
    planned as materialized (
        select
            m.provider_slug,
            m.model_id,
            row(
                m.id, m.provider_slug, m.model_id, null, p.prices, o.prices, m.pricing_source, o.pricing_source, null,
                o.extra, o.raw, null, null, null
            )::public.pricing_change as back,
            row(
                m.id, m.provider_slug, m.model_id, null, o.prices, p.prices, o.pricing_source, m.pricing_source, null,
                m.extra, l.raw, null, null, null
            )::public.pricing_change as said,
            l.observed_at,
            s.job_id is not null as is_changed_since,
            nullif(concat_ws(
                '; ',
                'changed since by ' || s.changed_by || ', job ' || s.job_id,
                case when o.pricing_source is null then 'its first price: before it there was none' end,
                case when m.synced is not null then 'an override is in force, and stays' end
            ), '') as note
        from done d
        join public.model_pricing m on m.id = d.model_id and m.id = any (v_ids)
        join public.model_pricing_history l on l.id = d.last_id and l.model_id = any (v_ids)
        left join origin o on o.model_id = d.model_id
        left join later s on s.model_id = d.model_id
        cross join lateral (select public.pricing_base_prices(m) as prices offset 0) as p
        where s.job_id is not null or public.pricing_differ(p.prices, o.prices)
    )
    select
        array_agg(p.back order by p.provider_slug, p.model_id),
        array_agg(p.said order by p.provider_slug, p.model_id),
        array_agg(p.observed_at order by p.provider_slug, p.model_id),
        array_agg(p.is_changed_since order by p.provider_slug, p.model_id),
        array_agg(p.note order by p.provider_slug, p.model_id)
    into v_back, v_said, v_observed_at, v_is_changed_since, v_notes
    from planned p;
    if v_back is null then
        raise exception 'There is no price that job % changed and that was not rolled back', v_job_id
            using errcode = 'PT409', hint = 'select * from pricing_history where job_id = ... shows what it did.';
    end if;

    return query
    select
        (p.back).provider,
        (p.back).model_id,
        case when p.is_changed_since then 'changed_since' else 'roll_back' end,
        trim_scale((p.back).old.price_per_input_token * 1000000),
        trim_scale((p.back).old.price_per_output_token * 1000000),
        trim_scale((p.back).new.price_per_input_token * 1000000),
        trim_scale((p.back).new.price_per_output_token * 1000000),
        p.note,
        w.largest_factor,
        w.to_free
    from (
        select
            generate_series(1, cardinality(v_back)) as position,
            unnest(v_back) as back,
            unnest(v_is_changed_since) as is_changed_since,
            unnest(v_notes) as note
    ) as p
    join public.price_changes_reach(v_back) as w on w.change = p.position
    order by 1, 2;
    if dry_run then
        return;
    end if;

    select
        array_agg(p.back order by p.position),
        array_agg(p.said order by p.position),
        array_agg(p.observed_at order by p.position)
    into v_back, v_said, v_observed_at
    from (
        select
            generate_series(1, cardinality(v_back)) as position,
            unnest(v_back) as back,
            unnest(v_said) as said,
            unnest(v_observed_at) as observed_at,
            unnest(v_is_changed_since) as is_changed_since
    ) as p
    where not p.is_changed_since;
    perform public.write_price_changes(coalesce(v_back, '{}'), v_by, v_now, v_job_id);

    -- A model has at most one held change, and the open one was measured against the price that was just rolled back.
    update public.pricing_held_changes h
    set status = 'superseded', still_said = false, decided_at = v_now, decided_by = v_by
    where h.status = 'held' and h.model_id = any (array(select p.id from unnest(v_back) as p));
    -- The provider may still list the price: from now on it waits for a person.
    insert into public.pricing_held_changes (
        model_id,
        provider_slug,
        class,
        reason,
        ratio,
        to_zero,
        prices,
        previous,
        pricing_source,
        extra,
        raw,
        first_job_id,
        job_id,
        first_seen_at,
        last_seen_at,
        observed_at
    )
    select
        (p.said).id,
        (p.said).provider,
        'rollback',
        format('rollback: %s rolled job %s back', rollback_pricing_sync.rolled_back_by, v_job_id),
        r.ratio,
        coalesce(r.to_zero, false),
        public.pricing_set_of((p.said).new),
        public.pricing_set_of((p.said).old),
        (p.said).source,
        (p.said).extra,
        (p.said).raw,
        v_job_id,
        v_job_id,
        v_now,
        v_now,
        p.observed_at
    from (
        select
            generate_series(1, cardinality(v_said)) as position,
            unnest(v_said) as said,
            unnest(v_observed_at) as observed_at
    ) as p
    left join (
        select
            n.position,
            max(greatest(n.amount / n.old_amount, n.old_amount / n.amount))
                filter (where n.old_amount > 0 and n.amount > 0) as ratio,
            bool_or(n.old_amount > 0 and n.amount = 0) as to_zero
        from (
            select
                m.position,
                generate_series(1, 18) as place,
                unnest(public.pricing_amounts(m.old)) as old_amount,
                unnest(public.pricing_amounts(m.new)) as amount
            from (
                select s.old, s.new, row_number() over () as position from unnest(v_said) as s
            ) as m
        ) as n
        join public.pricing_axes() with ordinality as a (axis, per, is_fee, short_name, factor, place) on a.place = n.place
        where a.per = 'token'
        group by n.position
    ) as r on r.position = p.position;

    -- The newest list's prices of these models may be stored nowhere now, so the next sync must read the whole list.
    update public.pricing_providers p
    set etag = null, etag_parser = null
    where p.etag is not null and p.slug in (select b.provider from unnest(v_back) as b);

    insert into public.pricing_audit_log (who, action, subject, details)
    select
        rollback_pricing_sync.rolled_back_by,
        'rollback_pricing_sync',
        v_job_id::text,
        jsonb_build_object(
            'rolled_back', count(*) filter (where not s.is_changed_since),
            'changed_since', count(*) filter (where s.is_changed_since)
        )
    from unnest(v_is_changed_since) as s (is_changed_since);
end;
$$;

comment on function public.rollback_pricing_sync(uuid, boolean, text) is
'Show what prices would be without one job''s changes; with dry_run => false roll them back, except where a later job has changed them. A price that was rolled back is held if its provider lists it again. USD per million tokens; largest_factor: of all its prices; to_free: it becomes free, or one of its prices falls to zero.';
