create or replace function public.notify_pricing_sync_job()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_catalog.pg_notify(
        'pricing_sync_job',
        json_build_object('job_id', new.job_id, 'status', new.status, 'revision', new.revision)::text
    );
    return null;
end;
$$;

comment on function public.notify_pricing_sync_job() is
'Trigger: notify channel pricing_sync_job of a changed job, after commit.';
