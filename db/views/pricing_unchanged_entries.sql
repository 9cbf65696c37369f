-- A model with a held or rejected change is left out: each list that says the change again counts.
-- after: pricing_listed_models
create or replace view public.pricing_unchanged_entries
with (security_invoker = true)
as
select
    d.provider_slug,
    d.model_id,
    d.digest
from public.pricing_list_digests d
join public.pricing_listed_models m on m.id = d.model_id and m.provider_slug = d.provider_slug
-- Not "=", by which the planner would join, and compute the state twice.
where m.state is not distinct from d.model_state
    and not exists (
        select
        from public.pricing_held_changes h
        where h.model_id = d.model_id
            and h.provider_slug = d.provider_slug
            and h.still_said
            and h.status in ('held', 'rejected')
    );

comment on view public.pricing_unchanged_entries is
'The entries of price lists that would change nothing if they came once more.';
comment on column public.pricing_unchanged_entries.provider_slug is 'The provider whose list has the entry.';
comment on column public.pricing_unchanged_entries.model_id is 'The model, model_pricing.id.';
comment on column public.pricing_unchanged_entries.digest is 'The entry''s digest, pricing_list_digests.digest.';
