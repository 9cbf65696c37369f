-- An expression, as pricing_amount_differs: a call for each new model took longer than its insertion.
create or replace function public.pricing_search_words(p_provider text, p_model text, p_name text)
returns text
language sql
immutable
security invoker
return lower(p_provider || chr(31) || p_model || coalesce(chr(31) || p_name, ''));

comment on function public.pricing_search_words(text, text, text) is
'What the search over models looks in: pricing_model_search.words.';
