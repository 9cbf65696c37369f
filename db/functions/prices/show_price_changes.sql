-- apply_provider_list writes it into the log row of a dry run.
create or replace function public.show_price_changes(p_changes public.pricing_change[], p_held jsonb)
returns jsonb
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
as $$
    select jsonb_build_object(
        'differences_total', cardinality(p_changes),
        'differences', (
            select coalesce(jsonb_agg(d.difference order by d.provider, d.model_id), '[]')
            from (
                select
                    c.provider,
                    c.model_id,
                    jsonb_build_object(
                        'provider', c.provider,
                        'model_id', c.model_id,
                        'price_per_input_token', (c.new).price_per_input_token::text,
                        'price_per_output_token', (c.new).price_per_output_token::text,
                        'previous_input_price', (c.old).price_per_input_token::text,
                        'previous_output_price', (c.old).price_per_output_token::text
                    ) || jsonb_strip_nulls(jsonb_build_object(
                        'class', h.class, 'reason', h.reason, 'rejected', nullif(h.rejected, false)
                    )) as difference
                from unnest(p_changes) as c
                left join jsonb_to_recordset(p_held) as h (provider text, model_id text, class text, reason text, rejected boolean)
                    on h.provider = c.provider and h.model_id = c.model_id
                order by c.provider, c.model_id
                limit 500
            ) as d
        )
    );
$$;

comment on function public.show_price_changes(public.pricing_change[], jsonb) is
'The first 500 differences of a dry run, with class and reason where the change would be held (rejected: a person has rejected it earlier), and how many there are.';
