-- The view pricing_announced calls it: a function, because its query as a part of the view would be compiled for seconds.
-- after: pricing_axes, pricing_effective_set, pricing_moment
create or replace function public.pricing_announcements(p_set jsonb, p_at timestamptz)
returns table (effective_at timestamptz, axis text, before numeric, after numeric, condition jsonb)
language plpgsql
stable
rows 3
security invoker
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_column
declare
    v_set constant jsonb := public.pricing_effective_set(p_set, p_at);
    v_axes constant text[] := array(select a.axis from public.pricing_axes() a);
begin
    return query
    with entry as materialized (
        -- The base prices are what is charged where no condition holds.
        select 0::bigint as position, v_set - 'conditions' as entry, '{}'::jsonb as keys, null::timestamptz as begins_at,
            null::timestamptz as ends_at
        union all
        select
            c.position,
            c.entry,
            c.entry - v_axes - '{effective_from,effective_until}'::text[],
            public.pricing_moment(c.entry ->> 'effective_from'),
            public.pricing_moment(c.entry ->> 'effective_until')
        from jsonb_array_elements(coalesce(v_set -> 'conditions', '[]')) with ordinality as c (entry, position)
    ),
    change as (
        select c.*, k.axis, coalesce(c.begins_at, c.ends_at) as moment, c.begins_at is null as ends
        from entry c
        cross join lateral unnest(v_axes) as k (axis)
        where c.entry ? k.axis
            -- A price for some requests only, such as long prompts, ends together with the price that it belongs to.
            and coalesce(c.begins_at > p_at, true)
            and (c.begins_at is not null or (c.ends_at is not null and c.keys = '{}'))
    )
    select
        c.moment,
        c.axis,
        case when c.ends then s.amount else o.amount end,
        case when c.ends then o.amount else s.amount end,
        nullif(c.entry - v_axes - 'effective_from', '{}')
    from change c
    cross join lateral (select (c.entry ->> c.axis)::numeric as amount) as s
    -- What is charged on the other side of the moment, under the same keys if possible: the batch price, not the base price.
    left join lateral (
        select (o.entry ->> c.axis)::numeric as amount
        from entry o
        where o.entry ? c.axis
            and o.position <> c.position
            and o.keys in (c.keys, '{}')
            and (not o.entry ? 'effective_from' or o.begins_at < c.moment or (c.ends and o.begins_at = c.moment))
            and (not o.entry ? 'effective_until' or o.ends_at > c.moment or (not c.ends and o.ends_at = c.moment))
        order by o.keys = c.keys desc, o.position desc
        limit 1
    ) as o on true;
end;
$$;

comment on function public.pricing_announcements(jsonb, timestamptz) is
'What the conditions of a price set will change after a time: from when on, axis, USD for one unit before and after, and for which requests.';
