-- The migration that made pricing_metric_totals has them too.
create or replace function public.pricing_duration_buckets()
returns table (bound double precision, label text)
language sql
immutable
rows 13
security invoker
set search_path = pg_catalog, pg_temp
as $$
    values
        (0.1::double precision, '0.1'),
        (0.25, '0.25'),
        (0.5, '0.5'),
        (1, '1.0'),
        (2.5, '2.5'),
        (5, '5.0'),
        (10, '10.0'),
        (30, '30.0'),
        (60, '60.0'),
        (120, '120.0'),
        (300, '300.0'),
        (600, '600.0'),
        ('Infinity', '+Inf');
$$;

comment on function public.pricing_duration_buckets() is
'The buckets of pricing_sync_duration_seconds: upper bound in seconds, and that bound as /metrics writes it.';
