-- A row that a fetch does not look at waits for ever, so the mark rises in three steps, each in a transaction of its own:
-- the next mark is published (from then on triggers note what is below it), the transactions that write the queue then are
-- remembered, and the mark follows when they have ended. Each has a lock on the table from before its row has an id until
-- its end. A transaction that only keeps a snapshot open has none.
-- All open rows are looked at each time, so that a mark which is too high, whatever the reason, falls.
-- after: try_pricing_lock
create or replace function public.raise_low_water_mark()
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- Of the plans for the lowest open row, one reads open rows only, whatever the statistics of another moment say.
set enable_seqscan = off
set enable_indexscan = off
set enable_bitmapscan = off
set jit = off
as $$
declare
    v_mark public.pricing_low_water_mark;
    v_newest bigint;
    v_writers text[];
begin
    -- Another isolation level does not see what has been committed since its first statement.
    if current_setting('transaction_isolation') <> 'read committed' or current_setting('transaction_read_only')::boolean then
        return;
    end if;
    select m.* into v_mark from public.pricing_low_water_mark m;
    if v_mark.checked_at between clock_timestamp() - interval '10 seconds' and clock_timestamp() then
        return;
    end if;
    v_newest := (select s.last_value from procrastinate.procrastinate_jobs_id_seq s);
    -- An idle queue writes nothing.
    if v_mark.next_writers is null
        and v_mark.lowest_id = v_newest
        and v_mark.next_lowest_id = v_newest
        and not exists (select from public.pricing_rows_below_mark)
        and not exists (
            select from procrastinate.procrastinate_jobs q where q.status in ('todo', 'doing') and q.id < v_newest
        )
    then
        return;
    end if;

    if not public.try_pricing_lock('low-water mark') then
        return;
    end if;
    select m.* into v_mark from public.pricing_low_water_mark m;
    if not found then
        insert into public.pricing_low_water_mark (lowest_id, next_lowest_id, checked_at, checked_in)
        values ('-9223372036854775808', v_newest, clock_timestamp(), pg_catalog.pg_current_xact_id());
        return;
    end if;
    -- No other session sees yet what this transaction published.
    if v_mark.checked_in = pg_catalog.pg_current_xact_id() then
        return;
    end if;
    v_writers := array(
        select l.virtualtransaction
        from pg_catalog.pg_locks l
        where l.locktype = 'relation'
            and l.relation = 'procrastinate.procrastinate_jobs'::regclass
            and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
            and l.mode in ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
            and l.pid is distinct from pg_catalog.pg_backend_pid()
    );
    if v_mark.next_writers is null then
        v_mark.next_writers := v_writers;
    elsif not v_mark.next_writers && v_writers
        -- A prepared transaction has another number after a restart.
        and not exists (select from unnest(v_writers) as w where w like '-1/%')
    then
        v_mark.lowest_id := v_mark.next_lowest_id;
        v_mark.next_lowest_id := v_newest;
        v_mark.next_writers := null;
        delete from public.pricing_rows_below_mark;
    end if;
    -- After the deletion, of which every row has been committed.
    update public.pricing_low_water_mark m
    set lowest_id = least(
            v_mark.lowest_id,
            (select min(q.id) from procrastinate.procrastinate_jobs q where q.status in ('todo', 'doing'))
        ),
        next_lowest_id = v_mark.next_lowest_id,
        next_writers = v_mark.next_writers,
        checked_at = clock_timestamp(),
        checked_in = pg_catalog.pg_current_xact_id();
end;
$$;

comment on function public.raise_low_water_mark() is
'Write down below which id no queue row is open (pricing_low_water_mark), for fetches; at most every 10 seconds.';
