-- after: settle_stuck_syncs
create or replace function public.fail_overtime_syncs(p_timeout interval)
returns table (syncs_found integer, syncs_failed integer)
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    select s.syncs_found, s.syncs_settled from public.settle_stuck_syncs('timeout', p_timeout => p_timeout) s;
$$;

comment on function public.fail_overtime_syncs(interval) is
'Abort and fail the attempts that run longer than this (null: than their provider''s timeout), also of a live worker.';
