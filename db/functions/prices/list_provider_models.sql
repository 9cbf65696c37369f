-- apply_provider_list calls it. It writes everything that a list says of its models except prices, and returns the price
-- changes for the guards.
-- after: compare_provider_prices, pricing_base_set, pricing_sets_differ
create or replace function public.list_provider_models(
    p_provider text,
    p_targets text[],
    p_prices jsonb,
    p_skipped jsonb,
    p_observed_at timestamptz,
    p_now timestamptz,
    p_dry_run boolean,
    p_is_shorter boolean,
    p_source text,
    p_left_out integer,
    p_left_out_priced integer,
    p_other_ids bigint[]
)
returns table (compared_count integer, changes public.pricing_change[], unchanged_ids bigint[], lists jsonb, turned_ids bigint[])
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- As in compare_provider_prices.
set enable_nestloop = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_mark constant text := coalesce(current_setting('pricing.writer', true), '');
begin
    -- See check_model_pricing.
    perform set_config('pricing.writer', 'on', true);
    return query
    with compared as materialized (
        select c.*
        from public.compare_provider_prices(p_provider, p_targets, p_prices, p_observed_at, p_source, p_left_out > 0) c
        -- Nearly always all entries are left out.
        where jsonb_array_length(p_prices) > 0
    ),
    listed as (
        insert into public.model_pricing as m
            (provider_slug, model_id, name, listed_by, pricing_source, extra, first_seen_at)
        select
            c.provider_slug,
            c.model_id,
            c.name,
            p_provider,
            -- The source changes together with the price.
            case when c.is_changed then coalesce(c.old_source, c.source) else c.source end,
            c.extra,
            p_now
        from compared c
        where c.is_touched and not p_dry_run
        on conflict (provider_slug, model_id) do update
        set name = coalesce(excluded.name, m.name),
            pricing_source = excluded.pricing_source,
            -- The catalogue does not take over a model that another list has.
            listed_by = case when p_provider = 'catalogue' then m.listed_by else excluded.listed_by end,
            extra = excluded.extra,
            missing_count = case when p_provider = 'catalogue' and m.listed_by <> p_provider then m.missing_count else 0 end,
            is_active = m.is_active or p_provider <> 'catalogue' or m.listed_by = p_provider
        returning m.id, m.provider_slug, m.model_id
    ),
    missing as (
        update public.model_pricing m
        set missing_count = m.missing_count + 1,
            -- Gone at once where a person has accepted the shorter list.
            is_active = m.missing_count + 1 < 3 and not (p_is_shorter and m.listed_by = p_provider)
        where m.id = any (p_other_ids)
            and not p_dry_run
            and (p_provider <> 'catalogue' or m.listed_by = 'catalogue')
            and not exists (
                select from compared c where c.provider_slug = m.provider_slug and c.model_id = m.model_id
            )
            -- A model that was listed but skipped is not missing.
            and not exists (
                select
                from jsonb_to_recordset(p_skipped) as s (model_id text)
                where s.model_id = m.model_id
            )
        returning 1
    )
    select
        (select count(*)::integer + p_left_out from compared),
        (
            select coalesce(
                array_agg(
                    row(
                        coalesce(c.id, l.id),
                        c.provider_slug,
                        c.model_id,
                        c.name,
                        c.old_prices,
                        c.new_prices,
                        c.old_source,
                        c.source,
                        c.says_free,
                        c.extra,
                        c.raw,
                        false,
                        null,
                        null
                    )::public.pricing_change
                    order by c.provider_slug, c.model_id
                ),
                '{}'
            )
            from compared c
            left join listed l on l.provider_slug = c.provider_slug and l.model_id = c.model_id
            where c.is_changed
        ),
        array(
            select c.id
            from compared c
            where not c.is_changed
                and c.id in (
                    select h.model_id
                    from public.pricing_held_changes h
                    where h.still_said and h.status in ('held', 'rejected') and h.provider_slug = any (p_targets)
                )
            order by c.id
        ),
        (
            select coalesce(jsonb_object_agg(p.provider_slug, p.priced), '{}')
            from (
                select l.provider_slug, sum(l.priced) as priced
                from (
                    select c.provider_slug, 1 as priced from compared c where c.is_priced
                    union all
                    select p_provider, p_left_out_priced where p_left_out_priced > 0
                ) as l
                group by l.provider_slug
            ) as p
        ),
        array(select c.id from compared c where c.is_turned);
    perform set_config('pricing.writer', v_mark, true);
end;
$$;

comment on function public.list_provider_models(text, text[], jsonb, jsonb, timestamptz, timestamptz, boolean, boolean, text, integer, integer, bigint[]) is
'Write which models a list has (new ones without a price) and which are missing. p_is_shorter: missing ones become inactive at once; p_source: the source of the prices; p_left_out: how many models of the list are not in p_prices because nothing about them has changed, p_left_out_priced: how many of those have a positive price; p_other_ids: the other active models of the targets (find_other_models). Returns how many models the list has, the price changes, the held or rejected models that have their accepted price again, how many priced models each provider''s list has, and the models whose entry differs by the time of day only.';
