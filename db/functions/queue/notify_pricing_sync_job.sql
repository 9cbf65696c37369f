-- after: notify_job_change
create or replace function public.notify_pricing_sync_job()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform public.notify_job_change(new);
    return null;
end;
$$;

comment on function public.notify_pricing_sync_job() is
'Trigger: notify channel pricing_sync_job of a changed job, after commit.';
