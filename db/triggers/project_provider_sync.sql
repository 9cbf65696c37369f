create or replace trigger pricing_project_provider_sync
after insert or update of status on procrastinate.procrastinate_jobs
for each row
when (new.task_name = 'sync_provider')
execute function public.project_provider_sync();

create or replace trigger pricing_project_provider_sync_delete
after delete on procrastinate.procrastinate_jobs
for each row
when (old.task_name = 'sync_provider')
execute function public.project_provider_sync();
