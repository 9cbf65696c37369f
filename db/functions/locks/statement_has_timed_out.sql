-- A statement that its own time limit has ended and one that a person has cancelled raise the same error. By the words of
-- it nobody can tell them apart: they are in the server's language.
create or replace function public.statement_has_timed_out()
returns boolean
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
    select current_setting('statement_timeout') <> '0'
        and clock_timestamp() >= statement_timestamp() + current_setting('statement_timeout')::interval;
$$;

comment on function public.statement_has_timed_out() is
'Whether the statement of the client has run for as long as its statement_timeout allows.';
