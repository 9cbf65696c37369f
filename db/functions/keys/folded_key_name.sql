-- Names that differ in case or blanks only look the same in logs, so they count as one name.
create or replace function public.folded_key_name(p_name text)
returns text
language sql
immutable
parallel safe
security invoker
set search_path = pg_catalog, pg_temp
as $$
    -- Fixed collation: some languages, such as Turkish, have other lower-case rules.
    select lower(regexp_replace(p_name, '[[:space:]]', '', 'g') collate "C");
$$;

comment on function public.folded_key_name(text) is
'The name of a key without case and blanks, by which names of valid keys are unique.';
