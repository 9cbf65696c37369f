alter table public.pricing_providers add column last_list_at timestamptz;

comment on column public.pricing_providers.last_list_at is 'When a sync last read the whole list, not only its server''s word that it is unchanged; after a day the next one is fetched without If-None-Match.';
comment on column public.pricing_providers.etag is 'Sent back as If-None-Match, when etag_parser names this version, adapter and address, and last_list_at is less than a day ago.';
