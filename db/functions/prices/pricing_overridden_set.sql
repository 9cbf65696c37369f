-- Conditions lose the axes that the override fixes: a contract price applies to long prompts too. A fee of 0 that a person
-- has fixed is shown as such.
-- after: pricing_axes, pricing_price_set
create or replace function public.pricing_overridden_set(p_synced jsonb, p_override jsonb)
returns jsonb
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
    select public.pricing_price_set(
        (p_synced || p_override) || jsonb_build_object('conditions', (
            select coalesce(jsonb_agg(k.kept order by k.position), '[]') || coalesce(p_override -> 'conditions', '[]')
            from (
                select c.condition - array(select jsonb_object_keys(p_override)) as kept, c.position
                from jsonb_array_elements(coalesce(p_synced -> 'conditions', '[]')) with ordinality as c (condition, position)
            ) as k
            where exists (select from jsonb_object_keys(k.kept) as key where starts_with(key, 'price_per_'))
        ))
    ) || (
        select coalesce(jsonb_object_agg(a.axis, '0'), '{}')
        from public.pricing_axes() a
        where a.is_fee and (p_override ->> a.axis)::numeric = 0
    );
$$;

comment on function public.pricing_overridden_set(jsonb, jsonb) is
'The price set in force under an override: its axes, and all others of the synced set; conditions without the axes that the override fixes, and after them its own.';
