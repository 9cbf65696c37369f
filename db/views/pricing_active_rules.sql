create or replace view public.pricing_active_rules
with (security_invoker = true)
as
select
    r.provider_slug as provider,
    r.model_id as model,
    r.up_to_ratio,
    r.reason,
    r.created_by,
    r.created_at,
    r.expires_at,
    r.id
from public.pricing_change_rules r
where r.ended_at is null and r.expires_at > now();

comment on view public.pricing_active_rules is
'The rules in force: which larger changes syncs accept, and until when. end_price_change_rule(id) ends one before it expires.';
comment on column public.pricing_active_rules.model is 'Null: every model of the provider.';
comment on column public.pricing_active_rules.up_to_ratio is 'A change whose token prices all move by this factor or less is applied.';
comment on column public.pricing_active_rules.provider is 'The provider, pricing_providers.slug.';
comment on column public.pricing_active_rules.reason is 'Why the person accepts such changes.';
comment on column public.pricing_active_rules.created_by is 'Who made the rule.';
comment on column public.pricing_active_rules.created_at is 'When the rule was made.';
comment on column public.pricing_active_rules.expires_at is 'When the rule ends by itself.';
comment on column public.pricing_active_rules.id is 'For end_price_change_rule.';
