-- Times as clients can read them: one row with another would keep all of them from being shown.
-- after: capped_expiry
create or replace view public.pricing_keys
with (security_invoker = true)
as
select
    k.name,
    k.role,
    case
        when k.revoked_at is not null then 'revoked'
        when k.expires_at <= clock_timestamp() then 'expired'
        else 'active'
    end as state,
    public.capped_expiry(k.created_at) as created_at,
    k.created_by,
    public.capped_expiry(k.expires_at) as expires_at,
    public.capped_expiry(k.last_used_at) as last_used_at,
    public.capped_expiry(k.revoked_at) as revoked_at,
    k.revoked_by,
    k.key_id,
    k.replaced_by
from public.pricing_api_keys as k;

comment on view public.pricing_keys is
'The bearer keys of the HTTP interface, for people: whose, what they may do, until when, and when they were last used; never a secret.';
