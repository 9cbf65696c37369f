-- For every update of a queue row, of every task: corrects what the engine would leave wrong.
-- after: queue_row_fault, note_row_below_mark
create or replace function public.check_queue_row()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_opens constant boolean := old.status not in ('todo', 'doing') and new.status in ('todo', 'doing');
    v_fault text;
begin
    -- Log rows refer to it.
    new.id := old.id;
    if v_opens then
        perform public.note_row_below_mark(new.id);
    end if;
    if (new.args, new.scheduled_at) is distinct from (old.args, old.scheduled_at) and old.task_name <> 'sync_provider' then
        v_fault := public.queue_row_fault(new.args, new.scheduled_at);
        if v_fault is not null then
            raise exception '%', v_fault
                using errcode = 'PT422', hint = 'Nothing was changed: a worker could not read the row.';
        end if;
    end if;

    if old.status = 'doing' and new.status <> 'doing' then
        -- A worker that stops updates every row that names it: 10 s with a million ended rows.
        new.worker_id := null;
    end if;
    if new.status <> 'doing' then
        new.abort_requested := false;
    end if;

    if 'sync_provider' in (old.task_name, new.task_name) then
        -- Under another task name its lock, log row and job would stay open for ever.
        new.task_name := old.task_name;
    end if;
    if old.task_name = 'sync_provider' then
        -- attempts counts ended attempts, so attempts + 1 is the running or next one. The fence depends on it, whatever
        -- statement changes the row.
        if old.status = 'doing' and new.status <> 'doing' then
            new.attempts := old.attempts + 1;
        else
            new.attempts := old.attempts;
        end if;
        if v_opens then
            -- A row that ended while it waited has a log row for that attempt too: the next attempt needs the next number.
            select greatest(new.attempts, max(l.attempt)) into new.attempts
            from public.pricing_sync_log l
            where l.queue_job_id = new.id;
        end if;
        new.lock := old.lock;
        new.queue_name := old.queue_name;
        new.priority := 0;
        new.queueing_lock := null;
        new.scheduled_at := null;
        new.args := old.args;
    end if;
    return new;
end;
$$;

comment on function public.check_queue_row() is
'Trigger: keep lock, queue and attempts of a provider sync, clear the worker of an ended row, keep ids, and refuse with PT422 what no worker can read.';
