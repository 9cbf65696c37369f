-- What workers before 0.10.0 call.
-- after: fetch_queue_rows
create or replace function public.fetch_queue_row(queue_names varchar[], worker_id bigint)
returns procrastinate.procrastinate_jobs
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_row procrastinate.procrastinate_jobs;
begin
    select f.* into v_row
    from public.fetch_queue_rows(fetch_queue_row.queue_names, fetch_queue_row.worker_id, 1) f;
    return v_row;
end;
$$;

comment on function public.fetch_queue_row(varchar[], bigint) is
'Give a worker the next queue row that it may run (fetch_queue_rows); a row of nulls when there is none.';
