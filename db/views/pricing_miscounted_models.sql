-- after: pricing_counted_state, pricing_unknown_times
create or replace view public.pricing_miscounted_models
with (security_invoker = true)
as
select c.provider_slug, c.confirmed_by, c.state, c.unknown_from, c.had_price, sum(c.models) as models
from (
    select
        m.provider_slug,
        case when m.pricing_source like 'catalogue:%' then 'catalogue' else m.provider_slug end as confirmed_by,
        public.pricing_counted_state(m) as state,
        public.pricing_unknown_times(m.conditions) as unknown_from,
        m.last_changed_at is not null as had_price,
        1 as models
    from public.model_pricing m
    union all
    select k.provider_slug, k.confirmed_by, k.state, k.unknown_from, k.had_price, -k.models
    from public.pricing_model_counts k
) as c
group by c.provider_slug, c.confirmed_by, c.state, c.unknown_from, c.had_price
having sum(c.models) <> 0;

comment on view public.pricing_miscounted_models is
'What pricing_model_counts lacks of the models that there are, in its columns; nothing unless models were written without its triggers, as by a restore.';
comment on column public.pricing_miscounted_models.provider_slug is 'The provider.';
comment on column public.pricing_miscounted_models.confirmed_by is 'Whose list confirms their prices.';
comment on column public.pricing_miscounted_models.state is 'As in pricing_model_counts.';
comment on column public.pricing_miscounted_models.unknown_from is 'As in pricing_model_counts.';
comment on column public.pricing_miscounted_models.had_price is 'As in pricing_model_counts.';
comment on column public.pricing_miscounted_models.models is 'How many are not counted; less than 0: too many are.';
