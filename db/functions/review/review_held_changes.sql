-- approve_, reject_ and reopen_held_price_change(s) call it: one person decides one change, or all that wait together.
-- after: lock_held_price_change, lock_provider_prices, pricing_held_all, require_author, review_held_price_changes
create or replace function public.review_held_changes(
    p_status text,
    p_decided_by text,
    p_note text,
    p_ids bigint[] default null,
    p_job_id uuid default null,
    p_provider text default null
)
returns setof public.pricing_held_changes
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- Waits for running syncs of the providers, but not for an open transaction.
set lock_timeout = '5s'
as $$
declare
    v_is_one constant boolean := p_ids is not null;
    v_verb constant text := case p_status when 'approved' then 'approve' when 'rejected' then 'reject' else 'reopen' end;
    v_held public.pricing_held_changes;
    v_providers text[];
    v_ids bigint[];
    v_details jsonb;
begin
    perform public.require_author(p_status || '_by', p_decided_by, 'Name the person who decides.');
    if length(p_note) > 500 then
        raise exception 'note must have 500 characters at most' using errcode = 'PT422', hint = 'Say why in a line.';
    end if;

    if v_is_one then
        v_held := public.lock_held_price_change(p_ids[1]);
        if p_status = 'reopened' and v_held.status <> 'rejected' then
            raise exception 'Price change % is not rejected: it is %', v_held.id, v_held.status || coalesce(' (by ' || v_held.decided_by || ')', '')
                using errcode = 'PT409', hint = 'select * from pricing_rejected shows those that were rejected.';
        elsif v_held.status = 'rejected' and p_status <> 'rejected' and not v_held.still_said then
            raise exception 'Held price change % was rejected, and its provider no longer lists that price', v_held.id
                using errcode = 'PT409', hint = 'select * from pricing_held shows what waits now.';
        elsif p_status = 'reopened' and exists (
            select from public.pricing_held_changes h where h.model_id = v_held.model_id and h.status = 'held'
        ) then
            raise exception 'Another price change of that model waits'
                using errcode = 'PT409', hint = 'Approve or reject that one first: select * from pricing_held.';
        elsif v_held.status <> 'held' and not (p_status <> 'rejected' and v_held.status = 'rejected') then
            raise exception 'Held price change % no longer waits: it is % (by %)',
                    v_held.id, v_held.status, v_held.decided_by
                using errcode = 'PT409',
                    hint = case p_status
                        when 'rejected'
                            then 'rollback_pricing_sync undoes a price that is in force already; set_price_override fixes one.'
                        else 'select * from pricing_held shows what waits now.'
                    end;
        end if;
        v_ids := array[v_held.id];
        select jsonb_build_object(
            'provider', m.provider_slug, 'model', m.model_id, 'reason', v_held.reason, 'note', p_note
        ) || case p_status
            when 'approved' then jsonb_build_object('was', v_held.status)
            when 'reopened' then jsonb_build_object(
                'rejected_by', v_held.decided_by,
                'rejected_at', v_held.decided_at,
                'rejected_note', v_held.decision_note
            )
            else '{}'
        end into v_details
        from public.model_pricing m
        where m.id = v_held.model_id;
    else
        if p_status = 'reopened' then
            if num_nonnulls(p_provider, p_job_id) <> 1 then
                raise exception 'Give either provider or job_id'
                    using errcode = 'PT422', hint = 'select provider, job_id, id from pricing_rejected shows what was rejected.';
            end if;
        elsif not exists (select from public.pricing_sync_jobs j where j.job_id = p_job_id)
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
            where (h.provider_slug = p_provider or h.job_id = p_job_id)
                and case
                    when p_status = 'reopened' then h.status = 'rejected' and h.still_said
                    else h.status = 'held'
                end
        );
        perform public.lock_provider_prices(v_providers);
        -- Read again: a sync or another person may have decided some meanwhile. Changes of further providers that the job has
        -- reported since are not reviewed, because their prices are not locked.
        select array_agg(locked.id) into v_ids
        from (
            select h.id
            from public.pricing_held_changes h
            where h.id = any (array(
                    select distinct on (s.model_id) s.id
                    from public.pricing_held_all s
                    where s.provider_slug = any (v_providers)
                        and (s.provider_slug = p_provider or s.job_id = p_job_id)
                        and case
                            when p_status = 'reopened' then s.status = 'rejected' and s.still_said
                            else s.status = 'held'
                        end
                    order by s.model_id, s.id desc
                ))
                and case
                    when p_status = 'reopened' then h.status = 'rejected' and h.still_said
                        -- A model has at most one change that waits.
                        and not exists (
                            select from public.pricing_held_changes o where o.model_id = h.model_id and o.status = 'held'
                        )
                    else h.status = 'held'
                end
            order by h.id
            for no key update
        ) as locked;
        if v_ids is null then
            if p_status = 'reopened' then
                raise exception 'No rejected change that is still listed is of %',
                        coalesce('provider ' || left(p_provider, 60), 'job ' || p_job_id)
                    using errcode = 'PT409', hint = 'select provider, job_id, id from pricing_rejected shows what was rejected.';
            end if;
            raise exception 'No change that job % was the last to report is held', p_job_id
                using errcode = 'PT409',
                    hint = 'A later job may have reported it since; select * from pricing_held shows which.';
        end if;
        v_details := jsonb_build_object('count', cardinality(v_ids), 'ids', v_ids, 'note', p_note) || case p_status
            when 'reopened' then jsonb_build_object('rejected_by', array(
                select distinct h.decided_by from public.pricing_held_changes h where h.id = any (v_ids) order by 1
            ))
            else '{}'
        end;
    end if;

    perform public.review_held_price_changes(v_ids, p_status, p_decided_by, p_note);
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        p_decided_by,
        v_verb || '_held_price_change' || case when v_is_one then '' else 's' end,
        case when v_is_one then v_held.id::text else coalesce(p_provider, p_job_id::text) end,
        v_details
    );
    return query
    select h.* from public.pricing_held_changes h where h.id = any (v_ids) order by h.id;
end;
$$;

comment on function public.review_held_changes(text, text, text, bigint[], uuid, text) is
'Make held changes approved or rejected, or rejected ones wait again (reopened): one (p_ids has its id alone), all held ones that a job was the last to report, or all rejected ones of a job or provider that are still listed. Returns them.';
