create or replace function public.pricing_search_words(p_provider text, p_model text, p_name text)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
    select lower(concat_ws(chr(31), p_provider, p_model, p_name));
$$;

comment on function public.pricing_search_words(text, text, text) is
'What the search over models looks in: pricing_model_search.words.';
