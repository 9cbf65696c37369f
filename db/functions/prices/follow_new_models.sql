-- after: pricing_search_words
create or replace function public.follow_new_models()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.pricing_model_search (provider_slug, model_id, words)
    select n.provider_slug, n.model_id, public.pricing_search_words(n.provider_slug, n.model_id, n.name)
    from new_rows n
    on conflict (provider_slug, model_id) do update set words = excluded.words;
    return null;
end;
$$;

comment on function public.follow_new_models() is
'Trigger: enter new models into pricing_model_search.';
