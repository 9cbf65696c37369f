-- An open attempt of the same provider and job is the row's own: a restore inserts it first.
create or replace function public.queue_id_is_taken(p_queue_job_id bigint, p_job_id uuid, p_provider text)
returns boolean
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
    select exists (
            select
            from public.pricing_sync_log l
            where l.queue_job_id = p_queue_job_id
                and not (
                    l.job_id = p_job_id and l.provider_slug = p_provider and l.status in ('queued', 'in_progress')
                )
        )
        or exists (select from public.pricing_given_up_syncs g where g.queue_job_id = p_queue_job_id);
$$;

comment on function public.queue_id_is_taken(bigint, uuid, text) is
'Whether the log has attempts of another queue row with this id.';
