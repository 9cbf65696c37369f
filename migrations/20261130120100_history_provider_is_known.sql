-- The last one: syncs of the version before write rows without a provider until db/ is replayed, which is next.
set local pricing.maintenance = 'on';
lock table public.model_pricing_history in share row exclusive mode;
update public.model_pricing_history h
set provider_slug = m.provider_slug
from public.model_pricing m
where m.id = h.model_id and h.provider_slug is null;
alter table public.model_pricing_history alter column provider_slug set not null;
