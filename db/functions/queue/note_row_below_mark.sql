-- Rows that get their id from the sequence are above the mark. A transaction that reads an older snapshot does not see the
-- mark.
create or replace function public.note_row_below_mark(p_queue_job_id bigint)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if current_setting('transaction_isolation') <> 'read committed' or exists (
        select
        from public.pricing_low_water_mark m
        where p_queue_job_id < greatest(m.lowest_id, m.next_lowest_id)
    ) then
        insert into public.pricing_rows_below_mark (queue_job_id) values (p_queue_job_id);
    end if;
end;
$$;

comment on function public.note_row_below_mark(bigint) is
'Let fetches look at a queue row that opens below the mark (pricing_low_water_mark).';
