-- A trigger, so that every way to write a model is counted, also one by hand. It adds rows and changes none: no transaction
-- waits for another's count.
-- after: pricing_counted_state, pricing_unknown_times
create or replace function public.count_models()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    -- A statement for each, because each has other transition tables.
    case tg_op
        when 'INSERT' then
            insert into public.pricing_model_counts (provider_slug, confirmed_by, state, unknown_from, had_price, models)
            select
                n.provider_slug,
                case when n.pricing_source like 'catalogue:%' then 'catalogue' else n.provider_slug end,
                public.pricing_counted_state(row(n.*)::public.model_pricing),
                public.pricing_unknown_times(n.conditions),
                n.last_changed_at is not null,
                count(*)
            from new_rows n
            group by 1, 2, 3, 4, 5;
        when 'DELETE' then
            insert into public.pricing_model_counts (provider_slug, confirmed_by, state, unknown_from, had_price, models)
            select
                o.provider_slug,
                case when o.pricing_source like 'catalogue:%' then 'catalogue' else o.provider_slug end,
                public.pricing_counted_state(row(o.*)::public.model_pricing),
                public.pricing_unknown_times(o.conditions),
                o.last_changed_at is not null,
                -count(*)
            from old_rows o
            group by 1, 2, 3, 4, 5;
        when 'UPDATE' then
            insert into public.pricing_model_counts (provider_slug, confirmed_by, state, unknown_from, had_price, models)
            select c.provider_slug, c.confirmed_by, c.state, c.unknown_from, c.had_price, sum(c.models)
            from (
                select
                    n.provider_slug,
                    case when n.pricing_source like 'catalogue:%' then 'catalogue' else n.provider_slug end as confirmed_by,
                    public.pricing_counted_state(row(n.*)::public.model_pricing) as state,
                    public.pricing_unknown_times(n.conditions) as unknown_from,
                    n.last_changed_at is not null as had_price,
                    1 as models
                from new_rows n
                union all
                select
                    o.provider_slug,
                    case when o.pricing_source like 'catalogue:%' then 'catalogue' else o.provider_slug end,
                    public.pricing_counted_state(row(o.*)::public.model_pricing),
                    public.pricing_unknown_times(o.conditions),
                    o.last_changed_at is not null,
                    -1
                from old_rows o
            ) as c
            group by c.provider_slug, c.confirmed_by, c.state, c.unknown_from, c.had_price
            having sum(c.models) <> 0;
        when 'TRUNCATE' then
            insert into public.pricing_model_counts (provider_slug, confirmed_by, state, unknown_from, had_price, models)
            select c.provider_slug, c.confirmed_by, c.state, c.unknown_from, c.had_price, -sum(c.models)
            from public.pricing_model_counts c
            group by c.provider_slug, c.confirmed_by, c.state, c.unknown_from, c.had_price;
    end case;
    return null;
end;
$$;

comment on function public.count_models() is
'Trigger: add to pricing_model_counts what a statement changes in the numbers of models.';
