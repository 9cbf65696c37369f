-- lock_timeout is about one lock; who takes several of them has a time for all. For functions that set lock_timeout
-- themselves: with their end it is again what it was.
-- after: require_fresh_reads
create or replace function public.wait_for_locks_until(p_until timestamptz)
returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    select public.require_fresh_reads();
    select pg_catalog.set_config(
        'lock_timeout',
        greatest(ceil(extract(epoch from p_until - clock_timestamp()) * 1000), 1)::integer::text,
        true
    );
$$;

comment on function public.wait_for_locks_until(timestamptz) is
'Let the next lock be waited for until this time, and at least a millisecond.';
