-- One notification for a provider, not for a change: a payload over 8,000 bytes would undo the transaction.
create or replace function public.notify_held_count(p_provider text, p_jobs uuid[])
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_catalog.pg_notify(
        'pricing_held',
        jsonb_build_object(
            'provider', p_provider,
            'count', (
                select count(*) from public.pricing_held_changes h where h.provider_slug = p_provider and h.status = 'held'
            ),
            'job_id', case when cardinality(p_jobs) = 1 then p_jobs[1] end
        )::text
    );
end;
$$;

comment on function public.notify_held_count(text, uuid[]) is
'Notify channel pricing_held: {"provider", "count": how many of its changes wait now, "job_id": the job that reported the changed ones, null if several did}.';
