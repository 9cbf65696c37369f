-- Pruning looks for finished rows of other tasks among all rows of the queue: without this index it walks those of a
-- month of syncs (seconds, every hour, at a million of them).
create index pricing_other_rows on procrastinate.procrastinate_jobs (id) where task_name <> 'sync_provider';
