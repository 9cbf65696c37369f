-- apply_provider_list calls it. After a renamed JSON key no price is wrong, but all are gone, or one of each model. Only
-- changed models can have lost a price, so it reads the changes and not the list.
-- after: pricing_amounts, pricing_axes, pricing_base_set, pricing_list_bounds
create or replace function public.refuse_lost_prices(
    p_provider text,
    p_targets text[],
    p_prices jsonb,
    p_changes public.pricing_change[],
    p_left_out integer,
    p_other_ids bigint[]
)
returns void
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
as $$
declare
    v_what text;
    v_lost integer;
    v_known integer;
begin
    if exists (
        select
        from public.pricing_providers p
        where p.slug = p_provider
            and p.accepted_list_at > clock_timestamp() - interval '7 days'
            and p.accepted_list_prices_gone
    ) then
        return;
    end if;

    with changed as materialized (
        select c.old, c.new
        from unnest(p_changes) as c
        -- Only prices of the list's own source, not those that the catalogue gave meanwhile.
        where (c.old_source like 'catalogue:%') = (p_provider = 'catalogue')
            and c.old is distinct from null
    ),
    lost as (
        -- All of a model's token prices.
        select null::text as axis, count(*)::integer as models
        from changed c
        where num_nonnulls((c.old).price_per_input_token, (c.old).price_per_output_token) > 0
            and num_nonnulls((c.new).price_per_input_token, (c.new).price_per_output_token, (c.new).conditions) = 0
        union all
        select a.axis, count(*)::integer
        from changed c
        cross join lateral unnest(public.pricing_amounts(c.old), public.pricing_amounts(c.new))
            with ordinality as m (old, new, place)
        join public.pricing_axes() with ordinality as a (axis, per, is_fee, short_name, factor, place)
            on a.place = m.place
        -- An absent fee is a fee of 0: pricing_list_findings looks at those.
        where not a.is_fee
            -- Nearly all changes have the same prices, with other amounts.
            and array_positions(public.pricing_amounts(c.old), null) <> array_positions(public.pricing_amounts(c.new), null)
            and m.old > 0
            and m.new is null
            -- A price that has moved into conditions is not gone.
            and not exists (
                select
                from jsonb_array_elements((c.new).conditions) as e (entry)
                where e.entry ->> a.axis is not null
            )
        group by a.axis
    )
    select l.axis, l.models, k.models
    into v_what, v_lost, v_known
    from lost l
    cross join public.pricing_list_bounds() b
    cross join lateral (
        select count(*)::integer as models
        from public.model_pricing m
        join (
            select coalesce(r.provider, p_provider) as provider_slug, r.model_id
            from jsonb_to_recordset(p_prices) as r (provider text, model_id text)
            union
            select o.provider_slug, o.model_id
            from public.model_pricing o
            where p_left_out > 0
                and o.provider_slug = p_provider
                and o.is_active
                and not exists (select from unnest(p_other_ids) as x (id) where x.id = o.id)
        ) as i on i.provider_slug = m.provider_slug and i.model_id = m.model_id
        cross join lateral (select public.pricing_base_set(m) as prices offset 0) as s
        where l.models >= case when l.axis is null then 5 else b.gone_models end
            and m.provider_slug = any (p_targets)
            and (m.pricing_source like 'catalogue:%') = (p_provider = 'catalogue')
            and case
                when l.axis is null then s.prices ?| array['price_per_input_token', 'price_per_output_token']
                else (s.prices ->> l.axis)::numeric > 0
            end
        -- Offset 0: counted for the few that reach the floor.
        offset 0
    ) as k
    where k.models > 0 and l.models * case when l.axis is null then 2 else b.gone_one_of end >= k.models
    order by l.axis nulls first
    limit 1;
    if found then
        raise exception 'The list has no % any more for % of % models that had one: half of them or more',
                coalesce(v_what, 'price'), v_lost, v_known
            using errcode = 'PT422',
                detail = jsonb_build_object('error_kind', 'prices_gone')::text,
                hint = format(
                    'Nothing was changed. If the provider really publishes none: select accept_shorter_list(%L);', p_provider
                );
    end if;
end;
$$;

comment on function public.refuse_lost_prices(text, text[], jsonb, public.pricing_change[], integer, bigint[]) is
'Refuse with PT422 a list that lacks the prices of half of the models that had one (5 or more), or one price of half of those (10 or more) that had it, unless a person has accepted that. p_changes: what list_provider_models returns; p_left_out: how many models of the list are not in p_prices; p_other_ids: the other active models of the targets (find_other_models).';
