-- Before any change of a queue row, of every task: what the engine leaves behind and must not.
-- after: queue_row_fault
create or replace function public.check_queue_row()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_fault text;
begin
    -- The log goes by it.
    new.id := old.id;
    if (new.args, new.scheduled_at) is distinct from (old.args, old.scheduled_at) and old.task_name <> 'sync_provider' then
        v_fault := public.queue_row_fault(new.args, new.scheduled_at);
        if v_fault is not null then
            raise exception '%', v_fault
                using errcode = 'PT422', hint = 'Nothing was changed: a worker could not read the row.';
        end if;
    end if;

    if old.status = 'doing' and new.status <> 'doing' then
        -- A worker's end updates every row that still names it: 10 s with a million finished rows.
        new.worker_id := null;
    end if;
    if new.status <> 'doing' then
        new.abort_requested := false;
    end if;

    if 'sync_provider' in (old.task_name, new.task_name) then
        -- Under another name its lock, its log row and its job would stay open for good.
        new.task_name := old.task_name;
    end if;
    if old.task_name = 'sync_provider' then
        -- attempts counts the attempts that ended, so that attempts + 1 names the running or next one:
        -- the fence rests on it, whoever moves the row.
        if old.status = 'doing' and new.status <> 'doing' then
            new.attempts := old.attempts + 1;
        else
            new.attempts := old.attempts;
        end if;
        if old.status not in ('todo', 'doing') and new.status in ('todo', 'doing') then
            -- A row that ended while it waited has an ended log row too: its next attempt needs the next number.
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
'Trigger: keep lock, queue and attempts of a provider sync right, and let no finished row name a worker; no row changes its number, or becomes one that no worker can read.';
