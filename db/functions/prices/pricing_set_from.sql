-- Conditions come after the prices for every request, so that they win over them.
-- after: pricing_moment, pricing_moment_text
create or replace function public.pricing_set_from(p_set jsonb, p_from timestamptz)
returns jsonb
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object('conditions', (
        select coalesce(jsonb_agg(
            jsonb_build_object(
                'effective_from',
                -- A condition that begins later than that keeps its own time.
                coalesce(
                    case when public.pricing_moment(e.entry ->> 'effective_from') > p_from then e.entry ->> 'effective_from' end,
                    public.pricing_moment_text(p_from)
                )
            ) || (e.entry - 'effective_from')
            order by e.position
        ), '[]')
        from (
            select p_set - 'conditions' as entry, 0 as position
            where p_set - 'conditions' <> '{}'
            union all
            select c.entry, c.position
            from jsonb_array_elements(coalesce(p_set -> 'conditions', '[]')) with ordinality as c (entry, position)
        ) as e
    ));
$$;

comment on function public.pricing_set_from(jsonb, timestamptz) is
'A price set that says the same from a time on, and nothing before: all of it as conditions with effective_from.';
