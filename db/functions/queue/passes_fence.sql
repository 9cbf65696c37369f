-- The fence: what a worker does for an attempt counts while that attempt runs, and comes to nothing afterwards. Used as a
-- condition of the query that locks the queue row, so that a late caller locks nothing: a session that ends the job
-- meanwhile would skip a locked row.
create or replace function public.passes_fence(p_row procrastinate.procrastinate_jobs, p_attempt integer)
returns boolean
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    return p_row.task_name = 'sync_provider'
        and p_row.status = 'doing'
        -- It rises each time that the row is queued again (check_queue_row).
        and p_row.attempts + 1 = p_attempt
        -- The log row of the attempt must name the same job and provider.
        and not exists (
            select
            from public.pricing_sync_log l
            where l.queue_job_id = p_row.id
                and l.attempt = p_attempt
                and (l.job_id::text, l.provider_slug)
                    is distinct from (lower(p_row.args ->> 'job_id'), p_row.args ->> 'provider')
        );
end;
$$;

comment on function public.passes_fence(procrastinate.procrastinate_jobs, integer) is
'Whether this attempt of a queue row still runs. A worker whose attempt has ended, or was taken from it, does not pass.';
