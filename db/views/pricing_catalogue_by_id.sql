-- Comparisons read it, and pricing_measured_changes looks up the same: what a person says about a model comes before its own id,
-- that before a clause of the catalogue.
create or replace view public.pricing_catalogue_by_id
with (security_invoker = true)
as
select c.provider_slug, c.model_id, c.model_id as canonical_id, c.prices, c.version
from public.pricing_catalogue_prices c
where not exists (
    select
    from public.pricing_model_aliases l
    join public.pricing_catalogue_prices k on k.provider_slug = l.provider_slug and k.model_id = l.canonical_id
    where l.provider_slug = c.provider_slug and l.model_id = c.model_id and l.source like 'manual:%'
)
union all
select l.provider_slug, l.model_id, l.canonical_id, k.prices, k.version
from public.pricing_model_aliases l
join public.pricing_catalogue_prices k on k.provider_slug = l.provider_slug and k.model_id = l.canonical_id
where l.source like 'manual:%'
    or not exists (
        select
        from public.pricing_catalogue_prices c
        where c.provider_slug = l.provider_slug and c.model_id = l.model_id
    );

comment on view public.pricing_catalogue_by_id is
'The catalogue''s numbers for each id of a provider''s models: its own ids, and those of pricing_model_aliases.';
comment on column public.pricing_catalogue_by_id.provider_slug is 'The provider, pricing_providers.slug.';
comment on column public.pricing_catalogue_by_id.model_id is 'The model''s id as the provider spells it, case included.';
comment on column public.pricing_catalogue_by_id.canonical_id is 'The catalogue''s id of the same model.';
comment on column public.pricing_catalogue_by_id.prices is 'USD for one unit by column of model_pricing.';
comment on column public.pricing_catalogue_by_id.version is 'The catalogue and its version, such as genai-prices@0.2.3.';
