-- The names under which pricing_list_findings counts conditions. One statement for a whole list, which may have 25,000 models.
create or replace function public.pricing_condition_words(p_owners bigint[], p_conditions jsonb[])
returns table (owner bigint, word text)
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
as $$
    select distinct o.owner, w.word
    from unnest(p_owners, p_conditions) as o (owner, conditions)
    cross join lateral jsonb_array_elements(o.conditions) as e (entry)
    cross join lateral jsonb_each(e.entry) as k
    -- Without a text: any of them.
    cross join lateral unnest(array[
        k.key || case when jsonb_typeof(k.value) = 'string' then ' ' || (k.value #>> '{}') else '' end, ''
    ]) as w (word)
    where not starts_with(k.key, 'price_per_') and k.key not in ('effective_from', 'effective_until');
$$;

comment on function public.pricing_condition_words(bigint[], jsonb[]) is
'What the conditions of each owner name, each once: a key, with its value where that is a text (min_prompt_tokens, service_tier batch), and an empty text for any of them. The times of an announcement are no conditions.';
