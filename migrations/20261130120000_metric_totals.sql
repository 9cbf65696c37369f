-- What /metrics counts must outlive the rows that it is counted from: jobs and their log rows are pruned. Rows are only
-- added, so that no transaction waits for another's count, and a clean-up merges them.
create table public.pricing_metric_totals (
    id bigint generated always as identity primary key,
    provider_slug text not null,
    metric text not null check (metric in ('syncs', 'attempts', 'errors', 'durations', 'duration_seconds', 'price_changes')),
    label text not null default '',
    amount double precision not null
);

alter table public.pricing_metric_totals enable row level security;

comment on table public.pricing_metric_totals is 'What the counters of /metrics have counted. A counter is the sum of its rows: each end of an attempt adds some, and the clean-up merges them. Retention leaves it alone.';
comment on column public.pricing_metric_totals.id is 'The row''s number.';
comment on column public.pricing_metric_totals.provider_slug is 'The provider, pricing_providers.slug; its row may be gone.';
comment on column public.pricing_metric_totals.metric is 'syncs and attempts that ended, errors (attempts that failed), durations of attempts that succeeded or failed, duration_seconds (their sum), or price_changes (history rows of a price in force).';
comment on column public.pricing_metric_totals.label is 'Of syncs the outcome, of errors the error_kind, of durations the upper bound of the bucket in seconds; else empty.';
comment on column public.pricing_metric_totals.amount is 'How many; of duration_seconds the seconds.';

-- What there is to count so far: since the oldest job that was not pruned, and all of the price history.
insert into public.pricing_metric_totals (provider_slug, metric, label, amount)
select l.provider_slug, c.metric, c.label, sum(c.amount)
from (
    select
        l.*,
        extract(epoch from l.sync_completed_at - l.sync_started_at)::double precision as seconds,
        l.attempt = max(l.attempt) over (partition by l.queue_job_id) as is_last
    from public.pricing_sync_log l
) as l
cross join lateral (
    values
        ('syncs', l.status, 1, l.is_last),
        ('attempts', '', 1, l.sync_started_at is not null),
        ('errors', coalesce(l.error_kind, 'internal'), 1, l.status = 'failed'),
        (
            'durations',
            case
                when l.seconds <= 0.1 then '0.1'
                when l.seconds <= 0.25 then '0.25'
                when l.seconds <= 0.5 then '0.5'
                when l.seconds <= 1 then '1.0'
                when l.seconds <= 2.5 then '2.5'
                when l.seconds <= 5 then '5.0'
                when l.seconds <= 10 then '10.0'
                when l.seconds <= 30 then '30.0'
                when l.seconds <= 60 then '60.0'
                when l.seconds <= 120 then '120.0'
                when l.seconds <= 300 then '300.0'
                when l.seconds <= 600 then '600.0'
                else '+Inf'
            end,
            1,
            l.seconds is not null and l.status <> 'cancelled'
        ),
        ('duration_seconds', '', greatest(l.seconds, 0), l.seconds is not null and l.status <> 'cancelled')
) as c (metric, label, amount, counts)
where l.status in ('success', 'failed', 'cancelled') and c.counts
group by l.provider_slug, c.metric, c.label
union all
select h.provider_slug, 'price_changes', '', count(*)
from public.model_pricing_history h
where h.is_in_force
group by h.provider_slug;
