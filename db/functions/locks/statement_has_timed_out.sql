-- A statement that reached statement_timeout and one that a person cancelled raise the same SQLSTATE, and the message
-- depends on the server's language.
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
