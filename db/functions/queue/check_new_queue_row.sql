-- For rows of every task; runs before prepare_provider_sync.
-- after: queue_row_fault, note_row_below_mark
create or replace function public.check_new_queue_row()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_fault constant text := public.queue_row_fault(new.args, new.scheduled_at);
begin
    if v_fault is not null then
        raise exception '%', v_fault
            using errcode = 'PT422',
                hint = 'It takes {"name": value, ...}: at most 1,000,000 bytes, less than 100 deep; and a time from 1000 to 9000.';
    end if;
    if not pg_catalog.pg_has_role(
        session_user, (select c.relowner from pg_catalog.pg_class c where c.oid = tg_relid), 'member'
    ) then
        -- Log rows refer to it: an id that was used before would take over another row's attempts, and one that the
        -- sequence has yet to reach would collide. A restore runs as the owner and keeps its ids.
        new.id := nextval('procrastinate.procrastinate_jobs_id_seq');
    end if;
    perform public.note_row_below_mark(new.id);
    return new;
end;
$$;

comment on function public.check_new_queue_row() is
'Trigger: refuse with PT422 a queue row that no worker can read, and take its id from the sequence whatever id the login gave.';
