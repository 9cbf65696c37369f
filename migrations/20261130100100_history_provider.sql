-- The provider of each history row, which later migrations fill and find them by. In a transaction of its own: the history
-- is locked for a moment only.
alter table public.model_pricing_history add column provider_slug text;

comment on column public.model_pricing_history.provider_slug is 'The model''s provider, so that an index finds its newest changes.';
