-- Our own functions raise revision with each change of a job: an UPDATE that does not is a person's, and fires the trigger. A person may end a
-- job; stop_pricing_job then stops its provider syncs.
create or replace function public.check_pricing_job()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if new.status = old.status then
        if old.outcome is not null then
            -- A second UPDATE that waited for the first has a now() older than the start.
            new.completed_at := greatest(coalesce(new.completed_at, old.completed_at), new.started_at);
        elsif (new.outcome, new.started_at, new.completed_at, new.stopped_at)
            is distinct from (old.outcome, old.started_at, old.completed_at, old.stopped_at) then
            raise exception 'Job % is %: its outcome and times follow its syncs', old.job_id, old.status
                using errcode = 'PT409', hint = 'To end it by hand, set its status to failed or cancelled.';
        end if;
        return new;
    end if;
    if old.status not in ('queued', 'running') then
        raise exception 'Job % has ended as %; its status is not changed by hand', old.job_id, old.status
            using errcode = 'PT409', hint = format('To run it again: select retry_pricing_sync(%L).', old.job_id);
    end if;
    if new.status not in ('failed', 'cancelled') then
        raise exception 'The status of job % cannot be set to % by hand', old.job_id, new.status
            using errcode = 'PT409', hint = 'By hand a job can be ended, as failed or cancelled; the rest follows its syncs.';
    end if;

    new.stopped_at := clock_timestamp();
    new.outcome := new.status;
    -- now() of a statement that waited for the start is older than that.
    new.completed_at := greatest(coalesce(new.completed_at, new.stopped_at), new.started_at);
    new.error_message := left(
        coalesce(new.error_message, format('Marked as %s by %s', new.status, public.pricing_who())), 500
    );
    new.revision := old.revision + 1;
    return new;
end;
$$;

comment on function public.check_pricing_job() is
'Trigger: let a person end an open job by UPDATE, and refuse with PT409 every other status set by hand.';
