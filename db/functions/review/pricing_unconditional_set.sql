-- The guards compare such sets: otherwise a price could move by any factor as a new condition that every request meets.
create or replace function public.pricing_unconditional_set(p_set jsonb)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
    v_set jsonb := p_set - 'conditions';
    v_kept jsonb := jsonb_build_array();
    v_entry jsonb;
begin
    -- Nearly every set ends here.
    if jsonb_typeof(p_set -> 'conditions') is distinct from 'array'
        or not p_set -> 'conditions' @? '$[*] ? (@.min_prompt_tokens <= 0 || @.utc_days.size() >= 7 || @.utc_start <= 0 || !exists (@.keyvalue() ? (!(@.key starts with "price_per_"))))'
    then
        return p_set;
    end if;
    for v_entry in
        select e.entry
        from jsonb_array_elements(p_set -> 'conditions') with ordinality as e (entry, position)
        order by e.position
    loop
        if v_entry @? '$ ? (@.min_prompt_tokens <= 0)' then
            v_entry := v_entry - 'min_prompt_tokens';
        end if;
        if v_entry -> 'utc_days'
            @> '["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]'
        then
            v_entry := v_entry - 'utc_days';
        end if;
        if v_entry @? '$ ? (@.utc_start <= 0 && @.utc_end > 2359)' then
            v_entry := v_entry - 'utc_start' - 'utc_end';
        end if;
        if not exists (select from jsonb_object_keys(v_entry) as k where not starts_with(k, 'price_per_')) then
            v_set := v_set || v_entry;
            -- Later conditions win. Those before stay in their places, which evidence names.
            v_kept := coalesce(
                (
                    select jsonb_agg(k.entry - array(select jsonb_object_keys(v_entry)) order by k.position)
                    from jsonb_array_elements(v_kept) with ordinality as k (entry, position)
                ),
                '[]'
            );
            v_entry := jsonb_build_object();
        end if;
        v_kept := v_kept || jsonb_build_array(v_entry);
    end loop;
    return jsonb_strip_nulls(v_set) || jsonb_build_object('conditions', v_kept);
end;
$$;

comment on function public.pricing_unconditional_set(jsonb) is
'A price set with its conditions that every request meets (min_prompt_tokens 0, all days, the whole day) as base prices, and an empty object in their places.';
