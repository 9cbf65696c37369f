-- An abort requested through the engine takes effect when the worker obeys. A worker that has not within the lease does
-- not get notifications, or hangs, even if its heartbeat goes on.
-- after: settle_stuck_syncs
create or replace function public.end_ignored_aborts()
returns table (syncs_found integer, syncs_ended integer)
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    select s.syncs_found, s.syncs_settled from public.settle_stuck_syncs('abort_ignored') s;
$$;

comment on function public.end_ignored_aborts() is
'Cancel the running syncs whose worker has not obeyed an abort within the lease.';
