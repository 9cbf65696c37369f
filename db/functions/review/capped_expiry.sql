-- timestamptz reaches the year 294276, and infinity. Python and the drivers of web process and command line end with the
-- year 9999, in whatever time zone they show it.
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
'A time that every client can read: 9999-12-31 00:00 UTC at the latest; null (never) for infinity.';
