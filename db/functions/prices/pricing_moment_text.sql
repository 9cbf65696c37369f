create or replace function public.pricing_moment_text(p_moment timestamptz)
returns text
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
    select regexp_replace(to_char(p_moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '[.]?0+Z$', 'Z');
$$;

comment on function public.pricing_moment_text(timestamptz) is
'The time as conditions have it, which pricing_moment reads: RFC 3339 in UTC, exact, without zeros at the end of the fraction.';
