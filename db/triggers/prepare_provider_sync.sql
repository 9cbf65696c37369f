create or replace trigger pricing_prepare_provider_sync
before insert on procrastinate.procrastinate_jobs
for each row
when (new.task_name = 'sync_provider')
execute function public.prepare_provider_sync();
