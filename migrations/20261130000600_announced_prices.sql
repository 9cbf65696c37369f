-- When the next announced price of a model begins or ends, so that a tick finds those that are due by an index.
alter table public.model_pricing add column next_effective_at timestamptz;

create index model_pricing_next_effective_at on public.model_pricing (next_effective_at)
where next_effective_at is not null;

comment on column public.model_pricing.next_effective_at is 'When the next announced price among its conditions begins or ends; a tick then brings the columns up to date. Null: none is announced.';
comment on column public.model_pricing_history.changed_by is 'api_sync:<provider>, manual:<name>, rollback:<job_id>, expiry:<override id>, announced:<provider>, or repair:<reason> by a migration.';
comment on column public.pricing_overrides.prices is 'USD for one unit by column of model_pricing, and conditions: these prices are fixed, all others follow the provider.';
comment on column public.pricing_overrides.expires_at is 'Until when it is charged: the next tick of the schedule ends it; null: never by itself.';
