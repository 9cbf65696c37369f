-- For hands, and for workers of versions before 0.9.0, which send whole lists.
-- after: apply_provider_list
create or replace function public.apply_provider_prices(
    queue_job_id bigint,
    attempt integer,
    prices jsonb,
    observed_at timestamptz default clock_timestamp(),
    skipped jsonb default '[]',
    unknown_keys jsonb default '[]',
    etag text default null,
    etag_parser text default null,
    content_digest text default null,
    reference jsonb default null,
    reference_version text default null
)
returns table (
    status text,
    models_fetched integer,
    models_updated integer,
    models_skipped integer,
    models_unchanged integer,
    models_held integer,
    details jsonb
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select a.*
    from public.apply_provider_list(
        apply_provider_prices.queue_job_id,
        apply_provider_prices.attempt,
        apply_provider_prices.prices,
        apply_provider_prices.observed_at,
        apply_provider_prices.skipped,
        apply_provider_prices.unknown_keys,
        apply_provider_prices.etag,
        apply_provider_prices.etag_parser,
        apply_provider_prices.content_digest,
        apply_provider_prices.reference,
        apply_provider_prices.reference_version
    ) a;
end;
$$;

comment on function public.apply_provider_prices(bigint, integer, jsonb, timestamptz, jsonb, jsonb, text, text, text, jsonb, text) is
'Write a whole price list, as apply_provider_list does with every entry in it.';
