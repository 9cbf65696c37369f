-- As merge_metric_totals. What adds up to nothing goes.
create or replace function public.merge_model_counts()
returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    with repeated as (
        select c.provider_slug, c.confirmed_by, c.state, c.unknown_from, c.had_price
        from public.pricing_model_counts c
        group by c.provider_slug, c.confirmed_by, c.state, c.unknown_from, c.had_price
        having count(*) > 1
    ),
    taken as (
        delete from public.pricing_model_counts c
        where c.id = any (array(
            select o.id
            from public.pricing_model_counts o
            where exists (
                select
                from repeated r
                where (r.provider_slug, r.confirmed_by, r.state, r.had_price)
                    = (o.provider_slug, o.confirmed_by, o.state, o.had_price)
                    and r.unknown_from is not distinct from o.unknown_from
            )
            order by o.id
            limit 100000
            for update skip locked
        ))
        returning c.provider_slug, c.confirmed_by, c.state, c.unknown_from, c.had_price, c.models
    )
    insert into public.pricing_model_counts (provider_slug, confirmed_by, state, unknown_from, had_price, models)
    select t.provider_slug, t.confirmed_by, t.state, t.unknown_from, t.had_price, sum(t.models)
    from taken t
    group by t.provider_slug, t.confirmed_by, t.state, t.unknown_from, t.had_price
    having sum(t.models) <> 0;
$$;

comment on function public.merge_model_counts() is
'Merge rows of pricing_model_counts that count the same, up to 100,000 a call; the sums stay.';
