-- lock_timeout bounds one wait; this bounds all waits of a caller together. Only for functions with a lock_timeout of
-- their own, whose end restores the session's value.
-- after: require_fresh_reads
create or replace function public.wait_for_locks_until(p_until timestamptz)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_set text;
begin
    perform public.require_fresh_reads();
    -- Assigned: an expression costs a fraction of a statement.
    v_set := pg_catalog.set_config(
        'lock_timeout',
        greatest(ceil(extract(epoch from p_until - clock_timestamp()) * 1000), 1)::integer::text,
        true
    );
end;
$$;

comment on function public.wait_for_locks_until(timestamptz) is
'Set lock_timeout so that the next wait for a lock ends at this time, after at least a millisecond.';
