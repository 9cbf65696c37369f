create or replace view public.pricing_drift
with (security_invoker = true)
as
select
    d.provider,
    d.model,
    d.price,
    trim_scale(d.said * d.factor) as provider_amount,
    trim_scale(d.listed * d.factor) as catalogue_amount,
    d.said / nullif(d.listed, 0) as ratio,
    d.source,
    d.catalogue
from (
    select
        m.provider_slug as provider,
        m.model_id as model,
        a.short_name as price,
        case when a.per = 'token' then 1000000 else 1 end as factor,
        (coalesce(m.synced, to_jsonb(m)) ->> a.axis)::numeric as said,
        (c.prices ->> a.axis)::numeric as listed,
        m.pricing_source as source,
        c.version as catalogue
    from public.model_pricing m
    join public.pricing_catalogue_prices c on c.provider_slug = m.provider_slug and c.model_id = m.model_id
    cross join public.pricing_axes() a
    -- The catalogue does not differ from itself.
    where m.is_active and m.pricing_source not like 'catalogue:%'
) as d
where abs(d.said - d.listed) > 0.01 * d.listed;

comment on view public.pricing_drift is
'Where a provider''s own number and the catalogue''s differ by more than 1 %: one row per model and price, under the names of model_prices. An override is neither.';
comment on column public.pricing_drift.price is 'Which price, as model_prices names it: token prices per million.';
comment on column public.pricing_drift.provider_amount is 'US dollars, as the provider says.';
comment on column public.pricing_drift.catalogue_amount is 'US dollars, as the catalogue says.';
comment on column public.pricing_drift.ratio is 'The provider''s number divided by the catalogue''s; null where the catalogue says 0.';
