-- A condition may begin and end at a time. What has begun and has no other key left is the price of every request, so it
-- becomes the base price, and conditions before it lose its axes, because later ones win. Every request from p_at on costs
-- the same by either set.
-- after: pricing_moment, pricing_price_set
create or replace function public.pricing_effective_set(p_set jsonb, p_at timestamptz)
returns jsonb
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
    v_set jsonb := p_set - 'conditions';
    v_kept jsonb := jsonb_build_array();
    v_entry jsonb;
    v_begun jsonb;
    v_unknown jsonb;
    v_is_changed boolean := false;
begin
    -- Nearly every set ends here.
    if jsonb_typeof(p_set -> 'conditions') is distinct from 'array'
        or not p_set -> 'conditions' @? '$[*] ? (exists (@.effective_from) || exists (@.effective_until))'
    then
        return p_set;
    end if;
    for v_entry in
        select e.entry
        from jsonb_array_elements(p_set -> 'conditions') with ordinality as e (entry, position)
        order by e.position
    loop
        if jsonb_typeof(v_entry) <> 'object' then
            v_kept := v_kept || jsonb_build_array(v_entry);
            continue;
        end if;
        if public.pricing_moment(v_entry ->> 'effective_until') <= p_at then
            v_is_changed := true;
            continue;
        end if;
        if public.pricing_moment(v_entry ->> 'effective_from') <= p_at then
            v_is_changed := true;
            v_begun := v_entry;
            v_entry := v_entry - 'effective_from';
            if not exists (select from jsonb_object_keys(v_entry) as k where not starts_with(k, 'price_per_')) then
                v_set := v_set || v_entry;
                v_kept := coalesce(
                    (
                        select jsonb_agg(k.kept order by k.position)
                        from (
                            select o.entry - array(select jsonb_object_keys(v_entry)) as kept, o.position
                            from jsonb_array_elements(v_kept) with ordinality as o (entry, position)
                        ) as k
                        where exists (select from jsonb_object_keys(k.kept) as a where starts_with(a, 'price_per_'))
                    ),
                    '[]'
                );
                -- A base price has no unknown fee, so that stays a condition, which has begun.
                select jsonb_object_agg(e.key, e.value) into v_unknown
                from jsonb_each(v_entry) as e
                where e.value = 'null' and e.key in ('price_per_image', 'price_per_request', 'price_per_web_search');
                if v_unknown is not null then
                    v_kept := v_kept || jsonb_build_array(
                        jsonb_build_object('effective_from', v_begun -> 'effective_from') || v_unknown
                    );
                end if;
                continue;
            end if;
        end if;
        v_kept := v_kept || jsonb_build_array(v_entry);
    end loop;
    if not v_is_changed then
        return p_set;
    end if;
    return public.pricing_price_set(v_set || jsonb_build_object('conditions', v_kept));
end;
$$;

comment on function public.pricing_effective_set(jsonb, timestamptz) is
'A price set as it is from that time on: what has begun by then is in force, what has ended is gone, and later announcements stay.';
