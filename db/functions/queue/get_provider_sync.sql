-- The worker calls it first for a queue row that it fetched. Definer: the worker may not read our tables.
-- It notifies of the start, which fetch_queue_rows does not: a commit with a notification keeps all others with one waiting
-- until it is on the disk. This transaction writes nothing that matters, and does not wait for the disk.
-- A server whose ETag stays while its list changes would freeze prices, so once a day the list is fetched without one.
create or replace function public.get_provider_sync(queue_job_id bigint, attempt integer)
returns table (
    job_id uuid,
    provider_slug text,
    adapter text,
    base_url text,
    credential_variable text,
    timeout_seconds double precision,
    etag text,
    etag_parser text,
    content_digest text,
    enabled boolean
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select
        j.job_id,
        q.args ->> 'provider',
        p.adapter,
        p.base_url,
        p.credential_variable,
        extract(epoch from p.timeout)::double precision,
        case when not j.dry_run and p.last_list_at > clock_timestamp() - interval '1 day' then p.etag end,
        case when not j.dry_run and p.last_list_at > clock_timestamp() - interval '1 day' then p.etag_parser end,
        case when not j.dry_run and p.last_list_at > clock_timestamp() - interval '1 day' then p.content_digest end,
        -- A provider that was deleted or renamed since.
        coalesce(p.enabled, false)
    from procrastinate.procrastinate_jobs q
    join public.pricing_sync_jobs j on j.job_id = (q.args ->> 'job_id')::uuid
    left join public.pricing_providers p on p.slug = q.args ->> 'provider'
    where q.id = get_provider_sync.queue_job_id
        and q.task_name = 'sync_provider'
        and q.status = 'doing'
        and q.attempts + 1 = get_provider_sync.attempt;
    if found then
        perform pg_catalog.set_config('synchronous_commit', 'off', true);
        perform public.notify_job_change(j)
        from procrastinate.procrastinate_jobs q
        join public.pricing_sync_jobs j on j.job_id = (q.args ->> 'job_id')::uuid
        where q.id = get_provider_sync.queue_job_id;
    end if;
end;
$$;

comment on function public.get_provider_sync(bigint, integer) is
'What a worker needs for an attempt that it runs: where to fetch and how; no row when the attempt no longer runs. Notifies of its start.';
