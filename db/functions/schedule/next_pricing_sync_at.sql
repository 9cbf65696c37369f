-- Definer only because it is not the same twice: an invoker of ours never is that.
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
        -- Late by less than an interval, the slots after it stay where they were; by more, those missed are one.
        case when p_slot + stretched.length > clock.now then p_slot else clock.now end
            + stretched.length * (1 + p_jitter * (2 * random() - 1))
    )
    from (select clock_timestamp() as now) as clock
    -- Beyond what a timestamp can hold, one row would stop the schedule of all.
    cross join lateral (select least(p_interval, interval '100 years') as length) as usual
    cross join lateral (
        select case
            when p_failures >= 3 then least(
                greatest(interval '1 day', usual.length),
                -- 5 minutes, the shortest, are more than a day after 9 doublings.
                usual.length * 2 ^ least(p_failures - 2, 9)
            )
            else usual.length
        end as length
    ) as stretched;
$$;

comment on function public.next_pricing_sync_at(timestamptz, interval, numeric, integer) is
'The slot after this one (null: now): an interval later, give or take the jitter, stretched up to a day from 3 failures in a row on, and 5 minutes from now at the earliest.';
