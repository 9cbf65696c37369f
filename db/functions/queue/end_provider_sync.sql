-- Ends an attempt that wrote no prices. A late caller gets false and no error: its attempt has ended already, and the
-- worker must go on.
-- after: lock_sync_end
create or replace function public.end_provider_sync(
    queue_job_id bigint,
    attempt integer,
    status text,
    error_kind text default null,
    message text default null,
    next_allowed_at timestamptz default null
)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- As in apply_provider_list.
set lock_timeout = '4s'
as $$
declare
    v_until constant timestamptz := clock_timestamp() + interval '4 seconds';
    v_row procrastinate.procrastinate_jobs;
    v_status text := end_provider_sync.status;
    v_kind text := end_provider_sync.error_kind;
    v_message text := end_provider_sync.message;
    v_counts boolean;
begin
    if v_status is null or v_status not in ('failed', 'cancelled', 'queued', 'aborted') then
        raise exception 'An attempt cannot end as %', coalesce(quote_literal(v_status), 'null')
            using errcode = 'PT422', hint = 'It is failed, cancelled, queued (handed back) or aborted (cancelled if an abort was requested, else handed back).';
    end if;

    select q.* into v_row
    from procrastinate.procrastinate_jobs q
    where q.id = end_provider_sync.queue_job_id and public.passes_fence(q, end_provider_sync.attempt)
    for no key update;
    if not found then
        return false;
    end if;

    if v_status = 'failed' and v_kind is null and v_row.abort_requested then
        -- apply_provider_list refused its prices because of the abort, before the worker saw the request.
        v_status := 'cancelled';
    elsif v_status = 'failed' and v_kind = 'no_credentials' then
        -- No request was sent, so this is no failure, also when an older worker reports it as one.
        v_status := 'cancelled';
    end if;
    if v_status = 'aborted' then
        v_status := case when v_row.abort_requested then 'cancelled' else 'queued' end;
    end if;
    if v_status = 'queued' then
        v_kind := coalesce(v_kind, 'handed_back');
        v_message := coalesce(v_message, 'The worker stopped; the sync was queued again');
    elsif v_status = 'cancelled' then
        v_kind := coalesce(v_kind, 'cancelled');
        v_message := coalesce(v_message, 'Cancelled');
    else
        v_kind := coalesce(v_kind, 'internal');
        v_message := coalesce(v_message, 'Failed without a message');
    end if;

    -- A dry run changes neither failures nor freshness of its provider.
    v_counts := (v_status = 'failed' or v_kind = 'no_credentials') and not exists (
        select
        from public.pricing_sync_jobs j
        where j.job_id = (v_row.args ->> 'job_id')::uuid and j.dry_run
    );
    perform public.lock_sync_end(
        v_row.id,
        end_provider_sync.attempt,
        (v_row.args ->> 'job_id')::uuid,
        case when v_counts then v_row.args ->> 'provider' end,
        v_until
    );
    perform public.log_ended_attempt(
        v_row.id,
        end_provider_sync.attempt,
        case when v_status = 'failed' then 'failed' else 'cancelled' end,
        v_kind,
        v_message
    );

    update procrastinate.procrastinate_jobs q
    set status = (case v_status
            when 'failed' then 'failed'
            when 'cancelled' then 'aborted'
            else 'todo'
        end)::procrastinate.procrastinate_job_status,
        abort_requested = false
    where q.id = v_row.id;

    if v_counts then
        update public.pricing_providers p
        -- A worker without a network says nothing about the provider, and tries again soon.
        set consecutive_failures = p.consecutive_failures + (v_status = 'failed' and v_kind <> 'no_network')::integer,
            next_sync_at = case
                when v_kind = 'no_network' then least(p.next_sync_at, clock_timestamp() + interval '5 minutes')
                else p.next_sync_at
            end,
            state = case
                when p.state = 'disabled' or v_kind = 'no_network' then p.state
                when v_kind = 'no_credentials' then 'no_credentials'
                when p.consecutive_failures + 1 >= 3 then 'failing'
                else p.state
            end,
            -- At most a day: an endless pause would end the provider's schedule silently.
            next_allowed_at = greatest(p.next_allowed_at, case
                when end_provider_sync.next_allowed_at > clock_timestamp()
                    then least(end_provider_sync.next_allowed_at, clock_timestamp() + interval '1 day')
            end)
        where p.slug = v_row.args ->> 'provider';
    end if;
    return true;
end;
$$;

comment on function public.end_provider_sync(bigint, integer, text, text, text, timestamptz) is
'End a running attempt without prices: failed, cancelled or handed back to the queue; false when it no longer runs.';
