-- after: price_changes_reach
create or replace function public.price_changes_impact(p_changes public.pricing_change[])
returns table (
    models integer,
    providers text[],
    largest_factor numeric,
    to_free_count integer,
    to_free text[]
)
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
    with change as materialized (
        select
            c.provider,
            c.model_id,
            r.largest_factor,
            r.to_free,
            row_number() over (partition by r.to_free order by c.provider, c.model_id) as place
        from (
            select u.provider, u.model_id, row_number() over () as position from unnest(p_changes) as u
        ) as c
        join public.price_changes_reach(p_changes) as r on r.change = c.position
    )
    select
        count(*)::integer,
        coalesce(array_agg(distinct c.provider order by c.provider), '{}'),
        max(c.largest_factor),
        (count(*) filter (where c.to_free))::integer,
        coalesce(
            array_agg(c.provider || '/' || c.model_id order by c.place) filter (where c.to_free and c.place <= 20), '{}'
        )
    from change c;
$$;

comment on function public.price_changes_impact(public.pricing_change[]) is
'Of changes: how many models, of which providers, the largest factor by which a price moves, and how many become free or have a price that falls to zero, with the first 20 as provider/model.';
