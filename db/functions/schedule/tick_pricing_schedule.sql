-- Called by pg_cron every minute and by every worker every few seconds. Recovery is no part of it: whoever does not
-- tick the schedule still settles what is stuck.
-- after: schedule_slot_holders, pricing_table_holders, statement_has_timed_out, try_pricing_lock
create or replace function public.tick_pricing_schedule(scheduler text)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- A row that somebody left locked costs the part that needs it, not the tick.
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
    v_held_slots text;
    v_prune_error text;
    v_expiry_error text;
begin
    if scheduler is null or scheduler not in ('pg_cron', 'worker') then
        raise exception 'There is no scheduler %', coalesce(quote_literal(left(scheduler, 60)), 'null')
            using errcode = 'PT422', hint = 'It is pg_cron or worker.';
    end if;
    -- Its jobs run as the login that migrates. While it seems to tick, the workers enqueue nothing.
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
    -- Each its own: a worker that prunes must not cost pg_cron its heartbeat.
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
            -- One that ticks and cannot enqueue is no better than a silent one.
            and t.last_error is null
            -- Not from the future either: a clock that was set back must not silence the workers.
            and t.last_tick_at between v_now - interval '90 seconds' and v_now + interval '90 seconds'
    );
    -- pg_cron has a job of its own for that.
    v_prunes := v_is_alone and scheduler = 'worker' and not v_yields
        and coalesce(v_last.last_pruned_at not between v_now - interval '1 hour' and v_now, true);

    -- First, because it may take long: what is enqueued holds its providers until the commit.
    if v_prunes then
        begin
            perform public.cleanup_old_pricing_jobs(v_settings.retention);
        exception
            -- A timeout of the statement is noted: a tick that leaves no heartbeat looks like no scheduler at all.
            -- Who cancels it means all of it.
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
        -- It was tried an hour ago at most, and nothing has told since that it goes.
        -- It comes first there: what follows has words of others, such as the name of an application.
        v_prune_error := substring(
            v_last.last_error from '^Pruning failed: .*?(?=; Enqueueing failed: |; Not enqueued: |; Ending overrides failed: |$)'
        );
    end if;
    -- Before what is enqueued holds its providers: a sync holds prices first. With the schedule off as well: somebody
    -- has promised until when a price holds.
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
    if v_settings.scheduler_enabled and not v_yields then
        begin
            select coalesce(sum(j.providers_total), 0) into v_enqueued
            from public.enqueue_due_pricing_syncs() j;
            v_held_slots := 'Not enqueued: ' || public.schedule_slot_holders();
            if v_held_slots is not null then
                raise warning 'pricing-sync: %', v_held_slots;
            end if;
        exception
            when transaction_rollback then
                raise;
            when query_canceled or others then
                if sqlstate = '57014' and not public.statement_has_timed_out() then
                    raise;
                end if;
                v_enqueued := 0;
                v_held_slots := null;
                v_enqueue_error := concat_ws(
                    ', ',
                    'Enqueueing failed: ' || sqlerrm,
                    case when sqlstate = '55P03' then public.pricing_table_holders() end
                );
                raise warning 'pricing-sync: the schedule could not be enqueued: %', sqlerrm;
        end;
    end if;

    -- Somebody else's tick leaves the heartbeat. It may be one that was left open, so what is due was enqueued here all
    -- the same: two at once take no slot twice.
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
        nullif(concat_ws('; ', v_prune_error, v_enqueue_error, v_held_slots, v_expiry_error), '')
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
'One tick of the schedule by pg_cron or worker: leave a heartbeat that says what it could not do and who held it, end overrides that have expired, enqueue what is due, as a worker prune once an hour; a worker leaves these two to pg_cron while that ticks. Returns how many provider syncs it enqueued.';
