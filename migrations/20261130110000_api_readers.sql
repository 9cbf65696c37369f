-- Which of the two public roles of Supabase's Data API may read prices: none as shipped.
alter table public.pricing_settings
    add column api_readers text[] not null default '{}' check (api_readers <@ '{anon, authenticated}'::text[]);

comment on column public.pricing_settings.api_readers is 'Roles of Supabase''s Data API that may read prices, their history and their conditions, and compute costs: anon, authenticated, both or none.';
