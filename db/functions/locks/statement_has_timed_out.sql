-- A statement that reached statement_timeout and one that a person cancelled raise the same SQLSTATE, and the message
-- depends on the server's language, so the time decides. The timeout counts from the first message of the extended protocol
-- (Parse) and statement_timestamp() is set by the last (Execute), and the system's clock may be slewed: hence three quarters.
-- What is then taken for a timeout and is not is a part of a tick that a person cancelled late.
create or replace function public.statement_has_timed_out()
returns boolean
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
    select current_setting('statement_timeout') <> '0'
        and clock_timestamp() >= statement_timestamp() + 0.75 * current_setting('statement_timeout')::interval;
$$;

comment on function public.statement_has_timed_out() is
'Whether the statement of the client has run for about as long as its statement_timeout allows.';
