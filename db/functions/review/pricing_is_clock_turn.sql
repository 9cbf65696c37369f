-- A provider with prices by the time of day lists the price of the current window as its base price: such a difference is
-- no change.
-- after: pricing_axes
create or replace function public.pricing_is_clock_turn(p_old jsonb, p_new jsonb, p_at timestamptz)
returns boolean
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    -- Nearly every change ends here, cheaply.
    if coalesce(p_new -> 'conditions', '[]') = '[]' or p_old -> 'conditions' is distinct from p_new -> 'conditions' then
        return false;
    end if;
    return (
        with moment as (
            select
                to_char(p_at at time zone 'UTC', 'HH24MI')::integer as clock,
                to_char(p_at at time zone 'UTC', 'fmday') as weekday
        ),
        open_window as (
            select c.condition
            from jsonb_array_elements(
                case when jsonb_typeof(p_new -> 'conditions') = 'array' then p_new -> 'conditions' else '[]' end
            ) as c (condition)
            cross join moment m
            cross join lateral (
                select (c.condition ->> 'utc_start')::integer as opens, (c.condition ->> 'utc_end')::integer as closes
            ) as w
            where w.opens is not null
                and w.closes is not null
                -- A price for long prompts never becomes the base price.
                and not exists (
                    select
                    from jsonb_object_keys(c.condition) as key
                    where key not in ('utc_days', 'utc_start', 'utc_end') and not starts_with(key, 'price_per_')
                )
                and (c.condition -> 'utc_days' is null or c.condition -> 'utc_days' ? m.weekday)
                and case
                    when w.opens <= w.closes then m.clock >= w.opens and m.clock < w.closes
                    else m.clock >= w.opens or m.clock < w.closes
                end
        ),
        changed as (
            select a.axis, (p_new ->> a.axis)::numeric as now
            from public.pricing_axes() a
            where (p_old ->> a.axis)::numeric is distinct from (p_new ->> a.axis)::numeric
        )
        select exists (select from changed)
            and not exists (
                select
                from changed c
                where not exists (select from open_window w where (w.condition ->> c.axis)::numeric = c.now)
            )
    );
end;
$$;

comment on function public.pricing_is_clock_turn(jsonb, jsonb, timestamptz) is
'Whether a new price set differs from the old one only in showing, as base prices, those of one of its own UTC windows that is open at that time.';
