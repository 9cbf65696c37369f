create or replace trigger pricing_check_job
before update on public.pricing_sync_jobs
for each row
execute function public.check_pricing_job();
