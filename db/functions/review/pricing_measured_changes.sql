-- What pricing_findings measures prices by, beside the provider's own.
create or replace function public.pricing_measured_changes(
    p_provider text, p_changes public.pricing_change[], p_reference jsonb
)
returns table (
    change bigint,
    provider text,
    model_id text,
    source text,
    says_free boolean,
    catalogue jsonb
)
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
-- As in compare_provider_prices.
set enable_nestloop = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
-- As in judge_price_changes.
set plan_cache_mode = force_custom_plan
as $$
    select
        c.position,
        c.provider,
        c.model_id,
        c.source,
        -- Ids and names say so as well, to callers that do not.
        coalesce(c.free, false) or c.model_id like '%:free' or coalesce(c.name ~* '[[:<:]]free[[:>:]]', false),
        -- A dry run stores nothing, so its reference is not in the table. A subquery uses the index for each change; a
        -- join would read the numbers of all providers.
        case
            when c.source not like 'catalogue:%' then coalesce(
                -- As in pricing_catalogue_by_id.
                (
                    select k.prices
                    from public.pricing_catalogue_prices k
                    where k.provider_slug = c.provider
                        and k.model_id = (
                            select l.canonical_id
                            from public.pricing_model_aliases l
                            where l.provider_slug = c.provider
                                and l.model_id = c.model_id
                                and l.source like 'manual:%'
                        )
                ),
                r.prices,
                (
                    select k.prices
                    from public.pricing_catalogue_prices k
                    where k.provider_slug = c.provider and k.model_id = c.model_id
                ),
                (
                    select k.prices
                    from public.pricing_catalogue_prices k
                    where k.provider_slug = c.provider
                        and k.model_id = (
                            select l.canonical_id
                            from public.pricing_model_aliases l
                            where l.provider_slug = c.provider and l.model_id = c.model_id
                        )
                )
            )
        end
    from (
        select u.*, row_number() over () as position from unnest(p_changes) as u
    ) as c
    left join jsonb_to_recordset(p_reference) as r (provider text, model_id text, prices jsonb)
        on coalesce(r.provider, p_provider) = c.provider and r.model_id = c.model_id;
$$;

comment on function public.pricing_measured_changes(text, public.pricing_change[], jsonb) is
'For each of the changes, by its place in the list, from 1: whether it says that the model is free, and the catalogue''s prices of the model; null where the change comes from the catalogue. p_reference: the catalogue''s prices that a dry run does not store, [{provider, model_id, prices}].';
