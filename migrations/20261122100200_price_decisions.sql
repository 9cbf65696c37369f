-- Who lists a model is one thing, whose price it has another: a provider without prices lists its models, and their
-- prices are the catalogue's.
alter table public.model_pricing
    add column listed_by text,
    add column synced jsonb check (jsonb_typeof(synced) = 'object');

update public.model_pricing
set listed_by = case when pricing_source like 'catalogue:%' then 'catalogue' else provider_slug end;

alter table public.model_pricing alter column listed_by set not null;

comment on column public.model_pricing.listed_by is 'Whose list has the model: its provider''s slug, or catalogue.';
comment on column public.model_pricing.synced is 'While an override is in force: the price set that the provider''s syncs say; null without one.';

alter table public.model_pricing_history add column is_in_force boolean not null default true;

comment on column public.model_pricing_history.is_in_force is 'False: what the provider said while an override was in force; it was recorded, not charged.';
comment on column public.model_pricing_history.changed_by is 'api_sync:<provider>, manual:<name>, rollback:<job_id> or expiry:<override id>.';
comment on table public.model_pricing_history is 'Every price that was ever in force, the first included, and what providers said under an override; rows are only ever added.';

create table public.pricing_held_changes (
    id bigint generated always as identity primary key,
    model_id bigint not null references public.model_pricing,
    provider_slug text not null,
    status text not null default 'held'
        check (status in ('held', 'approved', 'rejected', 'applied', 'superseded', 'withdrawn')),
    class text not null check (class in ('large', 'unit', 'first_list', 'rollback')),
    reason text not null check (reason <> ''),
    ratio numeric check (ratio >= 0),
    to_zero boolean not null default false,
    prices jsonb not null check (jsonb_typeof(prices) = 'object'),
    previous jsonb not null check (jsonb_typeof(previous) = 'object'),
    evidence jsonb not null default '[]' check (jsonb_typeof(evidence) = 'array'),
    pricing_source text not null,
    extra jsonb not null default '{}',
    raw jsonb not null default '{}',
    first_job_id uuid,
    job_id uuid,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    times_seen integer not null default 1 check (times_seen > 0),
    still_said boolean not null default true,
    observed_at timestamptz,
    decided_at timestamptz,
    decided_by text,
    decision_note text,
    check ((status = 'held') = (decided_at is null))
);

alter table public.pricing_held_changes enable row level security;

create unique index pricing_held_changes_open on public.pricing_held_changes (model_id) where status = 'held';
create index pricing_held_changes_model on public.pricing_held_changes (model_id, id desc);
create index pricing_held_changes_provider on public.pricing_held_changes (provider_slug, id desc) where status = 'held';
create index pricing_held_changes_job on public.pricing_held_changes (job_id) where status = 'held';

comment on table public.pricing_held_changes is 'Price changes that looked wrong and were not applied: what waits for a person, and what became of the others.';
comment on column public.pricing_held_changes.model_id is 'model_pricing.id.';
comment on column public.pricing_held_changes.status is 'held; approved or rejected by a person; applied by itself or by a rule; superseded by another price; withdrawn: the provider went back.';
comment on column public.pricing_held_changes.class is 'large: may apply itself; unit, first_list and rollback: only a person applies it.';
comment on column public.pricing_held_changes.ratio is 'The largest factor by which one of its token prices moves, up or down; null where there is nothing to compare with.';
comment on column public.pricing_held_changes.to_zero is 'A positive token price falls to zero.';
comment on column public.pricing_held_changes.prices is 'The price set that waits: USD for one unit by column of model_pricing, and its conditions.';
comment on column public.pricing_held_changes.previous is 'The price set that it would replace.';
comment on column public.pricing_held_changes.evidence is 'For each suspicious axis: number before, number now, the catalogue''s, the provider''s own text and unit.';
comment on column public.pricing_held_changes.raw is 'What the provider wrote: text and unit of each price key.';
comment on column public.pricing_held_changes.job_id is 'The last job that said so; first_job_id the first.';
comment on column public.pricing_held_changes.still_said is 'False once the provider has said something else of the model: a rejection binds for as long as this is true.';
comment on column public.pricing_held_changes.times_seen is 'Syncs that said the same, from first_seen_at to last_seen_at.';

create table public.pricing_change_rules (
    id bigint generated always as identity primary key,
    provider_slug text not null references public.pricing_providers on delete cascade on update cascade,
    model_id text check (length(model_id) between 1 and 512),
    up_to_ratio numeric not null check (up_to_ratio > 1 and up_to_ratio < 'Infinity'),
    reason text not null check (reason <> ''),
    created_by text not null,
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null,
    ended_at timestamptz,
    ended_by text,
    check (expires_at > created_at)
);

alter table public.pricing_change_rules enable row level security;

create index pricing_change_rules_provider on public.pricing_change_rules (provider_slug, expires_at desc);

comment on table public.pricing_change_rules is 'Which larger changes a person accepts beforehand, for one model or a whole provider, until a time.';
comment on column public.pricing_change_rules.model_id is 'As the provider spells it; null: every model of the provider.';
comment on column public.pricing_change_rules.up_to_ratio is 'A change whose token prices all move by this factor or less is applied.';

create table public.pricing_overrides (
    id bigint generated always as identity primary key,
    model_id bigint not null references public.model_pricing,
    prices jsonb not null check (jsonb_typeof(prices) = 'object' and prices <> '{}'),
    reason text not null check (reason <> ''),
    created_by text not null,
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz,
    ended_at timestamptz,
    ended_by text
);

alter table public.pricing_overrides enable row level security;

create unique index pricing_overrides_open on public.pricing_overrides (model_id) where ended_at is null;
create index pricing_overrides_expiry on public.pricing_overrides (expires_at) where ended_at is null;

comment on table public.pricing_overrides is 'Prices set by a person: they win over the synced ones until they are cleared or expire.';
comment on column public.pricing_overrides.model_id is 'model_pricing.id.';
comment on column public.pricing_overrides.prices is 'USD for one unit by column of model_pricing: these axes are fixed, all others follow the provider.';
comment on column public.pricing_overrides.expires_at is 'When the schedule''s tick ends it; null: never by itself.';

create table public.pricing_catalogue_prices (
    provider_slug text not null,
    model_id text not null,
    prices jsonb not null check (jsonb_typeof(prices) = 'object'),
    version text not null,
    updated_at timestamptz not null default clock_timestamp(),
    primary key (provider_slug, model_id)
);

alter table public.pricing_catalogue_prices enable row level security;

comment on table public.pricing_catalogue_prices is 'The catalogue''s number for each model that it knows under exactly this id: what suspicious changes and the drift report are measured against. Nothing is charged by it.';
comment on column public.pricing_catalogue_prices.prices is 'USD for one unit by column of model_pricing.';
comment on column public.pricing_catalogue_prices.version is 'The catalogue and its version, such as genai-prices@0.2.3.';
