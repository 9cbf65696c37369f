-- The call stack (pg_context) names the calling functions. A line of it may also be text of the caller's statement, so this
-- tells our functions from accidents, and is no protection against an owner of the tables.
create or replace function public.pricing_is_called_by(p_stack text, variadic p_functions text[])
returns boolean
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    -- With or without the quotes of quote_all_identifiers.
    return coalesce(
        p_stack ~ ('(?n)^PL/pgSQL function "?public"?[.]"?(' || array_to_string(p_functions, '|') || ')"?[(]'), false
    );
end;
$$;

comment on function public.pricing_is_called_by(text, text[]) is
'Whether one of these functions of ours is in a call stack, as get diagnostics gives it.';
