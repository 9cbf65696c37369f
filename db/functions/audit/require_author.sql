-- Functions that record who calls them check the name here, so that one bound applies to all.
create or replace function public.require_author(p_parameter text, p_author text, p_hint text)
returns void
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_author is null or length(p_author) not between 1 and 200 then
        raise exception '% must have 1 to 200 characters', p_parameter using errcode = 'PT422', hint = p_hint;
    end if;
end;
$$;

comment on function public.require_author(text, text, text) is
'Refuse with PT422 and this hint a name of a person or program that is null, empty or longer than 200 characters.';
