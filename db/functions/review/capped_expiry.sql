-- timestamptz goes on to the year 294276, and to infinity. Most programs that read a time do not: Python, and the drivers of
-- the web process and the command line, end with the year 9999, in whatever time zone they show it.
create or replace function public.capped_expiry(p_time timestamptz)
returns timestamptz
language sql
immutable
parallel safe
security invoker
set search_path = pg_catalog, pg_temp
as $$
    select case
        when p_time < 'infinity'
            then greatest(least(p_time, timestamptz '9999-12-31 00:00:00+00'), timestamptz '0001-01-02 00:00:00+00')
    end;
$$;

comment on function public.capped_expiry(timestamptz) is
'A time as every client can read it: 9999-12-31 00:00 UTC at the latest; null, which is never, for infinity.';
