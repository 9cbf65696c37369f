create or replace view public.pricing_missing_credentials
with (security_invoker = true)
as
select p.slug, p.credential_variable
from public.pricing_providers p
where p.enabled and p.state = 'no_credentials' and p.credential_variable is not null;

comment on view public.pricing_missing_credentials is
'Enabled providers that are not synced, because no worker has reported the environment variable with their credential.';
comment on column public.pricing_missing_credentials.slug is 'The provider, pricing_providers.slug.';
comment on column public.pricing_missing_credentials.credential_variable is 'The environment variable that no worker has reported.';
