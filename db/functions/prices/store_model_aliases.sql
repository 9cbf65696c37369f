-- store_pricing_catalogue calls it, under the lock of the prices.
create or replace function public.store_model_aliases(p_provider text, p_reference jsonb, p_version text)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
-- As in compare_provider_prices.
set plan_cache_mode = force_generic_plan
as $$
declare
    v_stored integer;
begin
    with said as materialized (
        select
            coalesce(r.provider, p_provider) as provider_slug,
            s.model_id,
            -- An id with two meanings is none.
            min(s.canonical_id) as canonical_id
        from jsonb_to_recordset(p_reference) as r (provider text, model_id text, canonical_id text, aliases jsonb)
        cross join lateral (
            select r.model_id, r.canonical_id where r.canonical_id is not null
            union all
            -- Only the catalogue has the other spellings of its own ids.
            select a.alias, r.model_id
            from jsonb_array_elements_text(case when jsonb_typeof(r.aliases) = 'array' then r.aliases else '[]' end)
                as a (alias)
            where p_provider = 'catalogue'
        ) as s
        where (p_provider = 'catalogue' or coalesce(r.provider, p_provider) = p_provider)
            and s.model_id <> s.canonical_id
            and length(s.model_id) <= 512
            and length(s.canonical_id) <= 512
        group by 1, 2
        having count(distinct s.canonical_id) = 1
    ),
    -- What the catalogue's new version says no more. A provider may spell an id in other case than the catalogue.
    gone as (
        delete from public.pricing_model_aliases a
        where p_provider = 'catalogue'
            and a.source like 'catalogue:%'
            and (a.provider_slug, lower(a.model_id), a.canonical_id) not in (
                select s.provider_slug, lower(s.model_id), s.canonical_id from said s
            )
        returning 1
    ),
    stored as (
        insert into public.pricing_model_aliases as a (provider_slug, model_id, canonical_id, source)
        select s.provider_slug, s.model_id, s.canonical_id, 'catalogue:' || p_version
        from said s
        where not exists (
            select
            from public.pricing_model_aliases k
            where k.provider_slug = s.provider_slug
                and k.model_id = s.model_id
                and (k.source like 'manual:%' or (k.canonical_id, k.source) = (s.canonical_id, 'catalogue:' || p_version))
        )
        on conflict (provider_slug, model_id) do update
        set canonical_id = excluded.canonical_id,
            source = excluded.source,
            created_at = clock_timestamp()
        -- What a person says stays.
        where a.source not like 'manual:%'
        returning 1
    )
    select (select count(*) from gone)::integer + (select count(*) from stored)::integer into v_stored;
    return v_stored;
end;
$$;

comment on function public.store_model_aliases(text, jsonb, text) is
'Store what the catalogue says about other ids of its models, [{provider (default: the one named), model_id, aliases: other ids}] by the catalogue itself, or by a provider''s sync [{model_id, canonical_id}]; aliases set by a person stay. Returns how many changed.';
