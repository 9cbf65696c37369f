-- The status route, the list of active jobs and the command line read it. The newest log row of a provider is its part of
-- the job; earlier ones are attempts that were queued again.
create view public.pricing_sync_progress
with (security_invoker = true) as
select
    job.job_id,
    job.status,
    job.outcome,
    job.status not in ('queued', 'running') as finished,
    case when cardinality(job.providers) = 1 then job.providers[1] else 'all' end as provider_slug,
    job.triggered_by,
    job.triggered_at,
    job.started_at,
    job.completed_at,
    job.duration_seconds,
    job.dry_run,
    job.providers_total,
    part.synced as providers_synced,
    part.failed as providers_failed,
    job.models_fetched,
    job.models_updated,
    job.models_skipped,
    job.total_errors,
    job.error_message,
    case
        when job.status not in ('queued', 'running') then 100
        when part.total = 0 then 0
        else 100 * part.ended / part.total
    end::integer as progress_percent,
    part.results,
    job.revision,
    job.providers,
    part.held as models_held
from public.pricing_sync_jobs as job
-- Outer: always one row, which the planner leaves out where no column of it is read.
left join lateral (
    select
        count(*) as total,
        count(*) filter (where newest.status in ('success', 'failed', 'cancelled')) as ended,
        coalesce(sum(newest.models_held), 0)::integer as held,
        coalesce(
            array_agg(newest.provider_slug order by newest.provider_slug)
                filter (where newest.status = 'success'),
            '{}'
        ) as synced,
        coalesce(
            array_agg(newest.provider_slug order by newest.provider_slug)
                filter (where newest.status in ('failed', 'cancelled')),
            '{}'
        ) as failed,
        coalesce(
            jsonb_object_agg(
                newest.provider_slug,
                jsonb_build_object(
                    'status', newest.status,
                    'attempt', newest.attempt,
                    'models_fetched', newest.models_fetched,
                    'models_updated', newest.models_updated,
                    'models_unchanged', newest.models_unchanged,
                    'models_skipped', newest.models_skipped,
                    'models_held', newest.models_held,
                    'models_rejected', coalesce((newest.details ->> 'models_rejected')::integer, 0),
                    'error_kind', newest.error_kind,
                    'error_message', newest.error_message,
                    'duration_ms', round(newest.duration_ms, 3)
                ) || case
                    when newest.details ? 'differences' then jsonb_build_object(
                        'differences', newest.details -> 'differences',
                        'differences_total', newest.details -> 'differences_total'
                    )
                    else '{}'
                end
            ),
            '{}'
        ) as results
    from (
        -- By name: a column that was dropped and added again is the last of its table.
        select distinct on (log.provider_slug)
            log.provider_slug,
            log.status,
            log.attempt,
            log.models_fetched,
            log.models_updated,
            log.models_unchanged,
            log.models_skipped,
            log.models_held,
            log.error_kind,
            log.error_message,
            log.duration_ms,
            log.details
        from public.pricing_sync_log as log
        where log.job_id = job.job_id
        order by log.provider_slug, log.id desc
    ) as newest
) as part on true;

comment on view public.pricing_sync_progress is
'Each job with the state of its provider syncs: which succeeded, which failed, and how far it is.';
comment on column public.pricing_sync_progress.provider_slug is 'The one provider of the job, or all.';
comment on column public.pricing_sync_progress.duration_seconds is 'Seconds from started_at to completed_at.';
comment on column public.pricing_sync_progress.providers_synced is 'Slugs of the providers that succeeded.';
comment on column public.pricing_sync_progress.providers_failed is 'Slugs of the providers that failed or were cancelled.';
comment on column public.pricing_sync_progress.progress_percent is 'Share of its provider syncs that have ended, in percent.';
comment on column public.pricing_sync_progress.results is 'Per provider: status, attempt, counts, error and duration in ms of its newest attempt; of a dry run the differences too.';
comment on column public.pricing_sync_progress.job_id is 'The job, pricing_sync_jobs.job_id.';
comment on column public.pricing_sync_progress.status is 'queued, running, completed, failed or cancelled.';
comment on column public.pricing_sync_progress.outcome is 'Null until it ends, then success, partial, failed or cancelled.';
comment on column public.pricing_sync_progress.finished is 'True once the job has ended.';
comment on column public.pricing_sync_progress.triggered_by is 'What the caller says of itself.';
comment on column public.pricing_sync_progress.triggered_at is 'When the trigger was called.';
comment on column public.pricing_sync_progress.started_at is 'When its first provider sync was fetched by a worker.';
comment on column public.pricing_sync_progress.completed_at is 'When its last provider sync ended; null until then.';
comment on column public.pricing_sync_progress.dry_run is 'True: nothing is written but the log.';
comment on column public.pricing_sync_progress.providers_total is 'Provider syncs of this job.';
comment on column public.pricing_sync_progress.models_fetched is 'Models in the lists of its provider syncs, skipped ones included.';
comment on column public.pricing_sync_progress.models_updated is 'Models that got a history row, first prices included.';
comment on column public.pricing_sync_progress.models_skipped is 'Models that could not be understood; the log rows name them.';
comment on column public.pricing_sync_progress.total_errors is 'Provider syncs of this job that failed.';
comment on column public.pricing_sync_progress.error_message is 'The errors of its failed provider syncs, for people; null without one.';
comment on column public.pricing_sync_progress.revision is 'Rises with every change of the job that the system makes.';
comment on column public.pricing_sync_progress.providers is 'The slugs of all its providers, in the order of the queue.';
comment on column public.pricing_sync_progress.models_held is 'Models whose new price waits for a person, by the newest attempt of each provider.';
