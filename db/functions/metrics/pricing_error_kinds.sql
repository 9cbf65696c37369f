-- Bounds the label kind of pricing_sync_errors_total: other words count as other.
create or replace function public.pricing_error_kinds()
returns setof text
language sql
immutable
rows 30
security invoker
set search_path = pg_catalog, pg_temp
as $$
    select unnest('{
        timeout, connection, no_network, truncated, http_status, rate_limited, too_large, bad_encoding, redirect_refused,
        address_refused, credential_refused, unknown_adapter, not_json, bad_shape, refused_by_provider,
        incomplete_list, empty_list, list_shrunk, prices_gone, prices_refused, internal, worker_lost, locked, no_worker,
        queue_row_deleted, ended_outside, not_applied
    }'::text[]);
$$;

comment on function public.pricing_error_kinds() is
'Every error_kind that a failed attempt can have.';
