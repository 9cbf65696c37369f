-- Which of our functions is at work stands in the call stack (pg_context). A line of it may also be the text of somebody's
-- statement: this tells a person's slip from our functions, and is no border against who owns the tables anyway.
create or replace function public.pricing_is_called_by(p_stack text, variadic p_functions text[])
returns boolean
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    -- With the quotes of quote_all_identifiers, or without.
    return coalesce(
        p_stack ~ ('(?n)^PL/pgSQL function "?public"?[.]"?(' || array_to_string(p_functions, '|') || ')"?[(]'), false
    );
end;
$$;

comment on function public.pricing_is_called_by(text, text[]) is
'Whether one of these functions of ours is in a call stack, as get diagnostics gives it.';
