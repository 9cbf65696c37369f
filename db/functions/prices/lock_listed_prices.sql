-- apply_provider_list calls it.
-- after: lock_provider_prices
create or replace function public.lock_listed_prices(p_provider text, p_prices jsonb, p_until timestamptz)
returns text[]
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_targets text[] := array[p_provider];
begin
    if p_provider = 'catalogue' then
        select coalesce(array_agg(t.provider), '{}') into v_targets
        from (
            select i.provider
            from jsonb_to_recordset(coalesce(p_prices, '[]')) as i (provider text)
            where i.provider is not null
            union
            -- Providers that the catalogue has dropped altogether, whose models are missing.
            select m.provider_slug from public.model_pricing m where m.listed_by = 'catalogue'
        ) as t;
    end if;
    perform public.lock_provider_prices(v_targets, p_until);
    if p_provider = 'catalogue' then
        -- The catalogue may write only for providers without a list of their own. A provider whose list has no prices gets
        -- the catalogue's through that list.
        select coalesce(array_agg(t), '{}') into v_targets
        from unnest(v_targets) as t
        where not exists (
            select
            from public.pricing_providers p
            where p.slug = t
                and p.adapter is not null
                and p.last_success_at is not null
                and p.state <> 'no_credentials'
        );
    end if;
    return v_targets;
end;
$$;

comment on function public.lock_listed_prices(text, jsonb, timestamptz) is
'Lock the prices of the providers in a list until the end of the transaction; returns those that the list may write: its own provider, or for the catalogue all without a list of their own.';
