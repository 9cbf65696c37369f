-- How many models each provider has, in which state: counting the models themselves reads all of them. As in
-- pricing_metric_totals, rows are only added, so that no transaction waits for another's count, and a clean-up merges them.
create table public.pricing_model_counts (
    id bigint generated always as identity primary key,
    provider_slug text not null,
    confirmed_by text not null,
    state text not null check (state in ('priced', 'free', 'unknown', 'inactive')),
    unknown_from jsonb,
    had_price boolean not null,
    models bigint not null
);

alter table public.pricing_model_counts enable row level security;

comment on table public.pricing_model_counts is 'How many models there are, summed over its rows: each statement that adds, changes or removes models adds some, and the clean-up merges them. Triggers of model_pricing write it.';
comment on column public.pricing_model_counts.id is 'The row''s number.';
comment on column public.pricing_model_counts.provider_slug is 'The provider, pricing_providers.slug; its row may be gone.';
comment on column public.pricing_model_counts.confirmed_by is 'Whose list confirms their prices: the provider''s own, or catalogue.';
comment on column public.pricing_model_counts.state is 'inactive, or of an active model its price_state, before an unknown fee begins.';
comment on column public.pricing_model_counts.unknown_from is 'From when on unknown fees of theirs are charged, which make the price of a free model unknown: times as conditions have them; null: never.';
comment on column public.pricing_model_counts.had_price is 'True: a price was known once (last_changed_at).';
comment on column public.pricing_model_counts.models is 'How many more models there are; less than 0: how many fewer.';

-- Held changes are counted without reading the rows themselves.
drop index public.pricing_held_changes_said;
create index pricing_held_changes_said on public.pricing_held_changes (provider_slug)
include (status, first_seen_at, reopened_at)
where still_said and status in ('held', 'rejected');
