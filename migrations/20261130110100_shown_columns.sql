-- What model_prices shows of extra and synced, in columns of their own: a reader of the view needs a right on every column
-- that the view reads, and the other two have more than the view shows.
alter table public.model_pricing
    add column unread_keys jsonb not null generated always as (jsonb_path_query_array(extra, '$.keyvalue().key')) stored,
    add column is_overridden boolean not null generated always as (synced is not null) stored,
    add column provider_input_price numeric generated always as (
        case
            when synced is null then price_per_input_token::numeric
            else (synced ->> 'price_per_input_token')::numeric
        end
    ) stored,
    add column provider_output_price numeric generated always as (
        case
            when synced is null then price_per_output_token::numeric
            else (synced ->> 'price_per_output_token')::numeric
        end
    ) stored;

comment on column public.model_pricing.unread_keys is 'The keys of extra.';
comment on column public.model_pricing.is_overridden is 'A person has fixed one of its prices; see pricing_overrides.';
comment on column public.model_pricing.provider_input_price is 'USD per input token: under an override the provider''s price, else the price in force.';
comment on column public.model_pricing.provider_output_price is 'USD per output token: under an override the provider''s price, else the price in force.';
