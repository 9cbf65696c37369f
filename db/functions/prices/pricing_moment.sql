-- Conditions come from lists and people: another text is no moment, and must not fail the statement that reads it.
create or replace function public.pricing_moment(p_text text)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    -- No hour 24 and no second 60: other languages do not read them.
    if p_text !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3])(:[0-5][0-9]){2}([.][0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$' then
        return null;
    end if;
    return p_text::timestamptz;
exception
    -- Such as a day that the month does not have.
    when data_exception then
        return null;
end;
$$;

comment on function public.pricing_moment(text) is
'The time in a text such as 2027-01-01T00:00:00Z (RFC 3339); null for any other text.';
