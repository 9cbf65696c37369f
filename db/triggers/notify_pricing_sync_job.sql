-- get_provider_sync notifies of a start that a worker fetched.
create or replace trigger pricing_notify_sync_job
after insert or update on public.pricing_sync_jobs
for each row
when (current_setting('pricing.fetching', true) is distinct from 'on')
execute function public.notify_pricing_sync_job();
