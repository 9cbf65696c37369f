-- What the worker gets back for an attempt that it applied: only what it sent, and no price.
create or replace function public.counts_of_sync(p_log public.pricing_sync_log)
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
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    -- In plpgsql, which keeps the plan.
    return query select
        p_log.status,
        p_log.models_fetched,
        p_log.models_updated,
        p_log.models_skipped,
        p_log.models_unchanged,
        p_log.models_held,
        jsonb_strip_nulls(jsonb_build_object(
            'unknown_keys', p_log.details -> 'unknown_keys', 'models_rejected', p_log.details -> 'models_rejected'
        ));
end;
$$;

comment on function public.counts_of_sync(public.pricing_sync_log) is
'The counts of an attempt, the price keys that no earlier list of its provider had, and how many of the held changes were rejected earlier.';
