-- The caller may have locked the provider row, which comes last in the lock order, so it never waits. What it skips is
-- ended by the worker that fetches it, or by the next clean-up.
-- after: settle_stuck_syncs
create or replace function public.cancel_disabled_syncs(p_provider text default null)
returns integer
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    select s.syncs_settled from public.settle_stuck_syncs('disabled', p_provider) s;
$$;

comment on function public.cancel_disabled_syncs(text) is
'Cancel the waiting syncs of a provider that is disabled or gone (null: of all such providers), except those that another session changes; returns how many.';
