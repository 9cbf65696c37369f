-- approve_held_price_changes and reject_held_price_changes call it.
-- after: review_held_price_changes, require_author
create or replace function public.review_held_changes_of_job(
    p_job_id uuid,
    p_status text,
    p_decided_by text,
    p_note text
)
returns setof public.pricing_held_changes
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- Waits for running syncs of the providers, but not for an open transaction.
set lock_timeout = '5s'
as $$
declare
    v_providers text[];
    v_ids bigint[];
begin
    perform public.require_author(p_status || '_by', p_decided_by, 'Name the person who decides.');
    if length(p_note) > 500 then
        raise exception 'note must have 500 characters at most'
            using errcode = 'PT422', hint = 'Say in a line why the prices are right, or wrong.';
    end if;
    if not exists (select from public.pricing_sync_jobs j where j.job_id = p_job_id)
        -- A pruned job's changes are still held.
        and not exists (
            select from public.pricing_held_all h where h.job_id = p_job_id and h.status = 'held'
        )
    then
        raise exception 'There is no job %', coalesce(p_job_id::text, 'null')
            using errcode = 'PT404', hint = 'select distinct job_id from pricing_held shows whose changes wait.';
    end if;

    v_providers := array(
        select distinct h.provider_slug
        from public.pricing_held_all h
        where h.job_id = p_job_id and h.status = 'held'
    );
    perform public.lock_provider_prices(v_providers);
    -- Read again: a sync or another person may have decided some meanwhile. Changes of further providers that the job has
    -- reported since are not reviewed, because their prices are not locked.
    select array_agg(locked.id) into v_ids
    from (
        select h.id
        from public.pricing_held_changes h
        where h.status = 'held'
            and h.id = any (array(
                select s.id
                from public.pricing_held_all s
                where s.job_id = p_job_id and s.status = 'held' and s.provider_slug = any (v_providers)
            ))
        order by h.id
        for no key update
    ) as locked;
    if v_ids is null then
        raise exception 'No change that job % was the last to report is held', p_job_id
            using errcode = 'PT409',
                hint = 'A later job may have reported it since; select * from pricing_held shows which.';
    end if;

    perform public.review_held_price_changes(v_ids, p_status, p_decided_by, p_note);
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        p_decided_by,
        case p_status when 'approved' then 'approve_held_price_changes' else 'reject_held_price_changes' end,
        p_job_id::text,
        jsonb_build_object('count', cardinality(v_ids), 'ids', v_ids, 'note', p_note)
    );
    return query
    select h.* from public.pricing_held_changes h where h.id = any (v_ids) order by h.id;
end;
$$;

comment on function public.review_held_changes_of_job(uuid, text, text, text) is
'Approve or reject all held changes that this job was the last to report; returns them.';
