-- The input of judge_price_changes: each token price of a change that is known now and differs from the accepted one.
-- after: pricing_axes
create or replace function public.pricing_token_moves(p_changes jsonb)
returns table (
    change bigint,
    axis text,
    short_name text,
    is_condition boolean,
    is_new_entry boolean,
    old numeric,
    before numeric,
    now numeric
)
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
as $$
    with change as materialized (
        select
            c.*,
            c.source like 'catalogue:%' as is_from_catalogue,
            -- The catalogue's number is no earlier price of the provider itself.
            coalesce(c.old_source like 'catalogue:%' and c.source not like 'catalogue:%', false) as is_first_own
        from rows from (
            jsonb_to_recordset(p_changes)
                as (id bigint, old jsonb, new jsonb, old_source text, source text)
        ) with ordinality as c (id, old, new, old_source, source, position)
    ),
    token_axis as materialized (
        select a.* from public.pricing_axes() a where a.per = 'token'
    ),
    base_move as (
        select c.*, a.axis, a.short_name, a.is_fee, p.old_amount, p.amount
        from change c
        cross join token_axis a
        cross join lateral (
            select (c.old ->> a.axis)::numeric as old_amount, (c.new ->> a.axis)::public.pricing_usd::numeric as amount
        ) as p
        where c.new ? a.axis
    ),
    entry as materialized (
        select
            c.position,
            c.old,
            c.new,
            e.place - 1 as place,
            e.entry,
            e.is_new,
            e.entry - (select array_agg(a.axis) from public.pricing_axes() a) as key,
            row_number() over (
                partition by c.position, e.is_new, e.entry - (select array_agg(a.axis) from public.pricing_axes() a)
                order by e.place
            ) as nth
        from change c
        cross join lateral (
            select o.entry, o.place, false as is_new
            from jsonb_array_elements(c.old -> 'conditions') with ordinality as o (entry, place)
            union all
            select n.entry, n.place, true
            from jsonb_array_elements(c.new -> 'conditions') with ordinality as n (entry, place)
        ) as e
        where c.new ? 'conditions'
    ),
    condition_move as (
        select
            n.position,
            n.place,
            n.old,
            n.new,
            a.axis,
            a.short_name,
            a.is_fee,
            (o.entry ->> a.axis)::numeric as old_amount,
            (n.entry ->> a.axis)::public.pricing_usd::numeric as amount
        from entry n
        cross join token_axis a
        left join entry o on o.position = n.position and o.key = n.key and o.nth = n.nth and not o.is_new
        where n.is_new and n.entry ? a.axis
    )
    select
        b.position,
        b.axis,
        b.short_name,
        false,
        false,
        b.old_amount,
        case
            when b.old_amount > 0 and not b.is_first_own then b.old_amount
            -- A price that was unknown or 0 is measured by the last positive one.
            when b.old_source is not null then (
                select v.amount
                from public.model_pricing_history h
                cross join lateral (select (to_jsonb(h) ->> b.axis)::numeric as amount) as v
                where h.model_id = b.id
                    and v.amount > 0
                    and (b.is_from_catalogue or h.pricing_source not like 'catalogue:%')
                    -- Nor prices of another system,
                    and h.pricing_source <> 'legacy'
                    -- nor those that a person fixed,
                    and not (
                        h.is_in_force
                        and exists (
                            select
                            from public.pricing_overrides o
                            where o.model_id = h.model_id
                                and (o.prices ->> b.axis)::numeric = v.amount
                                and h.changed_at >= o.created_at
                                and h.changed_at <= coalesce(o.ended_at, 'infinity')
                        )
                    )
                    -- nor those that were rolled back.
                    and not exists (
                        select
                        from public.model_pricing_history r
                        where r.model_id = h.model_id and r.changed_by = 'rollback:' || h.job_id and r.id > h.id
                    )
                order by h.changed_at desc, h.id desc
                limit 1
            )
        end,
        b.amount
    from base_move b
    where case
        when b.is_fee then abs(coalesce(b.old_amount, 0) - b.amount) > 1e-12 * greatest(b.old_amount, b.amount)
        else b.old_amount is null or abs(b.old_amount - b.amount) > 1e-12 * greatest(b.old_amount, b.amount)
    end
    union all
    select
        c.position,
        format('conditions[%s].%s', c.place, c.axis),
        format('conditions[%s].%s', c.place, c.short_name),
        true,
        coalesce(c.old_amount, 0) = 0,
        c.old_amount,
        -- A new condition is measured by the base price that it replaces.
        coalesce(
            nullif(c.old_amount, 0), nullif((c.new ->> c.axis)::numeric, 0), nullif((c.old ->> c.axis)::numeric, 0)
        ),
        c.amount
    from condition_move c
    where case
        when c.is_fee then abs(coalesce(c.old_amount, 0) - c.amount) > 1e-12 * greatest(c.old_amount, c.amount)
        else c.old_amount is null or abs(c.old_amount - c.amount) > 1e-12 * greatest(c.old_amount, c.amount)
    end;
$$;

comment on function public.pricing_token_moves(jsonb) is
'Each known token price of the changes, [{id, old, new, old_source, source}], that differs from the accepted one. change: its place in the list, from 1; old: the accepted amount; before: the positive one to measure by; USD per token.';
