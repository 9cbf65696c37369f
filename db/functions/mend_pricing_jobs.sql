-- What the projection could not write when it happened: log rows still open whose queue row has moved on or is gone.
create or replace function public.mend_pricing_jobs()
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v record;
    v_mended integer := 0;
begin
    for v in
        select l.id, l.job_id, l.queue_job_id, l.attempt, q.id is null as is_gone
        from public.pricing_sync_log l
        left join procrastinate.procrastinate_jobs q on q.id = l.queue_job_id
        where l.status in ('queued', 'in_progress')
            -- Younger ones may belong to a transaction that is about to move both.
            and l.queued_at < clock_timestamp() - interval '10 seconds'
            and (
                q.id is null
                or q.attempts >= l.attempt
                or q.status not in ('todo', 'doing')
            )
        order by l.id
        limit 500
    loop
        begin
            -- Lock order: the queue row before the log row.
            perform from procrastinate.procrastinate_jobs q where q.id = v.queue_job_id for no key update;
            perform public.log_ended_attempt(
                v.queue_job_id, v.attempt, 'failed',
                case when v.is_gone then 'queue_row_deleted' else 'ended_outside' end,
                case when v.is_gone
                    then 'The queue row was deleted before the sync ended'
                    else 'The queue row was ended outside of pricing-sync'
                end
            );
            perform public.settle_pricing_job(v.job_id);
            v_mended := v_mended + 1;
        exception
            when others then
                raise warning 'pricing-sync: log row % could not be mended: %', v.id, sqlerrm;
        end;
    end loop;
    return v_mended;
end;
$$;

comment on function public.mend_pricing_jobs() is
'End the log rows whose queue row ended or disappeared without them; returns how many.';
