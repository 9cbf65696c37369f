-- Models that are older than the triggers, or were restored without them.
insert into public.pricing_model_search (provider_slug, model_id, words)
select m.provider_slug, m.model_id, public.pricing_search_words(m.provider_slug, m.model_id, m.name)
from public.model_pricing m
where not exists (
    select
    from public.pricing_model_search s
    where s.provider_slug = m.provider_slug and s.model_id = m.model_id
)
on conflict do nothing;

-- The index by trigrams, which no migration can make: not every server has the extension, and not every user may create it.
-- Without it a search finds the same models, by reading the words of all. In the schema that Supabase has for extensions.
do $$
declare
    v_schema text := (select e.extnamespace::regnamespace from pg_catalog.pg_extension e where e.extname = 'pg_trgm');
begin
    if to_regclass('public.pricing_model_search_words') is not null
        or not exists (select from pg_catalog.pg_available_extensions a where a.name = 'pg_trgm')
    then
        return;
    end if;
    if v_schema is null then
        if to_regnamespace('extensions') is null then
            create schema extensions;
            -- By these comments an uninstall knows what it may drop.
            comment on schema extensions is 'Made by pricing-sync for its search over models.';
        end if;
        create extension pg_trgm schema extensions;
        comment on extension pg_trgm is 'Made by pricing-sync for its search over models.';
        v_schema := 'extensions';
    end if;
    execute format(
        'create index pricing_model_search_words on public.pricing_model_search using gin (words %s.gin_trgm_ops)', v_schema
    );
exception
    when insufficient_privilege then
        raise notice 'A search over models reads the words of all of them: %', sqlerrm;
end;
$$;
