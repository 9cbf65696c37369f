-- For changes that begin as a price set of jsonb: an override, an announcement, a repair.
-- after: write_price_changes
create or replace function public.write_model_prices(
    p_changes jsonb,
    p_changed_by text,
    p_changed_at timestamptz default clock_timestamp(),
    p_job_id uuid default null,
    p_observed_at timestamptz default null
)
returns integer
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    select public.write_price_changes(
        array(
            select row(
                c.id, null, null, null, null, public.pricing_prices_of(c.prices), null, c.source, null, c.extra, c.raw, null,
                c.moment, c.effective_at
            )::public.pricing_change
            from jsonb_to_recordset(p_changes) as c (
                id bigint, prices jsonb, source text, extra jsonb, raw jsonb, moment timestamptz, effective_at timestamptz
            )
        ),
        p_changed_by,
        p_changed_at,
        p_job_id,
        p_observed_at
    );
$$;

comment on function public.write_model_prices(jsonb, text, timestamptz, uuid, timestamptz) is
'As write_price_changes, of [{id of model_pricing, prices: a price set, source, extra, raw, moment, effective_at}].';
