-- pg_cron calls it every minute, and every worker every few seconds. It does not clean up: workers do that also while they
-- leave the schedule to pg_cron.
-- after: apply_announced_prices, end_expired_overrides, schedule_slot_holders, pricing_table_holders, statement_has_timed_out, try_pricing_lock
create or replace function public.tick_pricing_schedule(scheduler text)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- A locked row fails the part that needs it, not the tick.
set lock_timeout = '1s'
as $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_settings public.pricing_settings;
    v_last public.pricing_scheduler_ticks;
    v_is_alone boolean;
    v_yields boolean;
    v_prunes boolean;
    v_enqueued integer := 0;
    v_enqueue_error text;
    v_locked_slots text;
    v_prune_error text;
    v_expiry_error text;
    v_announced_error text;
begin
    if scheduler is null or scheduler not in ('pg_cron', 'worker') then
        raise exception 'There is no scheduler %', coalesce(quote_literal(left(scheduler, 60)), 'null')
            using errcode = 'PT422', hint = 'It is pg_cron or worker.';
    end if;
    -- Its jobs run as the login that migrates. Others may not tick in its name: workers enqueue nothing while it ticks.
    if scheduler = 'pg_cron'
        and not pg_catalog.pg_has_role(
            session_user,
            (select c.relowner from pg_catalog.pg_class c where c.oid = 'public.pricing_scheduler_ticks'::regclass),
            'usage'
        )
    then
        raise exception '% is not pg_cron', session_user
            using errcode = 'PT409',
                hint = 'pg_cron ticks as the owner. Others tick as a worker: select tick_pricing_schedule(''worker'');';
    end if;
    -- A lock per scheduler, so that a pruning worker does not cost pg_cron its heartbeat.
    v_is_alone := public.try_pricing_lock('schedule of ' || tick_pricing_schedule.scheduler);

    select s.* into strict v_settings from public.pricing_settings s;
    select t.* into v_last
    from public.pricing_scheduler_ticks t
    where t.scheduler = tick_pricing_schedule.scheduler;
    if v_is_alone and found then
        perform
        from public.pricing_scheduler_ticks t
        where t.scheduler = tick_pricing_schedule.scheduler
        for no key update skip locked;
        v_is_alone := found;
    end if;
    v_yields := scheduler = 'worker' and exists (
        select
        from public.pricing_scheduler_ticks t
        where t.scheduler = 'pg_cron'
            -- A pg_cron that ticks but cannot enqueue counts as absent.
            and t.last_error is null
            -- Nor in the future: a clock that was set back must not stop the workers.
            and t.last_tick_at between v_now - interval '90 seconds' and v_now + interval '90 seconds'
    );
    -- pg_cron prunes by a job of its own.
    v_prunes := v_is_alone and scheduler = 'worker' and not v_yields
        and coalesce(v_last.last_pruned_at not between v_now - interval '1 hour' and v_now, true);

    -- First, because it may take long: enqueueing locks providers until the commit.
    if v_prunes then
        begin
            perform public.cleanup_old_pricing_jobs(v_settings.retention);
        exception
            -- A statement timeout is recorded, because a tick without a heartbeat looks like no scheduler at all. A
            -- cancellation by a person ends the whole tick.
            when transaction_rollback then
                raise;
            when query_canceled or others then
                if sqlstate = '57014' and not public.statement_has_timed_out() then
                    raise;
                end if;
                v_prune_error := 'Pruning failed: ' || sqlerrm;
                raise warning 'pricing-sync: old jobs could not be pruned: %', sqlerrm;
        end;
    else
        -- Keep the error of the last hour's attempt. It is the first in last_error: later parts contain foreign text, such
        -- as an application's name.
        v_prune_error := substring(
            v_last.last_error from '^Pruning failed: .*?(?=; Enqueueing failed: |; Not enqueued: |; Ending overrides failed: |; Announced prices failed: |$)'
        );
    end if;
    -- Before enqueueing, which locks providers: a sync locks prices first. Also while the schedule is off, because the
    -- expiry of an override is a promise.
    begin
        perform public.end_expired_overrides();
    exception
        when transaction_rollback then
            raise;
        when query_canceled or others then
            if sqlstate = '57014' and not public.statement_has_timed_out() then
                raise;
            end if;
            v_expiry_error := 'Ending overrides failed: ' || sqlerrm;
            raise warning 'pricing-sync: overrides that have expired could not be ended: %', sqlerrm;
    end;
    begin
        perform public.apply_announced_prices();
    exception
        when transaction_rollback then
            raise;
        when query_canceled or others then
            if sqlstate = '57014' and not public.statement_has_timed_out() then
                raise;
            end if;
            v_announced_error := 'Announced prices failed: ' || sqlerrm;
            raise warning 'pricing-sync: announced prices could not be applied: %', sqlerrm;
    end;
    if v_settings.scheduler_enabled and not v_yields then
        begin
            select coalesce(sum(j.providers_total), 0) into v_enqueued
            from public.enqueue_due_pricing_syncs() j;
            v_locked_slots := 'Not enqueued: ' || public.schedule_slot_holders();
            if v_locked_slots is not null then
                raise warning 'pricing-sync: %', v_locked_slots;
            end if;
        exception
            when transaction_rollback then
                raise;
            when query_canceled or others then
                if sqlstate = '57014' and not public.statement_has_timed_out() then
                    raise;
                end if;
                v_enqueued := 0;
                v_locked_slots := null;
                v_enqueue_error := concat_ws(
                    ', ',
                    'Enqueueing failed: ' || sqlerrm,
                    case when sqlstate = '55P03' then public.pricing_table_holders() end
                );
                raise warning 'pricing-sync: the schedule could not be enqueued: %', sqlerrm;
        end;
    end if;

    -- The concurrent tick writes the heartbeat. It may be in an open transaction, so this one has enqueued what is due all
    -- the same: two ticks never use a slot twice.
    if not v_is_alone then
        return v_enqueued;
    end if;
    insert into public.pricing_scheduler_ticks as t (
        scheduler, last_tick_at, last_enqueued_at, last_pruned_at, last_error
    )
    values (
        tick_pricing_schedule.scheduler,
        v_now,
        case when v_enqueued > 0 then v_now end,
        case when v_prunes then v_now end,
        nullif(concat_ws('; ', v_prune_error, v_enqueue_error, v_locked_slots, v_expiry_error, v_announced_error), '')
    )
    on conflict on constraint pricing_scheduler_ticks_pkey do update
    set last_tick_at = excluded.last_tick_at,
        last_enqueued_at = coalesce(excluded.last_enqueued_at, t.last_enqueued_at),
        last_pruned_at = coalesce(excluded.last_pruned_at, t.last_pruned_at),
        last_error = excluded.last_error;
    return v_enqueued;
end;
$$;

comment on function public.tick_pricing_schedule(text) is
'One tick of the schedule, by pg_cron or worker: end expired overrides, apply announced prices, enqueue what is due, as a worker prune once an hour, and write a heartbeat that names what failed and the sessions that locked it. A worker leaves enqueueing and pruning to pg_cron while that ticks. Returns how many provider syncs it enqueued.';
