-- after: price_change_reach
create or replace function public.price_changes_impact(p_changes jsonb)
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
        from jsonb_to_recordset(p_changes) as c (provider text, model_id text, old jsonb, new jsonb)
        cross join lateral public.price_change_reach(c.old, c.new) as r
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

comment on function public.price_changes_impact(jsonb) is
'Of changes, [{provider, model_id, old, new}]: how many models, of which providers, the largest factor by which a price moves, and how many become free or have a price that falls to zero, with the first 20 as provider/model.';
