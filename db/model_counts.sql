-- Models that were written before there were the triggers that count them, or without these, as by a restore. Mostly it
-- corrects nothing.
-- Writers count what they write: neither side may have it without the other.
lock table public.model_pricing in share row exclusive mode;
insert into public.pricing_model_counts (provider_slug, confirmed_by, state, unknown_from, had_price, models)
select c.provider_slug, c.confirmed_by, c.state, c.unknown_from, c.had_price, c.models
from public.pricing_miscounted_models c;
