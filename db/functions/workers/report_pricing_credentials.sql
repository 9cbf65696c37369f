-- Only ever good news: that a credential is gone shows at the next sync, for another worker may have it. It never
-- waits: a provider that somebody holds is left to the next worker that starts, or to a trigger by name.
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
'A worker says for which providers it has the credential, and may send it there: those that lacked it are synced from now on, at the next tick first; returns them.';
