create or replace trigger pricing_check_lock
before insert or update of lock on procrastinate.procrastinate_jobs
for each row
when (new.task_name <> 'sync_provider' and new.lock like 'pricing\_sync:%')
execute function public.check_pricing_lock();
