-- db/cron.sql schedules them, and `migrate` and `pricing-sync doctor` compare cron.job with them.
create or replace view public.pricing_cron_jobs
with (security_invoker = true)
as
select
    wanted.name,
    wanted.schedule,
    -- Overrides a default_transaction_isolation of database or login, which our functions may refuse (require_fresh_reads).
    -- pg_cron sends the command as one message, which is one transaction.
    'set transaction isolation level read committed; ' || wanted.command as command
from (
    values
        (
            'pricing_sync_cleanup', '* * * * *',
            'select * from public.cleanup_stuck_pricing_syncs()'
        ),
        (
            'pricing_sync_schedule', '* * * * *',
            'select public.tick_pricing_schedule(''pg_cron'')'
        ),
        (
            'pricing_sync_retention', '17 * * * *',
            'select public.cleanup_old_pricing_jobs(s.retention) from public.pricing_settings s'
        ),
        -- Keeps the run details of our jobs for a week. Only the jobs' own user sees these rows. Runs that a stop of the
        -- server cut short have no times.
        (
            'pricing_sync_run_details', '43 * * * *',
            'delete from cron.job_run_details where runid in ('
            'select d.runid from cron.job_run_details d join cron.job j on j.jobid = d.jobid'
            ' where j.username = current_user and j.jobname in (''pricing_sync_cleanup'','
            ' ''pricing_sync_schedule'', ''pricing_sync_retention'', ''pricing_sync_run_details'')'
            ' and d.runid <= (select max(o.runid) from cron.job_run_details o'
            ' where o.end_time < now() - interval ''7 days'')'
            ' order by d.runid limit 10000)'
        )
) as wanted (name, schedule, command);

comment on view public.pricing_cron_jobs is
'The jobs of pg_cron where that is installed, as released: name, schedule and command.';
comment on column public.pricing_cron_jobs.name is 'The job''s name in cron.job.';
comment on column public.pricing_cron_jobs.schedule is 'When it runs, in cron''s five fields.';
comment on column public.pricing_cron_jobs.command is 'The SQL that it runs.';
