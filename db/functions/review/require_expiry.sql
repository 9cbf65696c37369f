-- One bound for the expiry of keys, overrides and rules.
-- after: capped_expiry
create or replace function public.require_expiry(p_name text, p_time timestamptz, p_never text default null)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_time is distinct from public.capped_expiry(p_time) or p_time <= clock_timestamp() then
        raise exception '% cannot be %', p_name, p_time
            using errcode = 'PT422',
                hint = concat(
                    'It is a time to come, up to 9999-12-31 00:00 UTC, such as now() + interval ''30 days''',
                    '; ' || p_never,
                    '.'
                );
    end if;
    return p_time;
end;
$$;

comment on function public.require_expiry(text, timestamptz, text) is
'Return this time, or null for null; refuse one that is past, infinite or after 9999-12-31 00:00 UTC. p_never ends the hint: what to do when nothing shall expire.';
