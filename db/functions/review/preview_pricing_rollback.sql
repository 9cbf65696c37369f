-- Volatile, because the dry run of a rollback locks the providers' prices.
-- after: rollback_pricing_sync
create or replace function public.preview_pricing_rollback(job_id uuid)
returns table (
    models integer,
    providers text[],
    largest_factor numeric,
    to_free_count integer,
    to_free text[]
)
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
    select
        count(*)::integer,
        coalesce(array_agg(distinct r.provider order by r.provider), '{}'),
        max(r.largest_factor),
        (count(*) filter (where r.to_free))::integer,
        coalesce(
            (array_agg(r.provider || '/' || r.model order by r.provider, r.model) filter (where r.to_free))[:20], '{}'
        )
    from public.rollback_pricing_sync(preview_pricing_rollback.job_id, dry_run => true) r
    where r.action = 'roll_back';
$$;

comment on function public.preview_pricing_rollback(uuid) is
'What rollback_pricing_sync would change: models, providers, the largest factor of a price, and how many become free or have a price that falls to zero, with the first 20. Changes nothing.';
