-- The one rule of what a trigger without a list syncs: resolve_sync_providers and `up` ask here.
create or replace view public.pricing_syncable_providers
with (security_invoker = true)
as
select p.slug
from public.pricing_providers p
where p.enabled and p.adapter is not null and p.state <> 'no_credentials';

comment on view public.pricing_syncable_providers is
'The providers that a trigger without a list syncs: enabled, with an adapter and with what it needs.';
comment on column public.pricing_syncable_providers.slug is 'The provider, pricing_providers.slug.';
