-- Called by every supervisor every few seconds, by cron and by people; safe from all of them at once.
-- What waits behind a lock is not stuck.
create or replace function public.cleanup_stuck_pricing_syncs(timeout_minutes integer default null)
returns table (stuck_syncs_found integer, syncs_cleaned integer)
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_stalled record;
    v_overtime record;
    v_mended integer;
begin
    if timeout_minutes <= 0 then
        raise exception 'timeout_minutes must be at least 1'
            using errcode = 'PT422', hint = 'Leave it out to use each provider''s own timeout.';
    end if;
    select * into v_stalled from public.release_stalled_syncs();
    select * into v_overtime from public.fail_overtime_syncs(make_interval(mins => timeout_minutes));
    v_mended := public.mend_pricing_jobs();
    stuck_syncs_found := v_stalled.syncs_found + v_overtime.syncs_found + v_mended;
    syncs_cleaned := v_stalled.syncs_released + v_overtime.syncs_failed + v_mended;
    return next;
end;
$$;

comment on function public.cleanup_stuck_pricing_syncs(integer) is
'Settle every sync that is stuck: lost workers, overtime (null: each provider''s own timeout), queue rows that are gone.';
