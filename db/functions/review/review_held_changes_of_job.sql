-- Both bulk decisions about what one sync holds: approve_held_price_changes and reject_held_price_changes.
-- after: review_held_price_changes
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
-- A sync of one of the providers is waited for; a transaction that somebody left open is not.
set lock_timeout = '5s'
as $$
declare
    v_providers text[];
    v_ids bigint[];
begin
    if p_decided_by is null or length(p_decided_by) not between 1 and 200 then
        raise exception '%_by must have 1 to 200 characters', p_status
            using errcode = 'PT422', hint = 'Name the person who decides.';
    end if;
    if length(p_note) > 500 then
        raise exception 'note must have 500 characters at most'
            using errcode = 'PT422', hint = 'Say in a line why the prices are right, or wrong.';
    end if;
    if not exists (select from public.pricing_sync_jobs j where j.job_id = p_job_id)
        -- Jobs are pruned; what they held waits on.
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
    -- As they are now: a sync, or somebody else, may have decided some meanwhile. What the job has held of further
    -- providers since is not decided: their prices are not held.
    select array_agg(held.id) into v_ids
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
    ) as held;
    if v_ids is null then
        raise exception 'Nothing that job % held waits any more', p_job_id
            using errcode = 'PT409',
                hint = 'A later sync that says the same has it under its own job; select * from pricing_held shows which.';
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
'Decide all that waits and was last said by this job: approved or rejected.';
