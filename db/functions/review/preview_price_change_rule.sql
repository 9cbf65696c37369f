-- As resolve_price_changes decides; a test compares what it shows with what the next sync applies.
-- after: price_changes_impact, pricing_base_prices, pricing_held_all, pricing_prices_of, require_provider, rule_accepts_change
create or replace function public.preview_price_change_rule(
    provider text,
    up_to_ratio numeric,
    model text default null
)
returns table (
    models integer,
    providers text[],
    largest_factor numeric,
    to_free_count integer,
    to_free text[],
    covered integer
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_covered integer;
begin
    if up_to_ratio is null or up_to_ratio <= 1 or up_to_ratio >= 'Infinity' then
        raise exception 'up_to_ratio cannot be %', coalesce(up_to_ratio::text, 'null')
            using errcode = 'PT422', hint = 'It is more than 1: 20 accepts changes up to 20 times as much, or a twentieth.';
    end if;
    perform public.require_provider(preview_price_change_rule.provider);
    select count(*)::integer into v_covered
    from public.model_pricing m
    where m.is_active
        and (
            m.provider_slug = preview_price_change_rule.provider
            or preview_price_change_rule.provider = 'catalogue' and m.pricing_source like 'catalogue:%'
        )
        and (preview_price_change_rule.model is null or m.model_id = preview_price_change_rule.model);
    if preview_price_change_rule.model is not null and v_covered = 0 then
        raise exception '% has no active model %',
                preview_price_change_rule.provider, quote_literal(left(preview_price_change_rule.model, 512))
            using errcode = 'PT404',
                hint = 'Ids are case sensitive, as the provider spells them: select model from model_prices where provider = ...';
    end if;
    return query
    select i.*, v_covered
    from public.price_changes_impact((
        select coalesce(
            array_agg(row(
                m.id, m.provider_slug, m.model_id, null, public.pricing_base_prices(m), public.pricing_prices_of(h.prices),
                null, null, null, null, null, null, null, null
            )::public.pricing_change),
            '{}'
        )
        from public.pricing_held_all h
        join public.model_pricing m on m.id = h.model_id
        left join public.pricing_providers p on p.slug = h.provider_slug
        cross join lateral (
            select array(select distinct e ->> 'kind' from jsonb_array_elements(h.evidence) as e) as kinds
        ) as k
        where h.status = 'held'
            and (
                h.provider_slug = preview_price_change_rule.provider
                or preview_price_change_rule.provider = 'catalogue' and h.pricing_source like 'catalogue:%'
            )
            and (preview_price_change_rule.model is null or m.model_id = preview_price_change_rule.model)
            and public.rule_accepts_change(preview_price_change_rule.up_to_ratio, h.ratio, k.kinds)
            and h.class <> 'rollback'
            and not coalesce(p.review_first and p.guards_enabled, false)
    )) i;
end;
$$;

comment on function public.preview_price_change_rule(text, numeric, text) is
'What a rule of accept_price_changes would let the next sync apply of the changes that are held now (models, providers, the largest factor of a price, how many become free or have a price that falls to zero, with the first 20), and how many active models it covers. Changes nothing.';
