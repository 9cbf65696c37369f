-- The rules of the price guards about a list as a whole, each named for the kind that its evidence shows. Their bounds are
-- in pricing_list_bounds.
-- after: pricing_amounts, pricing_axes, pricing_base_set, pricing_condition_words, pricing_list_bounds, pricing_shared_moves
create or replace function public.pricing_list_findings(
    p_changes public.pricing_change[],
    p_lists jsonb,
    p_moved bigint[],
    p_axes text[],
    p_are_first boolean[],
    p_factors numeric[]
)
returns table (
    change bigint,
    axis text,
    class text,
    kind text,
    words text,
    factor numeric,
    evidence jsonb
)
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
-- As in compare_provider_prices.
set enable_nestloop = off
-- As in pricing_findings.
set enable_mergejoin = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
-- As in judge_price_changes.
set plan_cache_mode = force_custom_plan
as $$
    with change as materialized (
        select c.provider, c.old, c.new, c.old_source, c.source, row_number() over () as position
        from unnest(p_changes) as c
    ),
    move as materialized (
        select m.*, c.provider
        from unnest(p_moved, p_axes, p_are_first, p_factors) as m (change, axis, is_first, factor)
        join change c on c.position = m.change
    ),
    -- Too many models move: a finding for all changes of the list.
    moves as (
        select
            c.position as change,
            l.models || ' of ' || l.listed || ' priced models move in one sync' as words,
            jsonb_build_object('kind', 'moves', 'models', l.models, 'listed', l.listed) as evidence
        from (
            select m.provider, count(distinct m.change) as models, (p_lists ->> m.provider)::bigint as listed
            from move m
            where not m.is_first
            group by m.provider
        ) as l
        cross join public.pricing_list_bounds() b
        join change c on c.provider = l.provider
        where l.models >= b.moved_models and l.models * b.moved_one_of > l.listed
    ),
    -- A fee that goes is a fee of 0: single ones do, and many at once where a key was renamed, or really went.
    fee_lost as materialized (
        select c.provider, a.axis, a.short_name, array_agg(c.position) as changes, count(*) as models
        from (
            select
                m.provider,
                m.position,
                generate_series(1, 18) as place,
                unnest(public.pricing_amounts(m.old)) as old_amount,
                unnest(public.pricing_amounts(m.new)) as amount
            from change m
            where m.old is distinct from null
        ) as c
        join public.pricing_axes() with ordinality as a (axis, per, is_fee, short_name, factor, place) on a.place = c.place
        where a.is_fee
            and p_lists ? c.provider
            and c.old_amount > 0
            and coalesce(c.amount, 0) = 0
        group by c.provider, a.axis, a.short_name
        having count(*) >= (select b.gone_models from public.pricing_list_bounds() b)
    ),
    fees_gone as (
        select
            p.change,
            f.models || ' of ' || k.known || ' models lose ' || f.short_name || ' in one sync' as words,
            jsonb_build_object('kind', 'fees_gone', 'axis', f.axis, 'models', f.models, 'listed', k.known) as evidence
        from fee_lost f
        cross join public.pricing_list_bounds() b
        cross join lateral (
            select count(*) as known
            from public.model_pricing m
            where m.provider_slug = f.provider
                and m.is_active
                and (public.pricing_base_set(m) ->> f.axis)::numeric > 0
        ) as k
        cross join lateral unnest(f.changes) as p (change)
        where f.models * b.gone_one_of >= k.known
    ),
    -- Prices for long prompts, a service tier and so on: where a renamed key takes them from many models, all of their requests
    -- would cost the base price.
    conditional as materialized (
        select
            array_agg(c.position) as changes,
            array_agg((c.old).conditions) as old_conditions,
            array_agg((c.new).conditions) as new_conditions
        from change c
        where (c.old).conditions <> '[]'
            and p_lists ? c.provider
            -- The catalogue may know of more than the provider's own list.
            and split_part(c.old_source, ':', 1) = split_part(c.source, ':', 1)
        -- Spares two calls.
        having count(*) > 0
    ),
    condition_lost as materialized (
        select c.provider, l.word, array_agg(l.change) as changes, count(*) as models
        from (
            select w.owner as change, w.word
            from conditional o
            cross join lateral public.pricing_condition_words(o.changes, o.old_conditions) w
            except
            select w.owner, w.word
            from conditional n
            cross join lateral public.pricing_condition_words(n.changes, n.new_conditions) w
        ) as l
        join change c on c.position = l.change
        group by c.provider, l.word
        having count(*) >= (select b.gone_models from public.pricing_list_bounds() b)
    ),
    condition_known as materialized (
        select k.provider, w.word, count(*) as known
        from (
            select l.provider, m.models, m.conditions
            from (select distinct l.provider from condition_lost l) as l
            cross join lateral (
                select array_agg(m.id) as models, array_agg(public.pricing_base_set(m) -> 'conditions') as conditions
                from public.model_pricing m
                where m.provider_slug = l.provider and m.is_active
            ) as m
        ) as k
        cross join lateral public.pricing_condition_words(k.models, k.conditions) w
        group by k.provider, w.word
    ),
    conditions_gone as (
        select
            p.change,
            l.models || ' of ' || coalesce(k.known, 0) || ' models lose their prices '
                || case l.word when '' then 'under conditions' else 'for ' || left(l.word, 100) end || ' in one sync' as words,
            jsonb_build_object('kind', 'conditions_gone', 'models', l.models, 'listed', coalesce(k.known, 0)) as evidence
        from condition_lost l
        left join condition_known k on k.provider = l.provider and k.word = l.word
        cross join public.pricing_list_bounds() b
        cross join lateral unnest(l.changes) as p (change)
        where l.models * b.gone_one_of >= coalesce(k.known, 0)
    ),
    -- Prices move by one same factor.
    list as (
        select
            m.change,
            m.axis,
            s.models || ' of ' || s.listed || ' models move by the same factor %2$s' as words,
            s.factor
        from (
            -- The arrays of one query take the rows in the same order.
            select
                array_agg(m.provider) as providers,
                array_agg(m.change) as changes,
                array_agg(m.factor) as factors
            from move m
            where not m.is_first
            having count(*) > 0
        ) as p
        cross join lateral public.pricing_shared_moves(p_lists, p.providers, p.changes, p.factors) s
        join move m on m.change = s.model and m.factor = s.factor
        where not m.is_first
    ),
    -- First prices all are one same factor of what the catalogue has for them.
    catalogue_list as (
        select
            m.change,
            m.axis,
            s.models || ' of ' || s.listed || ' first prices are %2$s times the catalogue''s' as words,
            s.factor
        from (
            select
                array_agg(m.provider) as providers,
                array_agg(m.change) as changes,
                array_agg(m.factor) as factors
            from move m
            cross join public.pricing_list_bounds() b
            where m.is_first and (m.factor >= b.alike_factor or m.factor * b.alike_factor <= 1)
            having count(*) > 0
        ) as p
        cross join lateral public.pricing_shared_moves(
            (
                select jsonb_object_agg(l.provider, l.models)
                from (
                    select m.provider, count(distinct m.change) as models from move m where m.is_first group by m.provider
                ) as l
            ),
            p.providers,
            p.changes,
            p.factors
        ) s
        join move m on m.change = s.model and m.factor = s.factor
        where m.is_first
    )
    select m.change, null, 'list', 'moves', m.words, null::numeric, m.evidence
    from moves m
    union all
    select f.change, null, 'large', 'fees_gone', f.words, null, f.evidence
    from fees_gone f
    union all
    select g.change, null, 'list', 'conditions_gone', g.words, null, g.evidence
    from conditions_gone g
    union all
    select l.change, l.axis, 'unit', 'list', l.words, l.factor, null
    from list l
    union all
    select l.change, l.axis, 'unit', 'catalogue_list', l.words, l.factor, null
    from catalogue_list l;
$$;

comment on function public.pricing_list_findings(public.pricing_change[], jsonb, bigint[], text[], boolean[], numeric[]) is
'What is wrong with the lists of changes as a whole, with p_changes and p_lists of judge_price_changes. The prices that move: p_moved, the change''s place in the list, from 1, and axis; factor: of the price before, or of the catalogue''s for a first price. A row for each change; with an axis where it is about prices that share a factor.';
