-- Models that were written before there were the triggers that count them, or without these, as by a restore. Mostly it
-- corrects nothing.
-- Writers count what they write: neither side may have it without the other.
lock table public.model_pricing in share row exclusive mode;
insert into public.pricing_model_counts (provider_slug, confirmed_by, state, unknown_from, had_price, models)
select c.provider_slug, c.confirmed_by, c.state, c.unknown_from, c.had_price, sum(c.models)
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
