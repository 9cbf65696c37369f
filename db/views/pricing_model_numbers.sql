-- The numbers of pricing_model_counts, as of now.
create or replace view public.pricing_model_numbers
with (security_invoker = true)
as
select
    c.provider,
    c.confirmed_by,
    c.state,
    sum(c.models)::integer as models,
    coalesce(sum(c.models) filter (where c.had_price), 0)::integer as had_price
from (
    select
        k.provider_slug as provider,
        k.confirmed_by,
        case
            when k.state = 'free' and jsonb_path_exists(
                k.unknown_from,
                '$[*] ? (@ <= $now)',
                jsonb_build_object('now', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
            )
                then 'unknown'
            else k.state
        end as state,
        k.had_price,
        k.models
    from public.pricing_model_counts k
) as c
group by c.provider, c.confirmed_by, c.state
having sum(c.models) > 0;

comment on view public.pricing_model_numbers is
'How many models there are of each provider, in each state: what counting model_prices would give, without reading it.';
comment on column public.pricing_model_numbers.provider is 'The provider, pricing_providers.slug; its row may be gone.';
comment on column public.pricing_model_numbers.confirmed_by is 'Whose list confirms their prices: the provider''s own, or catalogue.';
comment on column public.pricing_model_numbers.state is 'inactive, or the price_state of an active model: priced, free or unknown.';
comment on column public.pricing_model_numbers.models is 'How many.';
comment on column public.pricing_model_numbers.had_price is 'Those of them that have had a price once.';
