-- after: lock_provider_prices, require_author, require_provider, review_held_price_changes
create or replace function public.accept_first_list(
    inout provider text,
    accepted_by text default current_user,
    note text default null,
    out approved integer,
    out still_held integer,
    out job_id uuid
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- Waits for a running sync of the provider, but not for an open transaction.
set lock_timeout = '5s'
as $$
declare
    v_ids bigint[];
    v_reviews boolean;
begin
    perform public.require_author(
        'accepted_by', accept_first_list.accepted_by, 'Name the person who accepts the list.'
    );
    if length(accept_first_list.note) > 500 then
        raise exception 'note must have 500 characters at most'
            using errcode = 'PT422', hint = 'Say in a line why the prices are right.';
    end if;
    perform public.require_provider(accept_first_list.provider);
    perform public.lock_provider_prices(array[accept_first_list.provider]);
    select array_agg(l.id) into v_ids
    from (
        select h.id
        from public.pricing_held_changes h
        where h.provider_slug = accept_first_list.provider and h.status = 'held' and h.class = 'first_list'
        order by h.id
        for no key update
    ) as l;
    select count(*)::integer into still_held
    from public.pricing_held_changes h
    where h.provider_slug = accept_first_list.provider and h.status = 'held' and h.class <> 'first_list';
    if v_ids is null then
        select p.review_first into v_reviews from public.pricing_providers p where p.slug = accept_first_list.provider;
        raise exception 'No price of a first list of % waits', accept_first_list.provider
            using errcode = 'PT409',
                hint = case
                    when still_held > 0
                        then still_held || ' of its changes wait for other reasons: approve or reject each of them.'
                    when v_reviews then 'Its first list has not come yet: sync it, then accept what that holds.'
                    else 'Its first list was accepted before, or needs no review.'
                end;
    end if;

    -- The list that reported them last.
    select h.job_id into job_id
    from public.pricing_held_all h
    where h.id = any (v_ids)
    order by h.last_seen_at desc, h.id desc
    limit 1;
    perform public.review_held_price_changes(
        v_ids, 'approved', accept_first_list.accepted_by, accept_first_list.note
    );
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        accept_first_list.accepted_by,
        'accept_first_list',
        accept_first_list.provider,
        jsonb_build_object(
            'count', cardinality(v_ids),
            'ids', v_ids,
            'still_held', still_held,
            'job_id', accept_first_list.job_id,
            'note', accept_first_list.note
        )
    );
    approved := cardinality(v_ids);
end;
$$;

comment on function public.accept_first_list(text, text, text) is
'Approve what a provider''s first list holds for no other reason than that it is the first, and end that review (review_first). Changes that look wrong for another reason stay held: still_held counts them.';
