-- By the numbers of models, so that nothing is read of a provider whose lists come in time.
-- after: pricing_confirmations, pricing_model_numbers
create or replace view public.pricing_overdue_models
with (security_invoker = true)
as
select
    n.provider,
    n.confirmed_by,
    coalesce(c.why, 'no provider') as why,
    c.confirmed_at,
    c.due_at,
    sum(n.had_price)::integer as models
from public.pricing_model_numbers n
left join public.pricing_confirmations c on c.provider = n.confirmed_by
where n.state <> 'inactive' and n.had_price > 0 and (c.provider is null or c.due_at < now())
group by n.provider, n.confirmed_by, c.why, c.confirmed_at, c.due_at;

comment on view public.pricing_overdue_models is
'Providers with active priced models whose confirming list is late, or has no provider any more: all of these models are in pricing_stale.';
comment on column public.pricing_overdue_models.provider is 'The provider of the models, pricing_providers.slug; its row may be gone.';
comment on column public.pricing_overdue_models.confirmed_by is 'Whose list is late: the provider''s own, or catalogue.';
comment on column public.pricing_overdue_models.why is 'Why it is late, as in pricing_stale.';
comment on column public.pricing_overdue_models.confirmed_at is 'When that list was last confirmed; null: never, or not known.';
comment on column public.pricing_overdue_models.due_at is 'When it had to be confirmed at the latest; null: not known.';
comment on column public.pricing_overdue_models.models is 'How many models that are.';
