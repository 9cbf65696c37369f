-- Adds providers only: another worker may have a credential that this one lacks, and the next sync shows whether one is
-- gone. It skips locked providers, which the next worker that starts reports, or a sync request by name reaches.
create or replace function public.report_pricing_credentials(providers text[])
returns setof text
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    with supplied as (
        select p.slug
        from public.pricing_providers p
        where p.state = 'no_credentials'
            and (p.credential_variable is null or p.slug = any (report_pricing_credentials.providers))
        order by p.slug
        for no key update skip locked
    ),
    updated as (
        update public.pricing_providers p
        set state = case when p.price_api then 'ok' else 'no_price_api' end,
            next_sync_at = null
        from supplied s
        where p.slug = s.slug
        returning p.slug
    )
    select u.slug from updated u order by u.slug;
$$;

comment on function public.report_pricing_credentials(text[]) is
'Called by a worker with the providers whose credential it has and may send: those that lacked one are synced from the next tick on; returns them.';
