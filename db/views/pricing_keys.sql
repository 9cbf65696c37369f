-- Times within what clients can read: one row beyond that would fail the whole listing.
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
'The bearer keys of the HTTP interface: name, role, expiry and last use; never a secret.';
comment on column public.pricing_keys.name is 'The key''s name.';
comment on column public.pricing_keys.role is 'read: GET only; operate: also syncs, reviews, rules, overrides and rollback; admin: everything.';
comment on column public.pricing_keys.state is 'active, expired or revoked.';
comment on column public.pricing_keys.created_at is 'When the key was made.';
comment on column public.pricing_keys.created_by is 'Who made it.';
comment on column public.pricing_keys.expires_at is 'From then on the key is refused; null: it does not expire.';
comment on column public.pricing_keys.last_used_at is 'When a request came with it, to the minute; null: never.';
comment on column public.pricing_keys.revoked_at is 'When a person revoked it; null: not revoked.';
comment on column public.pricing_keys.revoked_by is 'Who revoked it.';
comment on column public.pricing_keys.key_id is 'The public part of the key: psk_<key_id>_<secret>.';
comment on column public.pricing_keys.replaced_by is 'The key_id of the key that a rotation has made; null without one.';
