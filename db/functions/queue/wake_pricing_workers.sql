create or replace function public.wake_pricing_workers(p_queue_job_id bigint)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    -- The engine's own channels and payload: its workers listen to nothing else.
    perform
        pg_catalog.pg_notify('procrastinate_any_queue_v1', payload),
        pg_catalog.pg_notify('procrastinate_queue_v1#pricing', payload)
    from (
        select json_build_object('type', 'job_inserted', 'job_id', p_queue_job_id)::text as payload
    ) as notification;
end;
$$;

comment on function public.wake_pricing_workers(bigint) is
'Notify workers, after commit, that this queue row may be fetched.';
