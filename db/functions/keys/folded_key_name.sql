-- Two names that a person would read as one are one: keys of both at once would tell nobody who it was.
create or replace function public.folded_key_name(p_name text)
returns text
language sql
immutable
parallel safe
security invoker
set search_path = pg_catalog, pg_temp
as $$
    -- Turkish and others have a lower case of their own.
    select lower(regexp_replace(p_name, '[[:space:]]', '', 'g') collate "C");
$$;

comment on function public.folded_key_name(text) is
'The name of a key without case and blanks: no two keys that are in force have the same.';
