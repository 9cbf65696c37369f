-- apply_provider_list calls it and has locked the prices of the providers.
-- after: bound_price_list, pricing_price_set, store_model_aliases
create or replace function public.store_pricing_catalogue(p_provider text, p_reference jsonb, p_version text)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
-- As in compare_provider_prices.
set enable_seqscan = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
as $$
declare
    v_reference constant jsonb := (
        select coalesce(b.prices, p_reference) from public.bound_price_list(p_reference, '[]') b
    );
    v_stored integer;
begin
    perform public.store_model_aliases(p_provider, v_reference, p_version);
    with reference as materialized (
        select
            coalesce(r.entry ->> 'provider', p_provider) as provider_slug,
            r.entry ->> 'model_id' as model_id,
            public.pricing_price_set(coalesce(r.entry -> 'prices', r.entry)) - 'conditions' as prices
        from jsonb_array_elements(v_reference) as r (entry)
        -- A list of one provider must not change the numbers that the guards of others compare with.
        where p_provider in ('catalogue', coalesce(r.entry ->> 'provider', p_provider))
    ),
    -- Lateral, so that the index serves each provider: a join would read the numbers of all providers.
    known as (
        select k.*
        from (select distinct r.provider_slug as slug from reference r) as target
        cross join lateral (
            select c.* from public.pricing_catalogue_prices c where c.provider_slug = target.slug offset 0
        ) as k
    ),
    stored as (
        insert into public.pricing_catalogue_prices as c (provider_slug, model_id, prices, version)
        select r.provider_slug, r.model_id, r.prices, p_version
        from reference r
        left join known k on k.provider_slug = r.provider_slug and k.model_id = r.model_id
        where (k.prices, k.version) is distinct from (r.prices, p_version)
        on conflict (provider_slug, model_id) do update
        set prices = excluded.prices,
            version = excluded.version,
            updated_at = clock_timestamp()
        returning 1
    )
    select count(*)::integer into v_stored from stored;
    return v_stored;
end;
$$;

comment on function public.store_pricing_catalogue(text, jsonb, text) is
'Store the catalogue''s numbers, [{provider (default: the one named), model_id, prices: USD for one unit by column}] or rows of a price list; numbers of other providers only from the catalogue itself. Returns how many changed.';
