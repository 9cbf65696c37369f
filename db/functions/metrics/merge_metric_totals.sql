-- Deletes and inserts in one statement: a reader sees either all of the old rows or their sum. Two calls at once merge
-- different rows.
create or replace function public.merge_metric_totals()
returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    with repeated as (
        select t.provider_slug, t.metric, t.label
        from public.pricing_metric_totals t
        group by t.provider_slug, t.metric, t.label
        having count(*) > 1
    ),
    taken as (
        delete from public.pricing_metric_totals t
        where t.id = any (array(
            select o.id
            from public.pricing_metric_totals o
            where (o.provider_slug, o.metric, o.label) in (select r.provider_slug, r.metric, r.label from repeated r)
            order by o.id
            limit 100000
            for update skip locked
        ))
        returning t.provider_slug, t.metric, t.label, t.amount
    )
    insert into public.pricing_metric_totals (provider_slug, metric, label, amount)
    select t.provider_slug, t.metric, t.label, sum(round(t.amount::numeric, 3))
    from taken t
    group by t.provider_slug, t.metric, t.label;
$$;

comment on function public.merge_metric_totals() is
'Merge rows of pricing_metric_totals that count the same, up to 100,000 a call; the sums stay.';
