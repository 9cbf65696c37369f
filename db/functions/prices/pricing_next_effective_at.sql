-- after: pricing_moment
create or replace function public.pricing_next_effective_at(p_set jsonb, p_after timestamptz)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    -- Nearly every set ends here.
    if jsonb_typeof(p_set -> 'conditions') is distinct from 'array' then
        return null;
    end if;
    return (
        select min(t.moment)
        from jsonb_array_elements(p_set -> 'conditions') as e (entry)
        cross join lateral (
            values
                (public.pricing_moment(e.entry ->> 'effective_from')),
                (public.pricing_moment(e.entry ->> 'effective_until'))
        ) as t (moment)
        where t.moment > p_after
    );
end;
$$;

comment on function public.pricing_next_effective_at(jsonb, timestamptz) is
'When the next condition of a price set begins or ends after a time; null: none does.';
