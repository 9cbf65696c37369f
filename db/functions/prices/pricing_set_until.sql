-- after: pricing_moment, pricing_moment_text
create or replace function public.pricing_set_until(p_set jsonb, p_until timestamptz)
returns jsonb
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
    select p_set || case
        when p_set ? 'conditions' then jsonb_build_object('conditions', (
            select coalesce(jsonb_agg(
                case
                    when public.pricing_moment(c.entry ->> 'effective_until') <= p_until then c.entry
                    else c.entry || jsonb_build_object('effective_until', public.pricing_moment_text(p_until))
                end
                order by c.position
            ), '[]')
            from jsonb_array_elements(p_set -> 'conditions') with ordinality as c (entry, position)
            where coalesce(public.pricing_moment(c.entry ->> 'effective_from') < p_until, true)
        ))
        else '{}'
    end;
$$;

comment on function public.pricing_set_until(jsonb, timestamptz) is
'A price set whose conditions end at a time; those that end earlier keep their own, and those that begin later are gone.';
