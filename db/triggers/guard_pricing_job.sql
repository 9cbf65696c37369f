create or replace trigger pricing_guard_job
before update on public.pricing_sync_jobs
for each row
execute function public.guard_pricing_job();
