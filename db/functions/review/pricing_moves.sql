-- The input of pricing_findings: each price of a change that is known now and differs from the accepted one.
-- after: pricing_amounts, pricing_axes, pricing_prices_of, pricing_set_of, pricing_unconditional_set
create or replace function public.pricing_moves(p_changes public.pricing_change[])
returns table (
    change bigint,
    axis text,
    short_name text,
    factor numeric,
    is_token boolean,
    is_fee boolean,
    is_condition boolean,
    is_new_entry boolean,
    is_first boolean,
    old numeric,
    before numeric,
    now numeric
)
language sql
stable
security invoker
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
-- As in pricing_findings.
set enable_mergejoin = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
as $$
    with change as materialized (
        select
            c.position,
            c.id,
            c.old_source,
            c.source,
            -- Most sets have no conditions.
            case
                when (c.old).conditions is null then c.old
                else public.pricing_prices_of(public.pricing_unconditional_set(public.pricing_set_of(c.old)))
            end as old,
            case
                when (c.new).conditions is null then c.new
                else public.pricing_prices_of(public.pricing_unconditional_set(public.pricing_set_of(c.new)))
            end as new,
            c.source like 'catalogue:%' as is_from_catalogue,
            -- The catalogue's number is no earlier price of the provider itself.
            coalesce(c.old_source like 'catalogue:%' and c.source not like 'catalogue:%', false) as is_first_own
        from (
            select u.*, row_number() over () as position from unnest(p_changes) as u
        ) as c
    ),
    every_axis as materialized (
        select a.*, a.per = 'token' as is_token
        from public.pricing_axes() with ordinality as a (axis, per, is_fee, short_name, factor, place)
    ),
    base_amount as (
        select
            c.id,
            c.position,
            c.old_source,
            c.is_from_catalogue,
            c.is_first_own,
            a.axis,
            a.short_name,
            a.factor,
            a.is_token,
            a.is_fee,
            n.old_amount,
            n.amount
        from (
            -- In the select list, because a join with the array of each change takes longer.
            select
                c.position,
                generate_series(1, 18) as place,
                unnest(public.pricing_amounts(c.old)) as old_amount,
                unnest(public.pricing_amounts(c.new)) as amount
            from change c
        ) as n
        join every_axis a on a.place = n.place
        join change c on c.position = n.position
        where n.amount is not null
    ),
    base_move as materialized (
        select
            b.*,
            case
                when b.old_amount > 0 and not b.is_first_own then b.old_amount
                -- A price that was unknown or 0 is measured by the last positive one; where it is 0 now, by the last known one,
                -- because that may have been 0 too.
                when b.old_source is not null then (
                    select nullif(v.amount, 0)
                    from public.model_pricing_history h
                    cross join lateral (select (to_jsonb(h) ->> b.axis)::numeric as amount) as v
                    where h.model_id = b.id
                        and (v.amount > 0 or (v.amount = 0 and b.amount = 0))
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
            end as own_before
        from base_amount b
        where case
            when b.is_fee then abs(coalesce(b.old_amount, 0) - b.amount) > 1e-12 * greatest(b.old_amount, b.amount)
            else b.old_amount is null or abs(b.old_amount - b.amount) > 1e-12 * greatest(b.old_amount, b.amount)
        end
    ),
    entry as materialized (
        select
            c.position,
            c.old,
            c.new,
            c.is_first_own,
            e.place - 1 as place,
            e.entry,
            e.is_new,
            k.key,
            -- Without the times of an announcement.
            k.key - '{effective_from,effective_until}'::text[] as lasting_key,
            row_number() over (partition by c.position, e.is_new, k.key order by e.place) as nth
        from change c
        cross join lateral (
            select o.entry, o.place, false as is_new
            from jsonb_array_elements((c.old).conditions) with ordinality as o (entry, place)
            union all
            select n.entry, n.place, true
            from jsonb_array_elements((c.new).conditions) with ordinality as n (entry, place)
        ) as e
        cross join lateral (
            select e.entry - (select array_agg(a.axis) from every_axis a) as key
        ) as k
        where (c.new).conditions is not null
    ),
    condition_move as (
        select
            n.position,
            n.place,
            a.axis,
            a.short_name,
            a.factor,
            a.is_token,
            a.is_fee,
            (o.entry ->> a.axis)::numeric as old_amount,
            k.amount::public.pricing_usd::numeric as amount,
            (l.entry ->> a.axis)::numeric as lasting_amount,
            n.key <> n.lasting_key or n.key = '{}' as is_announced,
            n.lasting_key = '{}' as replaces_base,
            n.is_first_own,
            case when n.is_first_own then null else nullif((public.pricing_amounts(n.old))[a.place], 0) end as old_base,
            nullif((public.pricing_amounts(n.new))[a.place], 0) as new_base
        from entry n
        cross join lateral jsonb_each_text(n.entry) as k (axis, amount)
        join every_axis a on a.axis = k.axis
        left join entry o on o.position = n.position and o.key = n.key and o.nth = n.nth and not o.is_new
        left join entry l
            on l.position = n.position and l.key = n.lasting_key and l.nth = 1 and not l.is_new and n.key <> n.lasting_key
        where n.is_new
            -- Null is unknown under that condition.
            and k.amount is not null
            -- A minimum replaces the price by the second with a fee.
            and not (
                n.entry ? 'max_audio_seconds'
                and coalesce((n.entry ->> 'price_per_request')::numeric > 0, false)
                and case when k.axis = a.axis then k.amount::numeric = 0 end
            )
    ),
    measured as (
        select
            c.*,
            -- What an announcement replaces: the base price, or the price of the same condition.
            case
                when c.is_announced and c.replaces_base then coalesce(c.old_base, c.new_base)
                when c.is_announced then nullif(c.lasting_amount, 0)
            end as replaced
        from condition_move c
    )
    select
        b.position,
        b.axis,
        b.short_name,
        b.factor,
        b.is_token,
        b.is_fee,
        false,
        false,
        b.own_before is null,
        b.old_amount,
        coalesce(b.own_before, case when b.is_first_own then nullif(b.old_amount, 0) end),
        b.amount
    from base_move b
    union all
    select
        m.position,
        format('conditions[%s].%s', m.place, m.axis),
        format('conditions[%s].%s', m.place, m.short_name),
        m.factor,
        m.is_token,
        m.is_fee,
        true,
        coalesce(m.old_amount, 0) = 0 and m.replaced is null,
        m.is_first_own,
        coalesce(m.old_amount, m.replaced),
        -- A new condition is measured by the base price that it replaces.
        coalesce(m.replaced, nullif(m.old_amount, 0), m.new_base, m.old_base),
        m.amount
    from measured m
    where case
        when m.is_fee then
            abs(coalesce(m.old_amount, m.replaced, 0) - m.amount) > 1e-12 * greatest(m.old_amount, m.replaced, m.amount)
        else
            coalesce(m.old_amount, m.replaced) is null
            or abs(coalesce(m.old_amount, m.replaced) - m.amount) > 1e-12 * greatest(m.old_amount, m.replaced, m.amount)
    end;
$$;

comment on function public.pricing_moves(public.pricing_change[]) is
'Each known price of the changes that differs from the accepted one. change: its place in the list, from 1; is_first: the provider itself has never published a positive one; old: the accepted amount; before: the positive one to measure by, for what is announced the one that it replaces; USD for one unit.';
