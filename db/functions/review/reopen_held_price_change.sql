-- after: lock_held_price_change, reopen_rejected_changes, require_author
create or replace function public.reopen_held_price_change(
    id bigint,
    reopened_by text default current_user,
    note text default null
)
returns public.pricing_held_changes
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- Waits for a running sync of the provider, but not for an open transaction.
set lock_timeout = '5s'
as $$
declare
    v_held public.pricing_held_changes;
begin
    perform public.require_author('reopened_by', reopen_held_price_change.reopened_by, 'Name the person who reopens it.');
    v_held := public.lock_held_price_change(reopen_held_price_change.id, note);
    if v_held.status <> 'rejected' then
        raise exception 'Price change % is not rejected: it is %', v_held.id, v_held.status || coalesce(' (by ' || v_held.decided_by || ')', '')
            using errcode = 'PT409', hint = 'select * from pricing_rejected shows those that were rejected.';
    elsif not v_held.still_said then
        raise exception 'The provider no longer lists the price of the rejected change %', v_held.id
            using errcode = 'PT409', hint = 'select * from pricing_held shows what waits now.';
    elsif exists (
        select from public.pricing_held_changes h where h.model_id = v_held.model_id and h.status = 'held'
    ) then
        raise exception 'Another price change of that model waits'
            using errcode = 'PT409', hint = 'Approve or reject that one first: select * from pricing_held.';
    end if;

    perform public.reopen_rejected_changes(array[v_held.id]);
    insert into public.pricing_audit_log (who, action, subject, details)
    select
        reopen_held_price_change.reopened_by,
        'reopen_held_price_change',
        v_held.id::text,
        jsonb_build_object(
            'provider', m.provider_slug,
            'model', m.model_id,
            'reason', v_held.reason,
            'rejected_by', v_held.decided_by,
            'rejected_at', v_held.decided_at,
            'rejected_note', v_held.decision_note,
            'note', reopen_held_price_change.note
        )
    from public.model_pricing m
    where m.id = v_held.model_id;
    select h.* into v_held from public.pricing_held_changes h where h.id = reopen_held_price_change.id;
    return v_held;
end;
$$;

comment on function public.reopen_held_price_change(bigint, text, text) is
'Make a rejected change that its provider still lists wait again, as if it had been held now; the audit log keeps the rejection. Returns it.';
