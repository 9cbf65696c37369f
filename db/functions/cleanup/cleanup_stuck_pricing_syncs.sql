-- Every worker calls it every few seconds, and cron and people do; concurrent calls are safe. A sync that waits behind its
-- provider's lock is not stuck.
-- after: raise_low_water_mark
create or replace function public.cleanup_stuck_pricing_syncs(timeout_minutes integer default null)
returns table (stuck_syncs_found integer, syncs_cleaned integer)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- Compiling would take longer than any of its queries.
set jit = off
-- It skips locked rows; a wait for anything else ends after this, and the next call tries again.
set lock_timeout = '1s'
as $$
declare
    v_is_any boolean := true;
    v_step text;
    v_found integer;
    v_cleaned integer;
begin
    if timeout_minutes <= 0 then
        raise exception 'timeout_minutes must be at least 1'
            using errcode = 'PT422', hint = 'Leave it out to use each provider''s own timeout.';
    end if;
    stuck_syncs_found := 0;
    syncs_cleaned := 0;
    begin
        perform public.raise_low_water_mark();
    exception
        when transaction_rollback then
            raise;
        when others then
            -- Fetches take longer, and nothing else.
            raise warning 'pricing-sync: raise_low_water_mark failed: %', sqlerrm;
    end;
    -- Mostly nothing is stuck, and one question takes a fifth of the time of one for each reason.
    begin
        v_is_any := exists (
            select
            from public.pricing_sync_expiry e
            where e.since < clock_timestamp() - case
                when e.reason = 'timeout' then coalesce(make_interval(mins => timeout_minutes), e.allowed)
                else e.allowed
            end
        ) or exists (select from public.pricing_given_up_syncs);
    exception
        when transaction_rollback then
            raise;
        when others then
            -- The steps fail one by one, and some may not.
            null;
    end;
    if not v_is_any then
        return next;
        return;
    end if;
    -- First, so that the other steps see the reconciled rows.
    foreach v_step in array array[
        'reconcile_pricing_jobs', 'requeue_given_up_syncs', 'cancel_disabled_syncs', 'expire_stalled_syncs',
        'end_ignored_aborts', 'fail_overtime_syncs', 'fail_unattended_syncs'
    ]
    loop
        -- A failed step does not stop the others.
        begin
            case v_step
                when 'reconcile_pricing_jobs' then
                    v_found := public.reconcile_pricing_jobs();
                    v_cleaned := v_found;
                when 'requeue_given_up_syncs' then
                    select r.* into v_found, v_cleaned from public.requeue_given_up_syncs() r;
                when 'cancel_disabled_syncs' then
                    v_found := public.cancel_disabled_syncs();
                    v_cleaned := v_found;
                when 'expire_stalled_syncs' then
                    select r.* into v_found, v_cleaned from public.expire_stalled_syncs() r;
                when 'end_ignored_aborts' then
                    select r.* into v_found, v_cleaned from public.end_ignored_aborts() r;
                when 'fail_overtime_syncs' then
                    select r.* into v_found, v_cleaned
                    from public.fail_overtime_syncs(make_interval(mins => timeout_minutes)) r;
                when 'fail_unattended_syncs' then
                    select r.* into v_found, v_cleaned from public.fail_unattended_syncs() r;
            end case;
            stuck_syncs_found := stuck_syncs_found + v_found;
            syncs_cleaned := syncs_cleaned + v_cleaned;
        exception
            when transaction_rollback then
                raise;
            when others then
                raise warning 'pricing-sync: % failed: %', v_step, sqlerrm;
        end;
    end loop;
    -- A timeout other than the providers' own is a person's decision.
    if timeout_minutes is not null and syncs_cleaned > 0 then
        insert into public.pricing_audit_log (who, action, subject, details)
        values (
            public.pricing_who(),
            'cleanup_stuck_pricing_syncs',
            'pricing_sync_jobs',
            jsonb_build_object('timeout_minutes', timeout_minutes, 'syncs', syncs_cleaned)
        );
    end if;
    return next;
end;
$$;

comment on function public.cleanup_stuck_pricing_syncs(integer) is
'End or requeue every stuck sync: given up at locked rows, lost worker, abort not obeyed, overtime (null: each provider''s own timeout), no worker at all, provider disabled or gone, rows that are gone.';
