-- Only lost workers count, whatever else ended an attempt.
comment on column public.pricing_settings.max_attempts is 'So many attempts that ended as worker_lost fail a provider sync.';
