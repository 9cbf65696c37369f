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
    when others then
        raise notice 'pg_cron does not take the jobs of % (%): the workers do without', current_user, sqlerrm;
end;
$$;
