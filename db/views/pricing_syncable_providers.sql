-- The only rule of which providers can be synced: resolve_sync_providers, the schedule and `up` read it.
create or replace view public.pricing_syncable_providers
with (security_invoker = true)
as
select p.slug
from public.pricing_providers p
where p.enabled and p.adapter is not null and p.state <> 'no_credentials';

comment on view public.pricing_syncable_providers is
'The providers that a sync request without a list syncs: enabled, with an adapter and with what that needs.';
comment on column public.pricing_syncable_providers.slug is 'The provider, pricing_providers.slug.';
