-- after: reopen_rejected_changes, require_author
create or replace function public.reopen_held_price_changes(
    provider text default null,
    job_id uuid default null,
    reopened_by text default current_user,
    note text default null
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
    perform public.require_author('reopened_by', reopen_held_price_changes.reopened_by, 'Name the person who reopens them.');
    if length(note) > 500 then
        raise exception 'note must have 500 characters at most'
            using errcode = 'PT422', hint = 'Say in a line why they are looked at again.';
    end if;
    if num_nonnulls(provider, job_id) <> 1 then
        raise exception 'Give either provider or job_id'
            using errcode = 'PT422', hint = 'select provider, job_id, id from pricing_rejected shows what was rejected.';
    end if;

    v_providers := array(
        select distinct h.provider_slug
        from public.pricing_held_all h
        where h.status = 'rejected'
            and h.still_said
            and (h.provider_slug = reopen_held_price_changes.provider or h.job_id = reopen_held_price_changes.job_id)
    );
    perform public.lock_provider_prices(v_providers);
    -- Read again, as in review_held_changes_of_job.
    select array_agg(locked.id) into v_ids
    from (
        select h.id
        from public.pricing_held_changes h
        where h.status = 'rejected'
            and h.still_said
            and h.id = any (array(
                select distinct on (s.model_id) s.id
                from public.pricing_held_all s
                where s.status = 'rejected'
                    and s.still_said
                    and s.provider_slug = any (v_providers)
                    and (
                        s.provider_slug = reopen_held_price_changes.provider
                        or s.job_id = reopen_held_price_changes.job_id
                    )
                order by s.model_id, s.id desc
            ))
            -- A model has at most one change that waits.
            and not exists (
                select from public.pricing_held_changes o where o.model_id = h.model_id and o.status = 'held'
            )
        order by h.id
        for no key update
    ) as locked;
    if v_ids is null then
        raise exception 'No rejected change that is still listed is of %',
                coalesce('provider ' || left(provider, 60), 'job ' || job_id)
            using errcode = 'PT409', hint = 'select provider, job_id, id from pricing_rejected shows what was rejected.';
    end if;

    insert into public.pricing_audit_log (who, action, subject, details)
    select
        reopen_held_price_changes.reopened_by,
        'reopen_held_price_changes',
        coalesce(reopen_held_price_changes.provider, reopen_held_price_changes.job_id::text),
        jsonb_build_object(
            'count', cardinality(v_ids),
            'ids', v_ids,
            'rejected_by', array(
                select distinct h.decided_by from public.pricing_held_changes h where h.id = any (v_ids) order by 1
            ),
            'note', reopen_held_price_changes.note
        );
    perform public.reopen_rejected_changes(v_ids);
    return query
    select h.* from public.pricing_held_changes h where h.id = any (v_ids) order by h.id;
end;
$$;

comment on function public.reopen_held_price_changes(text, uuid, text, text) is
'Make all rejected changes wait again that a provider still lists, or that this job was the last to report; returns them.';
