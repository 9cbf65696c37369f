-- Readiness, the schedule's status, the commands, the doctor and each worker's log show it. Definer: the worker may not read
-- prices.
-- after: pricing_waiting
create or replace function public.pricing_waiting_summary()
returns table (held integer, rejected integer, oldest_held_seconds integer, standing_still text[])
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
    select
        coalesce(sum(w.held), 0)::integer,
        coalesce(sum(w.rejected), 0)::integer,
        -- An integer has at most 68 years; a time that was set by hand may be further away.
        case
            when max(w.oldest_held_ago) is not null
                then greatest(least(extract(epoch from max(w.oldest_held_ago)), 2147483647), 0)::integer
        end,
        coalesce(array_agg(w.provider order by w.provider) filter (where w.stands_still), '{}')
    from public.pricing_waiting w;
$$;

comment on function public.pricing_waiting_summary() is
'How many price changes wait, for how many seconds the oldest has (null: none waits), how many rejected ones are still listed, and which providers stand still by them, of pricing_waiting.';
