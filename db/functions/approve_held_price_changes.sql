create or replace function public.approve_held_price_changes(
    job_id uuid,
    approved_by text default current_user,
    note text default null
)
returns setof public.pricing_held_changes
language plpgsql
security definer
set search_path = ''
-- A sync of one of the providers is waited for; a transaction that somebody left open is not.
set lock_timeout = '5s'
as $$
declare
    v_ids bigint[];
begin
    if approved_by is null or length(approved_by) not between 1 and 200 then
        raise exception 'approved_by must have 1 to 200 characters'
            using errcode = 'PT422', hint = 'Name the person who approves.';
    end if;
    if length(note) > 500 then
        raise exception 'note must have 500 characters at most'
            using errcode = 'PT422', hint = 'Say in a line why the prices are right.';
    end if;
    if not exists (
        select from public.pricing_sync_jobs j where j.job_id = approve_held_price_changes.job_id
    ) and not exists (
        -- Jobs are pruned; what they held waits on.
        select
        from public.pricing_held_changes h
        where h.job_id = approve_held_price_changes.job_id and h.status = 'held'
    ) then
        raise exception 'There is no job %', coalesce(approve_held_price_changes.job_id::text, 'null')
            using errcode = 'PT404', hint = 'select distinct job_id from pricing_held shows whose changes wait.';
    end if;

    perform public.lock_provider_prices(array(
        select distinct h.provider_slug
        from public.pricing_held_changes h
        where h.job_id = approve_held_price_changes.job_id and h.status = 'held'
    ));
    -- As they are now: a sync, or somebody else, may have decided some meanwhile.
    select array_agg(held.id) into v_ids
    from (
        select h.id
        from public.pricing_held_changes h
        where h.job_id = approve_held_price_changes.job_id and h.status = 'held'
        order by h.id
        for no key update
    ) as held;
    if v_ids is null then
        raise exception 'Nothing that job % held waits any more', approve_held_price_changes.job_id
            using errcode = 'PT409',
                hint = 'A later sync that says the same has it under its own job; select * from pricing_held shows which.';
    end if;

    perform public.decide_held_price_changes(
        v_ids, 'approved', approve_held_price_changes.approved_by, approve_held_price_changes.note
    );
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        approve_held_price_changes.approved_by,
        'approve_held_price_changes',
        approve_held_price_changes.job_id::text,
        jsonb_build_object(
            'count', cardinality(v_ids), 'ids', v_ids, 'note', approve_held_price_changes.note
        )
    );
    return query
    select h.* from public.pricing_held_changes h where h.id = any (v_ids) order by h.id;
end;
$$;

comment on function public.approve_held_price_changes(uuid, text, text) is
'Approve all that waits and was last said by this job; returns what it approved.';
