-- An expression, as pricing_amount_differs.
create or replace function public.pricing_unknown_times(p_conditions jsonb)
returns jsonb
language sql
immutable
security invoker
return case
    when p_conditions <> '[]' then nullif(
        jsonb_path_query_array(
            p_conditions, '$[*] ? (@.price_per_image == null || @.price_per_request == null).effective_from'
        ),
        '[]'
    )
end;

comment on function public.pricing_unknown_times(jsonb) is
'From when on each unknown fee of these conditions is charged, as they have it; null: there is none.';
