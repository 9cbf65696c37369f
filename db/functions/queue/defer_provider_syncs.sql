-- The only caller of the engine's positional defer function, which fails on a null priority or null args. The triggers
-- on the queue table add lock, queue and log row.
create or replace function public.defer_provider_syncs(p_job_id uuid, p_providers text[])
returns bigint[]
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    select procrastinate.procrastinate_defer_jobs_v1(
        array_agg(
            row(
                'pricing', 'sync_provider', 0, null, null,
                jsonb_build_object('provider', p.slug, 'job_id', p_job_id),
                null
            )::procrastinate.procrastinate_job_to_defer_v1
            order by p.position
        )
    )
    from unnest(p_providers) with ordinality as p(slug, position);
$$;

comment on function public.defer_provider_syncs(uuid, text[]) is
'Insert a queue row of this job for each provider; returns their ids in the same order.';
