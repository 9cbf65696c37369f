-- The command line shows it. The newest log row of a provider is its part of the job; earlier ones are attempts
-- that were taken back.
create or replace view public.pricing_provider_syncs
with (security_invoker = true)
as
select distinct on (log.job_id, log.provider_slug)
    log.job_id,
    log.provider_slug as provider,
    log.status,
    log.attempt,
    log.models_fetched,
    log.models_updated,
    log.models_unchanged,
    log.models_held,
    log.models_skipped,
    log.errors,
    log.error_kind,
    log.error_message,
    round(log.duration_ms)::double precision as duration_ms,
    log.sync_started_at,
    (log.details ->> 'differences_total')::integer as differences_total,
    log.details -> 'differences' as differences
from public.pricing_sync_log as log
order by log.job_id, log.provider_slug, log.id desc;

comment on view public.pricing_provider_syncs is
'Each provider''s part of each job as it stands: its newest attempt.';
comment on column public.pricing_provider_syncs.duration_ms is 'Milliseconds from the attempt''s start to its end, rounded.';
comment on column public.pricing_provider_syncs.differences is 'Of a dry run: what a sync would have changed, the first of them; null otherwise.';
comment on column public.pricing_provider_syncs.differences_total is 'Of a dry run: how many differences there are; null otherwise.';
