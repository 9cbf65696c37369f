"""Jobs of pg_cron that differ from the release's."""

from __future__ import annotations

# pg_cron shows a user only its own jobs, and a superuser all. A job keeps the database, host and
# port that it was created with.
CRON = """
select 'cron job ' || w.name as object,
    case
        when j.jobid is null then 'is not there'
        when not j.active then 'is switched off'
        when j.database <> current_database() then 'runs in the database ' || j.database
        when j.nodename <> h.name or j.nodeport <> h.port
            then format('runs at another host or port: %s:%s', j.nodename, j.nodeport)
        else 'has another schedule or command'
    end as found,
    case
        when j.jobid is not null and not j.active then
            format('select cron.alter_job(%s, active => true);', j.jobid)
    end as statement,
    j.jobid is null or j.active as is_ours
from SCRATCH.pricing_cron_jobs w
cross join (
    -- Only some logins may read the host; null matches anything.
    select current_setting('port')::integer as port,
        case
            when pg_has_role(current_user, 'pg_read_all_settings', 'usage')
                then current_setting('cron.host')
        end as name
) as h
left join cron.job j on j.jobname = w.name and j.username = current_user
where j.jobid is null or not j.active or j.database <> current_database()
    or j.nodename <> h.name or j.nodeport <> h.port
    or j.schedule <> w.schedule or j.command <> w.command
union all
-- A job that runs our command twice, or has a name like ours.
select format('cron job %s, which is %s of %s', j.jobid, coalesce(j.jobname, 'without a name'),
        j.username),
    case
        when exists (select from SCRATCH.pricing_cron_jobs w where w.command = btrim(j.command))
            then 'runs a command of ours once more'
        else 'has a name like ours, and is none of ours'
    end,
    format('select cron.unschedule(%s);', j.jobid), false
from cron.job j
where j.active and j.database = current_database()
    and (
        j.jobname like 'pricing\\_sync\\_%'
        or exists (select from SCRATCH.pricing_cron_jobs w where w.command = btrim(j.command))
    )
    and not (
        j.username = current_user
        and exists (select from SCRATCH.pricing_cron_jobs w where w.name = j.jobname)
    )
order by 1, 2
"""
