-- apply_provider_list calls it with the prices of the providers locked. It holds new changes, and confirms or ends those
-- that were held before.
-- after: pricing_prices_of, resolve_price_changes, pricing_held_all
create or replace function public.hold_price_changes(
    p_provider text,
    p_changes public.pricing_change[],
    p_verdicts jsonb,
    p_unchanged_ids bigint[],
    p_now timestamptz,
    p_job_id uuid,
    p_observed_at timestamptz,
    p_dry_run boolean default false,
    out accepted public.pricing_change[],
    out held jsonb
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- As in compare_provider_prices.
set enable_nestloop = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
as $$
declare
    -- By these ids an index serves: other models may have many held changes.
    v_ids constant bigint[] := p_unchanged_ids || array(
        select c.id from unnest(p_changes) as c
    );
    v_said text[];
    v_decisions jsonb;
    v_open public.pricing_change[];
begin
    -- Nearly all changes pass the guards and were never held: only the others go through resolve_price_changes.
    if p_verdicts = '[]' and not exists (
        select
        from public.pricing_held_changes h
        where h.still_said and h.status in ('held', 'rejected') and h.model_id = any (v_ids)
    ) then
        accepted := p_changes;
        held := '[]';
        return;
    end if;
    select
        coalesce(array_agg(c.change) filter (where not c.is_open), '{}'),
        coalesce(array_agg(c.change) filter (where c.is_open), '{}')
    into accepted, v_open
    from (
        select u as change, v.model_id is not null or s.model_id is not null as is_open
        from unnest(p_changes) as u
        left join jsonb_to_recordset(p_verdicts) as v (provider text, model_id text)
            on v.provider = u.provider and v.model_id = u.model_id
        left join (
            select distinct h.model_id
            from public.pricing_held_changes h
            where h.still_said and h.status in ('held', 'rejected') and h.model_id = any (v_ids)
        ) as s on s.model_id = u.id
    ) as c;

    select coalesce(jsonb_agg(to_jsonb(d)), '[]') into v_decisions
    from public.resolve_price_changes(p_provider, v_open, p_verdicts, p_now, p_observed_at) d;
    with decision as materialized (
        select d.* from jsonb_to_recordset(v_decisions) as d (
            id bigint, provider text, model_id text, outcome text, prices jsonb, source text, extra jsonb, raw jsonb,
            class text, reason text
        )
    )
    select
        accepted || coalesce(
            array_agg(
                row(
                    d.id, d.provider, d.model_id, null, null, public.pricing_prices_of(d.prices), null, d.source, null,
                    d.extra, d.raw, null, null, null
                )::public.pricing_change
            ) filter (where d.outcome in ('pass', 'apply')),
            '{}'
        ),
        coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'provider', d.provider,
                    'model_id', d.model_id,
                    'class', d.class,
                    'reason', d.reason,
                    -- By a person, earlier.
                    'rejected', d.outcome = 'reject'
                )
            ) filter (where d.outcome not in ('pass', 'apply')),
            '[]'
        )
    into accepted, held
    from decision d;
    if p_dry_run then
        return;
    end if;

    v_said := array(
        select distinct d.provider
        from jsonb_to_recordset(v_decisions) as d (provider text, outcome text)
        where d.outcome in ('hold', 'keep', 'reject')
    );
    -- Confirmations are counted once per provider, so that an unchanged held row is not written. The rows that this list
    -- does not confirm get their own counts here.
    update public.pricing_held_changes h
    set said_again_from = null,
        times_seen = s.times_seen,
        last_seen_at = s.last_seen_at,
        job_id = s.job_id,
        observed_at = s.observed_at
    from public.pricing_held_all s
    where s.id = h.id
        and h.provider_slug = any (v_said)
        and h.still_said
        and h.status in ('held', 'rejected')
        and h.said_again_from is not null
        and not exists (select from unnest(v_ids) as w where w = h.model_id);

    -- First end rows: a model has at most one open row.
    with decision as materialized (
        select d.*
        from jsonb_to_recordset(v_decisions) as d (
            id bigint, outcome text, said_id bigint, class text, reason text, ratio numeric, to_zero boolean,
            evidence jsonb, decided_by text, note text, source text, extra jsonb, raw jsonb
        )
    ),
    -- Of a model's open and rejected rows the list confirms one at most; the others end.
    spoken as materialized (
        select h.id, d.outcome, d.class, d.reason, d.ratio, d.to_zero, d.evidence, d.decided_by, d.note, d.source,
            d.extra, d.raw, h.times_seen, h.last_seen_at, h.job_id, h.observed_at, p.is_said,
            u.model_id is not null as is_withdrawn,
            case when p.is_said and d.outcome in ('keep', 'reject') then coalesce(r.times, 0) + 1 end as said_again_from
        from public.pricing_held_all h
        left join public.pricing_said_again r on r.provider_slug = h.provider_slug
        left join decision d on d.id = h.model_id
        left join (select distinct w as model_id from unnest(p_unchanged_ids) as w) as u on u.model_id = h.model_id
        cross join lateral (select coalesce(h.id = d.said_id, false) as is_said) as p
        where h.still_said
            and h.status in ('held', 'rejected')
            and h.model_id = any (v_ids)
            and (d.id is not null or u.model_id is not null)
            and not (
                p.is_said
                and d.outcome in ('keep', 'reject')
                and coalesce(r.times >= h.said_again_from, false)
                and (h.class, h.reason, h.ratio, h.to_zero, h.evidence, h.pricing_source, h.extra, h.raw)
                    is not distinct from (d.class, d.reason, d.ratio, d.to_zero, d.evidence, d.source, d.extra, d.raw)
            )
    )
    update public.pricing_held_changes h
    set status = case
            when h.status = 'rejected' then 'rejected'
            when s.is_said then case when s.outcome = 'apply' then 'applied' else h.status end
            when s.is_withdrawn then 'withdrawn'
            else 'superseded'
        end,
        still_said = s.is_said,
        said_again_from = s.said_again_from,
        times_seen = s.times_seen + s.is_said::integer,
        last_seen_at = case when s.is_said then p_now else s.last_seen_at end,
        job_id = case when s.is_said then p_job_id else s.job_id end,
        observed_at = case when s.is_said then p_observed_at else s.observed_at end,
        pricing_source = case when s.is_said then s.source else h.pricing_source end,
        extra = case when s.is_said then s.extra else h.extra end,
        raw = case when s.is_said then s.raw else h.raw end,
        class = case when s.is_said then s.class else h.class end,
        reason = case when s.is_said then s.reason else h.reason end,
        ratio = case when s.is_said then s.ratio else h.ratio end,
        to_zero = case when s.is_said then s.to_zero else h.to_zero end,
        evidence = case when s.is_said then s.evidence else h.evidence end,
        decided_at = case
            when h.status = 'rejected' or (s.is_said and s.outcome <> 'apply') then h.decided_at
            else p_now
        end,
        decided_by = case
            when h.status = 'rejected' or (s.is_said and s.outcome <> 'apply') then h.decided_by
            else coalesce(s.decided_by, 'api_sync:' || p_provider)
        end,
        decision_note = case when s.is_said and s.outcome = 'apply' then s.note else h.decision_note end
    from spoken s
    where h.id = s.id;

    insert into public.pricing_held_changes (
        model_id, provider_slug, class, reason, ratio, to_zero, prices, previous, evidence, pricing_source, extra, raw,
        first_job_id, job_id, first_seen_at, last_seen_at, observed_at, said_again_from
    )
    select d.id, d.provider, d.class, d.reason, d.ratio, d.to_zero, d.prices, d.previous, d.evidence, d.source, d.extra,
        d.raw, p_job_id, p_job_id, p_now, p_now, p_observed_at, coalesce(r.times, 0) + 1
    from jsonb_to_recordset(v_decisions) as d (
        id bigint, provider text, outcome text, class text, reason text, ratio numeric, to_zero boolean, prices jsonb,
        previous jsonb, evidence jsonb, source text, extra jsonb, raw jsonb
    )
    left join public.pricing_said_again r on r.provider_slug = d.provider
    where d.outcome = 'hold';

    insert into public.pricing_said_again as r (provider_slug, said_at, job_id, observed_at)
    select w, p_now, p_job_id, p_observed_at
    from unnest(v_said) as w
    on conflict (provider_slug) do update
    set times = r.times + 1,
        said_at = excluded.said_at,
        job_id = excluded.job_id,
        observed_at = excluded.observed_at;
end;
$$;

comment on function public.hold_price_changes(text, public.pricing_change[], jsonb, bigint[], timestamptz, uuid, timestamptz, boolean) is
'Hold the changes that the guards stop, confirm those that were held before, and end those no longer listed. accepted: of the changes those that write_model_prices takes; held: [{provider, model_id, class, reason, rejected}]. p_unchanged_ids: models that have their accepted price again.';
