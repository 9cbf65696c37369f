create or replace trigger pricing_notify_sync_job
after insert or update on public.pricing_sync_jobs
for each row
execute function public.notify_pricing_sync_job();
