-- after: pricing_axes
create or replace function public.pricing_replaced_set(p_synced jsonb, p_fixed jsonb)
returns jsonb
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
    with axis as materialized (
        select
            a.axis,
            p_fixed ? a.axis as is_fixed,
            coalesce(
                p_synced -> a.axis,
                case
                    -- An absent fee is none, where null in a condition is unknown. It is unknown too where no price is known,
                    -- or it depends on what is asked for.
                    when a.is_fee
                        and p_synced - 'conditions' <> '{}'
                        and not jsonb_path_query_array(
                            p_synced,
                            '$.conditions[*] ? (exists (@.image_size) || exists (@.image_quality) || exists (@.search_type)).keyvalue() ? (@.value != null).key'
                        ) ? a.axis
                        then to_jsonb('0'::text)
                    else 'null'
                end
            ) as amount
        from public.pricing_axes() a
    )
    select coalesce(jsonb_object_agg(a.axis, a.amount) filter (where a.is_fixed), '{}') || jsonb_build_object(
        'conditions', (
            select coalesce(
                jsonb_agg(c.entry - array(select o.axis from axis o where not o.is_fixed) order by c.position), '[]'
            )
            from jsonb_array_elements(coalesce(p_synced -> 'conditions', '[]')) with ordinality as c (entry, position)
            where c.entry ?| array(select f.axis from axis f where f.is_fixed)
        )
    )
    from axis a;
$$;

comment on function public.pricing_replaced_set(jsonb, jsonb) is
'What the prices fixed by an override replace of a synced set, base prices and conditions, as a condition can say it: null is unknown, and an absent fee is 0 where it is none.';
