-- The migration that made pricing_metric_totals has them too.
create or replace function public.pricing_duration_buckets()
returns table (bound double precision, label text)
language plpgsql
immutable
rows 13
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    -- In plpgsql, which keeps the plan.
    return query values
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
end;
$$;

comment on function public.pricing_duration_buckets() is
'The buckets of pricing_sync_duration_seconds: upper bound in seconds, and that bound as /metrics writes it.';
