-- Reads history alone, because the job may have been pruned. Changes of the provider's price have a job (a sync, an
-- approval, a rollback); overrides and their expiry have none and do not prevent a rollback.
-- after: price_change_reach, pricing_effective_set, write_model_prices, require_author
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
-- Waits for running syncs of the providers, but not for an open transaction.
set lock_timeout = '5s'
as $$
declare
    v_job_id constant uuid := rollback_pricing_sync.job_id;
    v_by constant text := 'rollback:' || rollback_pricing_sync.job_id;
    v_now timestamptz;
    v_providers text[];
    v_ids bigint[];
    v_plan jsonb;
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
        select h.*, max(h.id) filter (where h.changed_by = 'rollback:' || h.job_id) over job as undone_to
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
        select distinct on (b.model_id)
            b.model_id,
            -- What was announced then may be in force since.
            public.pricing_effective_set(public.pricing_price_set(to_jsonb(f)), v_now) as prices,
            f.pricing_source,
            f.extra,
            f.raw
        from before b
        join fact f on f.model_id = b.model_id
            and f.changed_at = b.changed_at
            and f.changed_by = b.changed_by
            and f.job_id = b.job_id
        order by b.model_id, f.is_in_force, f.id desc
    ),
    later as materialized (
        select distinct on (d.model_id) d.model_id, s.changed_by, s.job_id
        from done d
        join standing s on s.model_id = d.model_id and s.id > d.last_id
        order by d.model_id, s.id desc
    ),
    planned as (
        select
            m.id,
            m.provider_slug,
            m.model_id,
            m.synced is not null as is_overridden,
            public.pricing_base_set(m) as prices,
            m.pricing_source as source,
            m.extra,
            l.raw,
            l.observed_at,
            coalesce(o.prices, '{}') as back_to,
            o.pricing_source as back_to_source,
            o.extra as back_to_extra,
            coalesce(o.raw, '{}') as back_to_raw,
            s.changed_by as since_by,
            s.job_id as since_job_id
        from done d
        join public.model_pricing m on m.id = d.model_id and m.id = any (v_ids)
        join fact l on l.id = d.last_id
        left join origin o on o.model_id = d.model_id
        left join later s on s.model_id = d.model_id
    )
    select jsonb_agg(to_jsonb(p) order by p.provider_slug, p.model_id) into v_plan
    from planned p
    where public.pricing_sets_differ(p.prices, p.back_to) or p.since_job_id is not null;
    if v_plan is null then
        raise exception 'There is no price that job % changed and that was not rolled back', v_job_id
            using errcode = 'PT409', hint = 'select * from pricing_history where job_id = ... shows what it did.';
    end if;

    return query
    select
        p.provider_slug,
        p.model_id,
        case when p.since_job_id is null then 'roll_back' else 'changed_since' end,
        trim_scale((p.prices ->> 'price_per_input_token')::numeric * 1000000),
        trim_scale((p.prices ->> 'price_per_output_token')::numeric * 1000000),
        trim_scale((p.back_to ->> 'price_per_input_token')::numeric * 1000000),
        trim_scale((p.back_to ->> 'price_per_output_token')::numeric * 1000000),
        nullif(concat_ws(
            '; ',
            'changed since by ' || p.since_by || ', job ' || p.since_job_id,
            case when p.back_to_source is null then 'its first price: before it there was none' end,
            case when p.is_overridden then 'an override is in force, and stays' end
        ), ''),
        w.largest_factor,
        w.to_free
    from jsonb_to_recordset(v_plan) as p (
        provider_slug text,
        model_id text,
        is_overridden boolean,
        prices jsonb,
        back_to jsonb,
        back_to_source text,
        since_by text,
        since_job_id uuid
    )
    cross join lateral public.price_change_reach(p.prices, p.back_to) as w
    order by 1, 2;
    if dry_run then
        return;
    end if;

    perform public.write_model_prices(
        (
            select coalesce(jsonb_agg(jsonb_build_object(
                'id', p.id,
                'prices', p.back_to,
                'source', p.back_to_source,
                'extra', p.back_to_extra,
                'raw', p.back_to_raw
            )), '[]')
            from jsonb_to_recordset(v_plan) as p (
                id bigint,
                back_to jsonb,
                back_to_source text,
                back_to_extra jsonb,
                back_to_raw jsonb,
                since_job_id uuid
            )
            where p.since_job_id is null
        ),
        v_by,
        v_now,
        v_job_id
    );

    -- A model has at most one held change, and the open one was measured against the price that was just rolled back.
    update public.pricing_held_changes h
    set status = 'superseded', still_said = false, decided_at = v_now, decided_by = v_by
    where h.status = 'held'
        and h.model_id = any (array(
            select p.id
            from jsonb_to_recordset(v_plan) as p (id bigint, since_job_id uuid)
            where p.since_job_id is null
        ));
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
        p.id,
        p.provider_slug,
        'rollback',
        format('rollback: %s rolled job %s back', rollback_pricing_sync.rolled_back_by, v_job_id),
        moved.ratio,
        moved.to_zero,
        p.prices,
        p.back_to,
        p.source,
        p.extra,
        p.raw,
        v_job_id,
        v_job_id,
        v_now,
        v_now,
        p.observed_at
    from jsonb_to_recordset(v_plan) as p (
        id bigint,
        provider_slug text,
        prices jsonb,
        source text,
        extra jsonb,
        raw jsonb,
        observed_at timestamptz,
        back_to jsonb,
        since_job_id uuid
    )
    cross join lateral (
        select
            max(greatest(n.after / n.before, n.before / n.after)) filter (where n.before > 0 and n.after > 0) as ratio,
            coalesce(bool_or(n.before > 0 and n.after = 0), false) as to_zero
        from (
            select (p.back_to ->> a.axis)::numeric as before, (p.prices ->> a.axis)::numeric as after
            from public.pricing_axes() a
            where a.per = 'token'
        ) as n
    ) as moved
    where p.since_job_id is null;

    -- The newest list's prices of these models may be stored nowhere now, so the next sync must read the whole list.
    update public.pricing_providers p
    set etag = null, etag_parser = null
    where p.etag is not null
        and exists (
            select
            from jsonb_to_recordset(v_plan) as n (provider_slug text, since_job_id uuid)
            where n.since_job_id is null and n.provider_slug = p.slug
        );

    insert into public.pricing_audit_log (who, action, subject, details)
    select
        rollback_pricing_sync.rolled_back_by,
        'rollback_pricing_sync',
        v_job_id::text,
        jsonb_build_object(
            'rolled_back', count(*) filter (where p.since_job_id is null),
            'changed_since', count(p.since_job_id)
        )
    from jsonb_to_recordset(v_plan) as p (since_job_id uuid);
end;
$$;

comment on function public.rollback_pricing_sync(uuid, boolean, text) is
'Show what prices would be without one job''s changes; with dry_run => false roll them back, except where a later job has changed them. A price that was rolled back is held if its provider lists it again. USD per million tokens; largest_factor: of all its prices; to_free: it becomes free, or one of its prices falls to zero.';
