-- Lists what cleanup_stuck_pricing_syncs would change, and changes nothing. People call it, and the doctor.
create or replace function public.stuck_pricing_syncs()
returns table (reason text, provider_slug text, queue_job_id bigint, job_id uuid)
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
-- As in pricing_doctor.
set jit = off
as $$
    select
        -- The order of the clean-up's steps: the first that applies handles the sync.
        case
            when bool_or(right(e.reason, 7) = '_adrift') then 'adrift'
            when bool_or(e.reason = 'given_up') then 'given_up'
            when bool_or(e.reason = 'disabled') then 'disabled'
            when bool_or(e.reason = 'worker_lost') then 'worker_lost'
            when bool_or(e.reason = 'abort_ignored') then 'abort_ignored'
            when bool_or(e.reason = 'timeout') then 'timeout'
            when bool_or(e.reason = 'no_worker') then 'no_worker'
        end,
        e.provider_slug,
        e.queue_job_id,
        e.job_id
    from public.pricing_sync_expiry e
    where e.since < clock_timestamp() - e.allowed
    group by e.provider_slug, e.queue_job_id, e.attempt, e.job_id;
$$;

comment on function public.stuck_pricing_syncs() is
'What is stuck now, and why: given_up, worker_lost, abort_ignored, timeout, disabled, no_worker, or adrift (queue, log and job disagree). cleanup_stuck_pricing_syncs ends or requeues it.';
