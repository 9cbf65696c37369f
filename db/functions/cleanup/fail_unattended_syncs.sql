-- A starting worker registers before its first clean-up, so that it runs what waited for it.
-- after: settle_stuck_syncs
create or replace function public.fail_unattended_syncs()
returns table (syncs_found integer, syncs_failed integer)
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    select s.syncs_found, s.syncs_settled from public.settle_stuck_syncs('no_worker') s;
$$;

comment on function public.fail_unattended_syncs() is
'Fail the syncs that have waited for queued_timeout while no worker was alive.';
