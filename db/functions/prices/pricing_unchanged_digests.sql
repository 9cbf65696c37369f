-- The worker calls it once it has a list that is not as it was, and leaves out the entries with these digests. Definer: the worker
-- may not read our tables.
-- A list without prices of its own gets the catalogue's, which may have changed.
-- after: pricing_listed_entries
create or replace function public.pricing_unchanged_digests(queue_job_id bigint, attempt integer)
returns bytea
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
-- As in compare_provider_prices.
set enable_seqscan = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
as $$
declare
    v_provider text;
begin
    select p.slug into v_provider
    from procrastinate.procrastinate_jobs q
    join public.pricing_providers p on p.slug = q.args ->> 'provider'
    where q.id = pricing_unchanged_digests.queue_job_id
        and q.task_name = 'sync_provider'
        and q.status = 'doing'
        and q.attempts + 1 = pricing_unchanged_digests.attempt
        -- A subquery: without nested loops a join reads all jobs.
        and not (select j.dry_run from public.pricing_sync_jobs j where j.job_id = (q.args ->> 'job_id')::uuid)
        and p.price_api
        and 'catalogue' not in (p.slug, p.adapter);
    return coalesce(
        (select string_agg(e.unchanged_digest, '') from public.pricing_listed_entries e where e.provider_slug = v_provider), ''
    );
end;
$$;

comment on function public.pricing_unchanged_digests(bigint, integer) is
'For a running attempt, the digests of the entries that its list may leave out because they would change nothing, 16 bytes each and one after the other; none in a dry run.';
