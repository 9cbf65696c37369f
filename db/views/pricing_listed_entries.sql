-- after: pricing_listed_models
create or replace view public.pricing_listed_entries
with (security_invoker = true)
as
select
    m.provider_slug,
    m.id as model_id,
    m.is_active,
    m.is_priced,
    case when d.model_state = m.state then d.digest end as unchanged_digest
from public.pricing_listed_models m
left join (
    select l.*
    from public.pricing_list_digests l
    -- Each list that says a held or rejected change again counts.
    where not exists (
        select
        from public.pricing_held_changes h
        where h.model_id = l.model_id
            and h.provider_slug = l.provider_slug
            and h.still_said
            and h.status in ('held', 'rejected')
    )
) as d on d.model_id = m.id and d.provider_slug = m.provider_slug;

comment on view public.pricing_listed_entries is
'Which entry of a price list would change nothing if it came once more, a row for each model.';
comment on column public.pricing_listed_entries.provider_slug is 'The provider whose list has the entry.';
comment on column public.pricing_listed_entries.model_id is 'The model, model_pricing.id.';
comment on column public.pricing_listed_entries.is_active is 'False: the provider no longer lists the model.';
comment on column public.pricing_listed_entries.is_priced is 'Whether the provider''s price is positive, or under a condition.';
comment on column public.pricing_listed_entries.unchanged_digest is 'The entry''s digest, pricing_list_digests.digest; null: the model''s next entry must be read.';
