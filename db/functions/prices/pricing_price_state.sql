-- The only rule of a price_state. An expression, as pricing_amount_differs.
create or replace function public.pricing_price_state(
    p_highest numeric, p_base numeric, p_conditions jsonb, p_at text
)
returns text
language sql
stable
security invoker
return case
    when p_highest > 0
        -- Amounts are text: a positive one has a digit other than 0 before any exponent. What begins later is no price yet.
        or p_conditions @? '$[*] ? (!exists (@.effective_from)).keyvalue() ? (
            @.key starts with "price_per_" && @.key != "price_per_web_search" && @.value like_regex "^[^eE]*[1-9]"
        )'
        then 'priced'
    -- A fee of 0 alone does not make a model free.
    when p_base is null
        then 'unknown'
    -- Nor does a base of 0 where the price under some condition is unknown.
    when p_conditions @? '$[*] ? (!exists (@.effective_from)).keyvalue() ? (
        @.key starts with "price_per_" && @.key != "price_per_web_search" && @.value == null
    )'
        -- An unknown fee stays a condition once it has begun. Times are texts in UTC.
        or jsonb_path_exists(
            p_conditions,
            '$[*] ? ((@.price_per_image == null || @.price_per_request == null) && @.effective_from <= $at)',
            jsonb_build_object('at', p_at)
        )
        then 'unknown'
    else 'free'
end;

comment on function public.pricing_price_state(numeric, numeric, jsonb, text) is
'priced (also where only some requests cost something), free or unknown: of the highest price (web searches apart: a model that charges for nothing else is free), a base price, the conditions and a time as conditions have it.';
