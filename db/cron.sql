-- pg_cron runs a job as the user that scheduled it, and ends for good with a job whose user cannot log in: so these are
-- the login user's, never pricing_owner's. Nothing depends on them alone: where they cannot be had, workers tick.
do $$
declare
    v record;
begin
    if not exists (select from pg_catalog.pg_extension e where e.extname = 'pg_cron') then
        return;
    end if;
    for v in
        select wanted.name, wanted.schedule, wanted.command
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
                -- The rows of our jobs, a week of them. They show themselves to nobody but their own user, and some have
                -- no times: those of runs that the server's end cut short.
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
        ) as wanted (name, schedule, command)
        where not exists (
            select
            from cron.job j
            where j.jobname = wanted.name
                and j.username = current_user
                and j.schedule = wanted.schedule
                and j.command = wanted.command
        )
    loop
        perform cron.schedule(v.name, v.schedule, v.command);
    end loop;
exception
    when others then
        raise notice 'pg_cron does not take the jobs of % (%): the workers do without', current_user, sqlerrm;
end;
$$;
