-- The command line shows it. The newest log row of a provider is its part of the job; earlier ones are attempts that were
-- queued again.
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
    log.details -> 'differences' as differences,
    coalesce((log.details ->> 'models_rejected')::integer, 0) as models_rejected
from public.pricing_sync_log as log
order by log.job_id, log.provider_slug, log.id desc;

comment on view public.pricing_provider_syncs is
'The newest attempt of each provider of each job.';
comment on column public.pricing_provider_syncs.duration_ms is 'Milliseconds from the attempt''s start to its end, rounded.';
comment on column public.pricing_provider_syncs.differences is 'Of a dry run: what a sync would have changed, the first of them; null otherwise.';
comment on column public.pricing_provider_syncs.differences_total is 'Of a dry run: how many differences there are; null otherwise.';
comment on column public.pricing_provider_syncs.job_id is 'The job, pricing_sync_jobs.job_id.';
comment on column public.pricing_provider_syncs.provider is 'The provider, pricing_providers.slug.';
comment on column public.pricing_provider_syncs.status is 'queued, in_progress, success, failed or cancelled.';
comment on column public.pricing_provider_syncs.attempt is 'The number of the attempt at this queue row; the first is 1.';
comment on column public.pricing_provider_syncs.models_fetched is 'Models in the provider''s list, skipped ones included.';
comment on column public.pricing_provider_syncs.models_updated is 'Models that got a history row, first prices included.';
comment on column public.pricing_provider_syncs.models_unchanged is 'Models whose price in force was confirmed.';
comment on column public.pricing_provider_syncs.models_held is 'Models whose new price does not get into force: it waits for review, or was rejected earlier.';
comment on column public.pricing_provider_syncs.models_rejected is 'Of models_held, those whose new price a person has rejected earlier: they do not wait.';
comment on column public.pricing_provider_syncs.models_skipped is 'Models that could not be understood; details of the log row names them.';
comment on column public.pricing_provider_syncs.errors is '1 when the attempt failed, else 0.';
comment on column public.pricing_provider_syncs.error_kind is 'Why the attempt failed, one of a closed set of words; null without an error.';
comment on column public.pricing_provider_syncs.error_message is 'The error as a sentence, for people; null without an error.';
comment on column public.pricing_provider_syncs.sync_started_at is 'When a worker fetched it; null while queued.';
