create or replace trigger pricing_stop_job
after update of status on public.pricing_sync_jobs
for each row
when (old.stopped_at is null and new.stopped_at is not null)
execute function public.stop_pricing_job();
