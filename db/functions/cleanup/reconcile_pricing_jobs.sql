-- Writes what the projection could not, and corrects what manual changes left behind.
-- after: settle_stuck_syncs
create or replace function public.reconcile_pricing_jobs()
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_reason text;
    v_reconciled integer := 0;
begin
    -- Queue rows before log rows: ending a job's last open log row ends the job, which would stop its waiting queue rows.
    foreach v_reason in array array['queue_row_adrift', 'log_row_adrift', 'job_adrift'] loop
        v_reconciled := v_reconciled
            + (select s.syncs_settled from public.settle_stuck_syncs(v_reason) s);
    end loop;
    return v_reconciled;
end;
$$;

comment on function public.reconcile_pricing_jobs() is
'Reconcile log rows and jobs with queue rows that ended, moved or disappeared without them; returns how many it changed.';
