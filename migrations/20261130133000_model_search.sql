-- The search over models reads this table, not model_pricing: its rows are short, and a change of a price, which writes no
-- row here, pays nothing for the index. db/search.sql fills it. Without a foreign key, whose checks would take longer than
-- the rows: a row that is left over finds no model.
create table public.pricing_model_search (
    provider_slug text not null,
    model_id text not null,
    words text not null,
    primary key (provider_slug, model_id)
);

alter table public.pricing_model_search enable row level security;

comment on table public.pricing_model_search is 'What the search over models (the filter q) looks in. Triggers of model_pricing write it.';
comment on column public.pricing_model_search.provider_slug is 'The provider, pricing_providers.slug.';
comment on column public.pricing_model_search.model_id is 'The model''s id as the provider spells it, case included.';
comment on column public.pricing_model_search.words is 'Slug of the provider, id and name of the model, in small letters, separated by U+001F.';
