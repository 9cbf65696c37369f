-- The newest changes of one provider: without its name in the history they are looked for among all, to the end where there
-- are few. The history can be read meanwhile.
set local pricing.maintenance = 'on';
update public.model_pricing_history h
set provider_slug = m.provider_slug
from public.model_pricing m
where m.id = h.model_id and h.provider_slug is null;

create index model_pricing_history_provider on public.model_pricing_history (provider_slug, changed_at desc, id desc);
-- A job may have written thousands of rows.
create index model_pricing_history_of_job on public.model_pricing_history (job_id, changed_at desc, id desc) where job_id is not null;
drop index public.model_pricing_history_job;
alter index public.model_pricing_history_of_job rename to model_pricing_history_job;
