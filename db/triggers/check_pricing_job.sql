create or replace trigger pricing_check_job
before update on public.pricing_sync_jobs
for each row
-- Our own functions raise it, with each start and end of a sync.
when (new.revision = old.revision)
execute function public.check_pricing_job();
