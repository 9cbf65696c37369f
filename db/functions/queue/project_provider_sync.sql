-- Projects every change of a queue row onto its log row and its job in the same transaction, whatever statement made it.
-- A failure does not undo the change of the queue row: it is a warning, and the next clean-up reconciles log and job.
create or replace function public.project_provider_sync()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_row procrastinate.procrastinate_jobs := coalesce(new, old);
    v_job_id uuid := (v_row.args ->> 'job_id')::uuid;
    v_provider text := v_row.args ->> 'provider';
    -- old.attempts is the count before check_queue_row raised it, one less than the number of this attempt.
    v_attempt integer := coalesce(old.attempts, 0) + 1;
begin
    if tg_op = 'INSERT' then
        perform public.log_queued_attempt(v_row.id, 1, v_job_id, v_provider);
        return null;
    end if;
    if tg_op = 'UPDATE' and new.status = old.status then
        return null;
    end if;

    begin
        if tg_op = 'UPDATE' and old.status not in ('todo', 'doing') and new.status in ('todo', 'doing') then
            -- By a person, or the engine's retry. Its changes are attributed to the job, so this row records who it was.
            insert into public.pricing_audit_log (who, action, subject, details)
            values (
                public.pricing_who(), 'repeat_queue_row', v_job_id::text,
                jsonb_build_object('provider', v_provider, 'queue_job_id', new.id, 'was', old.status)
            );
        end if;

        if tg_op = 'DELETE' then
            if old.status in ('todo', 'doing') then
                perform public.log_ended_attempt(
                    old.id, v_attempt,
                    case when old.status = 'todo' then 'cancelled' else 'failed' end,
                    'queue_row_deleted', 'The queue row was deleted before the sync ended'
                );
                perform public.count_ended_sync(old.id, v_attempt);
            end if;
        elsif new.status = 'doing' then
            for v_round in 1..2 loop
                update public.pricing_sync_log l
                set status = 'in_progress', sync_started_at = clock_timestamp(), worker_id = new.worker_id
                where l.queue_job_id = new.id and l.attempt = v_attempt and l.status = 'queued';
                exit when found;
                -- Its log row is missing.
                perform public.log_queued_attempt(new.id, v_attempt, v_job_id, v_provider);
            end loop;
        elsif new.status = 'todo' then
            if old.status = 'doing' then
                perform public.log_ended_attempt(
                    new.id, v_attempt, 'failed', 'ended_outside', 'The queue row was queued again outside of pricing-sync'
                );
            else
                -- A person requeued a row that had ended.
                perform public.reopen_pricing_job(v_job_id);
            end if;
            perform public.log_queued_attempt(new.id, new.attempts + 1, v_job_id, v_provider);
        elsif new.status = 'succeeded' then
            -- apply_provider_list has ended the log row as success by now, and this changes nothing. A log row that is
            -- still open got no prices: its attempt fails, while the queue row stays succeeded.
            perform public.log_ended_attempt(
                new.id, v_attempt, 'failed', 'not_applied', 'The queue row was ended without applying prices'
            );
        elsif new.status = 'failed' then
            perform public.log_ended_attempt(
                new.id, v_attempt, 'failed', 'ended_outside', 'The queue row was ended outside of pricing-sync'
            );
        else
            perform public.log_ended_attempt(new.id, v_attempt, 'cancelled', 'cancelled', 'Cancelled');
        end if;
        if old.status in ('todo', 'doing') and new.status not in ('todo', 'doing') then
            perform public.count_ended_sync(new.id, v_attempt);
        end if;

        if not public.project_pricing_job(v_job_id, v_provider) and tg_op = 'UPDATE' and new.status in ('todo', 'doing') then
            -- A person ended the job while this session had the row locked: stop_pricing_job skipped the row.
            perform public.stop_provider_sync(new.id, 'stopped', 'Its job was ended by hand');
            return null;
        end if;
    exception
        -- Undo the change of the queue row too: its caller tries again.
        when lock_not_available or transaction_rollback then
            raise;
        when others then
            raise warning 'pricing-sync: queue row % changed to %, its log could not follow: %',
                v_row.id, coalesce(new.status::text, 'deleted'), sqlerrm;
    end;

    -- The engine notifies on insert only, not when a row is queued again or a lock is released.
    if tg_op = 'UPDATE' and new.status = 'todo' then
        perform public.wake_pricing_workers(new.id);
    elsif old.status = 'doing' or (old.status = 'todo' and (tg_op = 'DELETE' or new.status <> 'doing')) then
        perform public.wake_pricing_workers(q.id)
        from procrastinate.procrastinate_jobs q
        where q.lock = old.lock and q.status = 'todo'
        order by q.priority desc, q.id
        limit 1;
    end if;
    return null;
end;
$$;

comment on function public.project_provider_sync() is
'Trigger: project each change of a queue row onto its log row and its job, and notify workers of the row that can run next.';
