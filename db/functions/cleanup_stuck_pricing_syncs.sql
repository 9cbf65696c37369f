-- Called by every supervisor every few seconds, by cron and by people; safe from all of them at once.
-- What waits behind a lock is not stuck.
create or replace function public.cleanup_stuck_pricing_syncs(timeout_minutes integer default null)
returns table (stuck_syncs_found integer, syncs_cleaned integer)
language plpgsql
security definer
set search_path = ''
-- Compiling takes longer than any of its queries runs.
set jit = off
as $$
declare
    v_mended integer;
    v_cancelled integer;
    v_stalled record;
    v_aborted record;
    v_overtime record;
    v_unattended record;
begin
    if timeout_minutes <= 0 then
        raise exception 'timeout_minutes must be at least 1'
            using errcode = 'PT422', hint = 'Leave it out to use each provider''s own timeout.';
    end if;
    -- What is mended first can be found by the rest.
    v_mended := public.mend_pricing_jobs();
    v_cancelled := public.cancel_disabled_syncs();
    select * into v_stalled from public.release_stalled_syncs();
    select * into v_aborted from public.end_ignored_aborts();
    select * into v_overtime from public.fail_overtime_syncs(make_interval(mins => timeout_minutes));
    select * into v_unattended from public.fail_unattended_syncs();
    stuck_syncs_found := v_mended + v_cancelled
        + v_stalled.syncs_found + v_aborted.syncs_found + v_overtime.syncs_found + v_unattended.syncs_found;
    syncs_cleaned := v_mended + v_cancelled
        + v_stalled.syncs_released + v_aborted.syncs_ended + v_overtime.syncs_failed + v_unattended.syncs_failed;
    return next;
end;
$$;

comment on function public.cleanup_stuck_pricing_syncs(integer) is
'Settle every sync that is stuck: lost workers, aborts not obeyed, overtime (null: each provider''s own timeout), no worker at all, disabled providers, rows that are gone.';
