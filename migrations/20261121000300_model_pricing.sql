-- Zero is a confirmed price of nothing; unknown is null. Plain `>= 0` would let NaN and Infinity in.
create domain public.pricing_usd as numeric check (value >= 0 and value < 'Infinity'::numeric);

comment on domain public.pricing_usd is 'US dollars for one unit: zero or more, finite, unrounded; null means unknown.';

create table public.model_pricing (
    id bigint generated always as identity primary key,
    provider_slug text not null check (length(provider_slug) between 1 and 40),
    model_id text not null check (length(model_id) between 1 and 512),
    name text,
    price_per_input_token public.pricing_usd,
    price_per_output_token public.pricing_usd,
    price_per_cache_read_token public.pricing_usd,
    price_per_cache_write_token public.pricing_usd,
    price_per_cache_write_1h_token public.pricing_usd,
    price_per_reasoning_token public.pricing_usd,
    price_per_input_audio_token public.pricing_usd,
    price_per_output_audio_token public.pricing_usd,
    price_per_cache_read_audio_token public.pricing_usd,
    price_per_input_image_token public.pricing_usd,
    price_per_output_image_token public.pricing_usd,
    price_per_image public.pricing_usd,
    price_per_request public.pricing_usd,
    price_per_web_search public.pricing_usd,
    conditions jsonb not null default '[]' check (jsonb_typeof(conditions) = 'array'),
    extra jsonb not null default '{}' check (jsonb_typeof(extra) = 'object'),
    pricing_source text not null,
    first_seen_at timestamptz not null default clock_timestamp(),
    last_changed_at timestamptz,
    missing_count integer not null default 0 check (missing_count >= 0),
    is_active boolean not null default true,
    unique (provider_slug, model_id)
);

alter table public.model_pricing enable row level security;

comment on table public.model_pricing is 'The price in force, one row per provider and model; US dollars per single unit, null where unknown.';
comment on column public.model_pricing.model_id is 'As the provider spells it, case included.';
comment on column public.model_pricing.price_per_input_token is 'USD per input token.';
comment on column public.model_pricing.price_per_output_token is 'USD per output token.';
comment on column public.model_pricing.price_per_cache_read_token is 'USD per input token read from the cache.';
comment on column public.model_pricing.price_per_cache_write_token is 'USD per input token written to the cache for 5 minutes.';
comment on column public.model_pricing.price_per_cache_write_1h_token is 'USD per input token written to the cache for 1 hour.';
comment on column public.model_pricing.price_per_reasoning_token is 'USD per reasoning token.';
comment on column public.model_pricing.price_per_input_audio_token is 'USD per audio input token.';
comment on column public.model_pricing.price_per_output_audio_token is 'USD per audio output token.';
comment on column public.model_pricing.price_per_cache_read_audio_token is 'USD per audio input token read from the cache.';
comment on column public.model_pricing.price_per_input_image_token is 'USD per image input token.';
comment on column public.model_pricing.price_per_output_image_token is 'USD per image output token.';
comment on column public.model_pricing.price_per_image is 'USD per image.';
comment on column public.model_pricing.price_per_request is 'USD per request.';
comment on column public.model_pricing.price_per_web_search is 'USD per web search.';
comment on column public.model_pricing.conditions is 'Prices that replace the base under a condition (prompt size, UTC window), in the provider''s order: later entries win.';
comment on column public.model_pricing.extra is 'Price keys without a column, verbatim.';
comment on column public.model_pricing.pricing_source is 'api:<provider>, or catalogue:genai-prices@<version>.';
comment on column public.model_pricing.last_changed_at is 'When the price last changed; null while no price was ever known.';
comment on column public.model_pricing.missing_count is 'Complete syncs in a row that did not list the model.';
comment on column public.model_pricing.is_active is 'False after 3 complete syncs without the model; it is never deleted.';

create table public.model_pricing_history (
    id bigint generated always as identity primary key,
    model_id bigint not null references public.model_pricing,
    price_per_input_token public.pricing_usd,
    price_per_output_token public.pricing_usd,
    previous_input_price public.pricing_usd,
    previous_output_price public.pricing_usd,
    changed_at timestamptz not null default clock_timestamp(),
    changed_by text not null,
    job_id uuid,
    observed_at timestamptz,
    price_per_cache_read_token public.pricing_usd,
    price_per_cache_write_token public.pricing_usd,
    price_per_cache_write_1h_token public.pricing_usd,
    price_per_reasoning_token public.pricing_usd,
    price_per_input_audio_token public.pricing_usd,
    price_per_output_audio_token public.pricing_usd,
    price_per_cache_read_audio_token public.pricing_usd,
    price_per_input_image_token public.pricing_usd,
    price_per_output_image_token public.pricing_usd,
    price_per_image public.pricing_usd,
    price_per_request public.pricing_usd,
    price_per_web_search public.pricing_usd,
    conditions jsonb not null default '[]',
    extra jsonb not null default '{}',
    pricing_source text not null,
    raw jsonb not null default '{}'
);

alter table public.model_pricing_history enable row level security;

create index model_pricing_history_model on public.model_pricing_history (model_id, changed_at desc, id desc);
create index model_pricing_history_changed_at on public.model_pricing_history (changed_at desc, id desc);
create index model_pricing_history_job on public.model_pricing_history (job_id) where job_id is not null;

comment on table public.model_pricing_history is 'Every price that was ever in force, the first included; rows are only ever added.';
comment on column public.model_pricing_history.model_id is 'model_pricing.id.';
comment on column public.model_pricing_history.price_per_input_token is 'USD per input token from changed_at on.';
comment on column public.model_pricing_history.price_per_output_token is 'USD per output token from changed_at on.';
comment on column public.model_pricing_history.previous_input_price is 'USD per input token before; null: unknown, or the first price.';
comment on column public.model_pricing_history.previous_output_price is 'USD per output token before; null: unknown, or the first price.';
comment on column public.model_pricing_history.changed_at is 'Clock time after the model''s row was locked; ties are ordered by id.';
comment on column public.model_pricing_history.changed_by is 'api_sync:<provider>, manual:<name> or rollback:<job_id>.';
comment on column public.model_pricing_history.job_id is 'The job that wrote it; that row may be pruned, this one stays.';
comment on column public.model_pricing_history.observed_at is 'When the provider''s answer arrived.';
comment on column public.model_pricing_history.price_per_cache_read_token is 'USD per input token read from the cache.';
comment on column public.model_pricing_history.price_per_cache_write_token is 'USD per input token written to the cache for 5 minutes.';
comment on column public.model_pricing_history.price_per_cache_write_1h_token is 'USD per input token written to the cache for 1 hour.';
comment on column public.model_pricing_history.price_per_reasoning_token is 'USD per reasoning token.';
comment on column public.model_pricing_history.price_per_input_audio_token is 'USD per audio input token.';
comment on column public.model_pricing_history.price_per_output_audio_token is 'USD per audio output token.';
comment on column public.model_pricing_history.price_per_cache_read_audio_token is 'USD per audio input token read from the cache.';
comment on column public.model_pricing_history.price_per_input_image_token is 'USD per image input token.';
comment on column public.model_pricing_history.price_per_output_image_token is 'USD per image output token.';
comment on column public.model_pricing_history.price_per_image is 'USD per image.';
comment on column public.model_pricing_history.price_per_request is 'USD per request.';
comment on column public.model_pricing_history.price_per_web_search is 'USD per web search.';
comment on column public.model_pricing_history.raw is 'What the provider wrote: text and unit of each price key.';
