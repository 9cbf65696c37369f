-- Definer only because it is volatile: the rule is that invoker functions are stable.
create or replace function public.next_pricing_sync_at(
    p_slot timestamptz, p_interval interval, p_jitter numeric, p_failures integer
)
returns timestamptz
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
    select greatest(
        clock.now + interval '5 minutes',
        -- Late by less than an interval, later slots keep their times; by more, missed slots count as one.
        case when p_slot + stretched.length > clock.now then p_slot else clock.now end
            + stretched.length * (1 + p_jitter * (2 * random() - 1))
    )
    from (select clock_timestamp() as now) as clock
    -- Capped: one row with an overflowing timestamp would stop the whole schedule.
    cross join lateral (select least(p_interval, interval '100 years') as length) as usual
    cross join lateral (
        select case
            when p_failures >= 3 then least(
                greatest(interval '1 day', usual.length),
                -- 9 doublings make more than a day of the shortest interval, 5 minutes.
                usual.length * 2 ^ least(p_failures - 2, 9)
            )
            else usual.length
        end as length
    ) as stretched;
$$;

comment on function public.next_pricing_sync_at(timestamptz, interval, numeric, integer) is
'The slot after this one (null: now): one interval later plus or minus the jitter, stretched up to a day from 3 failures in a row on, and 5 minutes from now at the earliest.';
