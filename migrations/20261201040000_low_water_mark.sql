-- While a session keeps a snapshot open, vacuum removes no dead row: a fetch would pass two dead index entries for each sync
-- that has ended since. Ids rise, so that one number says where open rows begin.
create table public.pricing_low_water_mark (
    only_row boolean primary key default true check (only_row),
    lowest_id bigint not null,
    next_lowest_id bigint not null,
    next_writers text[],
    checked_at timestamptz not null,
    checked_in xid8 not null
);

create table public.pricing_rows_below_mark (
    id bigint generated always as identity primary key,
    queue_job_id bigint not null
);

alter table public.pricing_low_water_mark enable row level security;
alter table public.pricing_rows_below_mark enable row level security;

comment on table public.pricing_low_water_mark is 'Where the open rows of the queue begin: fetches look at no row before. One row, which the clean-up writes; without it fetches look at all.';
comment on column public.pricing_low_water_mark.only_row is 'Always true: there is one row.';
comment on column public.pricing_low_water_mark.lowest_id is 'No queue row below this id waits or runs, but those of pricing_rows_below_mark.';
comment on column public.pricing_low_water_mark.next_lowest_id is 'What lowest_id becomes once no transaction is left that may have written a row below it unseen.';
comment on column public.pricing_low_water_mark.next_writers is 'Those transactions, pg_locks.virtualtransaction; null: they are looked up at the next check.';
comment on column public.pricing_low_water_mark.checked_at is 'When the clean-up last wrote it.';
comment on column public.pricing_low_water_mark.checked_in is 'In which transaction: the mark rises by one step in each.';

comment on table public.pricing_rows_below_mark is 'Queue rows below the mark that were added or queued again since the clean-up last raised it. Triggers of the queue write it.';
comment on column public.pricing_rows_below_mark.id is 'The row''s number.';
comment on column public.pricing_rows_below_mark.queue_job_id is 'The queue row, procrastinate_jobs.id.';

create index pricing_rows_below_mark_row on public.pricing_rows_below_mark (queue_job_id);

-- The first row of each lock tells whether it is free, and what is next.
drop index procrastinate.pricing_open_by_lock;
create index pricing_first_by_lock on procrastinate.procrastinate_jobs (lock, (status <> 'doing'), priority desc, id)
    where status in ('todo', 'doing');
