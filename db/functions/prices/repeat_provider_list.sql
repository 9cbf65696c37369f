-- apply_provider_list calls it for an unmodified list: missing models are still missing, and held changes are confirmed
-- once more, so that they may apply by themselves.
-- after: pricing_base_prices, pricing_differ, pricing_prices_of
create or replace function public.repeat_provider_list(p_provider text, p_targets text[], p_dry_run boolean)
returns table (compared_count integer, changes public.pricing_change[], unchanged_ids bigint[])
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_mark constant text := coalesce(current_setting('pricing.writer', true), '');
begin
    -- See check_model_pricing.
    perform set_config('pricing.writer', 'on', true);
    return query
    with missing as (
        update public.model_pricing m
        set missing_count = m.missing_count + 1,
            is_active = m.missing_count + 1 < 3
        where m.provider_slug = any (p_targets)
            and m.is_active
            and m.missing_count > 0
            and not p_dry_run
            and (p_provider <> 'catalogue' or m.listed_by = 'catalogue')
        returning 1
    ),
    said as materialized (
        select distinct on (h.model_id)
            h.model_id,
            p.prices,
            h.pricing_source,
            h.evidence,
            h.extra,
            h.raw,
            m.provider_slug as provider,
            m.model_id as model,
            m.name,
            m.pricing_source as old_source,
            p.base,
            public.pricing_differ(p.base, p.prices) as is_changed
        from public.pricing_held_all h
        join public.model_pricing m on m.id = h.model_id
        join public.pricing_providers r on r.slug = p_provider
        cross join lateral (
            select public.pricing_base_prices(m) as base, public.pricing_prices_of(h.prices) as prices offset 0
        ) as p
        where m.provider_slug = any (p_targets)
            and h.provider_slug = any (p_targets)
            and h.still_said
            and h.status in ('held', 'rejected')
            -- Seen in the newest list: a change of a model that it skipped is not confirmed.
            and h.last_seen_at >= r.last_success_at
        -- Of a rejected change and a later rolled-back one the list has the rejected one: otherwise it would have ended that.
        order by h.model_id, h.status = 'rejected' desc, h.id desc
    )
    select
        (
            select count(*)::integer
            from public.model_pricing m
            where m.provider_slug = any (p_targets) and m.is_active
        ),
        (
            select coalesce(
                array_agg(
                    row(
                        s.model_id,
                        s.provider,
                        s.model,
                        s.name,
                        s.base,
                        s.prices,
                        s.old_source,
                        s.pricing_source,
                        s.evidence @> '[{"kind": "zero", "free": true}]',
                        s.extra,
                        s.raw,
                        true,
                        null,
                        null
                    )::public.pricing_change
                    order by s.provider, s.model
                ),
                '{}'
            )
            from said s
            where s.is_changed
        ),
        array(select s.model_id from said s where not s.is_changed order by s.model_id);
    perform set_config('pricing.writer', v_mark, true);
end;
$$;

comment on function public.repeat_provider_list(text, text[], boolean) is
'Count missing models once more; returns, as list_provider_models does, how many models the list has, the changes that are held or rejected and still listed, and the models whose held price has become the accepted one.';
