-- Lists of jobs by state, outcome and provider, newest first: without these a rare one is looked for in all jobs.
create index pricing_sync_jobs_status on public.pricing_sync_jobs (status, triggered_at desc);
create index pricing_sync_jobs_outcome on public.pricing_sync_jobs (outcome, triggered_at desc) where outcome is not null;
create index pricing_sync_jobs_providers on public.pricing_sync_jobs using gin (providers);
