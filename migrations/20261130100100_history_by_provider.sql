-- The newest changes of one provider: without its name in the history they are looked for among all, to the end where there
-- are few.
set local pricing.maintenance = 'on';
alter table public.model_pricing_history add column provider_slug text;
update public.model_pricing_history h
set provider_slug = m.provider_slug
from public.model_pricing m
where m.id = h.model_id;
alter table public.model_pricing_history alter column provider_slug set not null;

comment on column public.model_pricing_history.provider_slug is 'The model''s provider, so that an index finds its newest changes.';

create index model_pricing_history_provider on public.model_pricing_history (provider_slug, changed_at desc, id desc);
-- A job may have written thousands of rows.
drop index public.model_pricing_history_job;
create index model_pricing_history_job on public.model_pricing_history (job_id, changed_at desc, id desc) where job_id is not null;
