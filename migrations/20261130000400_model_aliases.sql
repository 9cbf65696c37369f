create table public.pricing_model_aliases (
    provider_slug text not null,
    model_id text not null,
    canonical_id text not null,
    source text not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (provider_slug, model_id),
    constraint pricing_model_aliases_names_another_id check (canonical_id <> model_id),
    constraint pricing_model_aliases_source_is_known check (source ~ '^(catalogue|manual):.')
);

-- The same model at other providers.
create index pricing_model_aliases_canonical_id_idx on public.pricing_model_aliases (canonical_id);

alter table public.pricing_model_aliases enable row level security;

comment on table public.pricing_model_aliases is 'Other ids under which a provider sells a model of the catalogue: by an exact clause of the catalogue or by a person, never by similarity. An id without a row stands for itself.';
comment on column public.pricing_model_aliases.provider_slug is 'The provider, pricing_providers.slug.';
comment on column public.pricing_model_aliases.model_id is 'The model''s id as the provider spells it, case included.';
comment on column public.pricing_model_aliases.canonical_id is 'The catalogue''s id of the same model; models of several providers with one canonical id are the same model.';
comment on column public.pricing_model_aliases.source is 'Who says so: catalogue:genai-prices@<version>, by an exact clause, or manual:<person>, which syncs do not overwrite.';
comment on column public.pricing_model_aliases.created_at is 'When the row was written.';
