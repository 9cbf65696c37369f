-- Postgres stores months, days and time apart. Comparison takes a month for 30 days, arithmetic goes by the calendar. With
-- mixed signs the two differ without bound: '-1000 months 30030 days' is more than 29 days, yet subtracting it leads
-- into the future.
create or replace function public.require_interval(p_name text, p_interval interval)
returns interval
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    if least(
            extract(year from p_interval), extract(month from p_interval), extract(day from p_interval),
            extract(hour from p_interval), extract(minute from p_interval), extract(second from p_interval)
        ) < 0
    then
        raise exception '% cannot be %: none of its parts may be below zero', p_name, p_interval
            using errcode = 'PT422', hint = 'For example 30 days, or 1 month 12 hours.';
    end if;
    return p_interval;
end;
$$;

comment on function public.require_interval(text, interval) is
'Return this interval; refuse one with a part below zero.';
