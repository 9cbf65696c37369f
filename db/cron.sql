-- Schedules the jobs of pg_cron. It runs a job as the user that scheduled it, and stops for good at a job whose user cannot
-- log in, so they belong to the login, never to pricing_owner. Where they cannot be scheduled, workers tick.
do $$
declare
    v record;
begin
    if not exists (select from pg_catalog.pg_extension e where e.extname = 'pg_cron') then
        return;
    end if;
    -- cron.schedule does not change database, host and port of an existing job.
    perform cron.unschedule(j.jobid)
    from public.pricing_cron_jobs wanted
    join cron.job j on j.jobname = wanted.name
    where j.username = current_user
        and j.active
        and (
            j.database <> current_database()
            or j.nodeport <> current_setting('port')::integer
            -- Not every role may read the host.
            or j.nodename <> case
                when pg_has_role(current_user, 'pg_read_all_settings', 'usage') then current_setting('cron.host')
            end
        );
    for v in
        select wanted.name, wanted.schedule, wanted.command
        from public.pricing_cron_jobs wanted
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
    when transaction_rollback then
        raise;
    when others then
        raise notice 'pg_cron does not take the jobs of % (%): the workers do without', current_user, sqlerrm;
end;
$$;
