-- Decides whether a change passes: by the guards' verdict, by earlier held or rejected changes of the model, and by rules.
-- It writes nothing: hold_price_changes does.
-- after: pricing_effective_set, pricing_held_all, pricing_is_clock_turn, pricing_set_of, pricing_sets_differ, rule_accepts_change
create or replace function public.resolve_price_changes(
    p_provider text,
    p_changes public.pricing_change[],
    p_verdicts jsonb,
    p_now timestamptz,
    p_observed_at timestamptz
)
returns table (
    id bigint,
    provider text,
    model_id text,
    outcome text,
    said_id bigint,
    class text,
    reason text,
    ratio numeric,
    to_zero boolean,
    prices jsonb,
    previous jsonb,
    evidence jsonb,
    decided_by text,
    note text,
    source text,
    extra jsonb,
    raw jsonb
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
-- As in compare_provider_prices.
set enable_nestloop = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
as $$
    with change as materialized (
        select
            c.*,
            v.class,
            v.reason,
            v.ratio,
            v.to_zero,
            v.evidence,
            p.guards_enabled,
            p.review_first and p.guards_enabled as is_review
        from (
            select
                u.id, u.provider, u.model_id, u.source, u.extra, u.raw, u.is_again,
                public.pricing_set_of(u.old) as old, public.pricing_set_of(u.new) as new
            from unnest(p_changes) as u
        ) as c
        join public.pricing_providers p on p.slug = p_provider
        left join jsonb_to_recordset(p_verdicts) as v (
            provider text, model_id text, class text, reason text, ratio numeric, to_zero boolean, evidence jsonb
        ) on v.provider = c.provider and v.model_id = c.model_id
    ),
    -- The earlier change of the model to the same price; a rejected one comes before a held one.
    said as materialized (
        select distinct on (c.id)
            c.id as change_id, h.id, h.status, h.class, h.reason, h.ratio, h.to_zero, h.prices, h.evidence,
            h.first_seen_at, h.reopened_at, h.times_seen
        from change c
        join public.pricing_held_all h on h.model_id = c.id
        where h.model_id = any (array(select c.id from change c))
            and h.still_said
            and h.status in ('held', 'rejected')
            and (
                -- Also where the moment of an announcement among them has come since.
                not public.pricing_sets_differ(
                    public.pricing_effective_set(h.prices, p_now), public.pricing_effective_set(c.new, p_now)
                )
                or public.pricing_is_clock_turn(h.prices, c.new, p_observed_at)
            )
        order by c.id, h.status = 'rejected' desc, h.id desc
    ),
    weighed as (
        select
            c.id,
            c.provider,
            c.model_id,
            c.old as previous,
            -- The earlier price set: the new one may differ by the clock or by float noise.
            coalesce(s.prices, c.new) as prices,
            c.source,
            c.extra,
            c.raw,
            c.class as new_class,
            c.guards_enabled,
            c.is_review,
            coalesce(c.is_again, false) as is_again,
            s.id as said_id,
            s.status as said_status,
            s.class as said_class,
            greatest(s.first_seen_at, s.reopened_at) as first_seen_at,
            s.reopened_at,
            s.times_seen + 1 as times_seen,
            case when k.keeps then s.class else c.class end as class,
            case when k.keeps then s.reason else c.reason end as reason,
            case when k.keeps then s.ratio else c.ratio end as ratio,
            case when k.keeps then s.to_zero else c.to_zero end as to_zero,
            case when k.keeps then s.evidence else c.evidence end as evidence
        from change c
        left join said s on s.change_id = c.id
        cross join lateral (
            -- An earlier, stricter verdict stays: it may depend on other changes that were approved since.
            select s.id is not null and coalesce(
                s.status = 'rejected'
                    or array_position(v_order, s.class) > array_position(v_order, c.class),
                true
            ) as keeps
            from (select array['first_list', 'large', 'list', 'unit', 'rollback'] as v_order) as o
        ) as k
    ),
    -- Materialized, because kinds is used four times.
    weighted as materialized (
        select
            w.*,
            array(select distinct e ->> 'kind' from jsonb_array_elements(w.evidence) as e) as kinds,
            w.is_review or w.said_class is not distinct from 'rollback' as needs_person,
            extract(epoch from p_now - w.first_seen_at) / 3600 as hours
        from weighed w
    ),
    ruled as (
        select
            w.*,
            (
                select min(r.id)
                from public.pricing_change_rules r
                where r.provider_slug in (w.provider, p_provider)
                    and (r.model_id is null or r.model_id = w.model_id)
                    and r.ended_at is null
                    and r.created_at <= p_now
                    and r.expires_at > p_now
                    and public.rule_accepts_change(r.up_to_ratio, w.ratio, w.kinds)
                    and not w.needs_person
            ) as rule_id,
            w.said_id is not null
                and w.class = 'large'
                and not w.needs_person
                and (not w.kinds && '{zero,fees_gone}' or w.hours >= 72)
                and (w.kinds <@ '{zero,fees_gone}' or (w.hours >= 24 and w.times_seen >= 3)) as is_ripe,
            w.new_class is null
                -- A person wanted to look at it again.
                and w.reopened_at is null
                and w.said_class is distinct from 'rollback'
                and (
                    w.said_class is null
                    or w.said_class not in ('unit', 'list')
                    -- A first or a lost price that waited for the list alone, and the list, read whole, no longer moves.
                    or (w.said_class = 'list' and w.kinds = '{moves}' and w.ratio is null and not w.is_again)
                    or not w.guards_enabled
                ) as is_cleared
        from weighted w
    )
    select
        r.id,
        r.provider,
        r.model_id,
        case
            when r.said_status = 'rejected' then 'reject'
            when r.rule_id is not null or r.is_ripe or r.is_cleared then
                case when r.said_id is null then 'pass' else 'apply' end
            when r.said_id is null then 'hold'
            else 'keep'
        end,
        r.said_id,
        r.class,
        r.reason,
        r.ratio,
        r.to_zero,
        r.prices,
        r.previous,
        r.evidence,
        case when r.rule_id is not null then 'rule:' || r.rule_id end,
        case
            when r.rule_id is not null then 'A rule accepts it'
            when r.is_cleared then 'Nothing looks wrong with it any more'
            when r.is_ripe then
                format('It stayed the same for %s hours and %s syncs', floor(r.hours), r.times_seen)
        end,
        r.source,
        r.extra,
        r.raw
    from ruled r;
$$;

comment on function public.resolve_price_changes(text, public.pricing_change[], jsonb, timestamptz, timestamptz) is
'The outcome of each change: pass or hold for a new one; apply, keep or reject for one that was held or rejected before (said_id).';
