-- A trigger, so that each way to end an attempt counts, once. An attempt that never ran has no duration.
-- after: pricing_duration_buckets
create or replace function public.count_ended_attempt()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_seconds constant double precision := extract(epoch from new.sync_completed_at - new.sync_started_at);
    v_has_duration constant boolean := v_seconds is not null and new.status <> 'cancelled';
begin
    insert into public.pricing_metric_totals (provider_slug, metric, label, amount)
    select new.provider_slug, c.metric, c.label, c.amount
    from (
        values
            ('attempts', '', 1, new.sync_started_at is not null),
            ('errors', coalesce(new.error_kind, 'internal'), 1, new.status = 'failed'),
            (
                'durations',
                (select b.label from public.pricing_duration_buckets() b where v_seconds <= b.bound order by b.bound limit 1),
                1,
                v_has_duration
            ),
            ('duration_seconds', '', greatest(v_seconds, 0), v_has_duration)
    ) as c (metric, label, amount, counts)
    where c.counts;
    return null;
end;
$$;

comment on function public.count_ended_attempt() is
'Trigger: count an attempt that has ended, its error and its duration, for /metrics.';
