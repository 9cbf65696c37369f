-- after: lock_held_price_change, require_author
create or replace function public.approve_held_price_change(
    id bigint,
    approved_by text default current_user,
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
    perform public.require_author(
        'approved_by', approve_held_price_change.approved_by, 'Name the person who approves.'
    );
    v_held := public.lock_held_price_change(approve_held_price_change.id, note);
    if v_held.status = 'rejected' and not v_held.still_said then
        raise exception 'Held price change % was rejected, and its provider no longer lists that price', v_held.id
            using errcode = 'PT409', hint = 'select * from pricing_held shows what waits now.';
    elsif v_held.status not in ('held', 'rejected') then
        raise exception 'Held price change % no longer waits: it is % (by %)',
                v_held.id, v_held.status, v_held.decided_by
            using errcode = 'PT409', hint = 'select * from pricing_held shows what waits now.';
    end if;

    perform public.review_held_price_changes(
        array[v_held.id], 'approved', approve_held_price_change.approved_by, approve_held_price_change.note
    );
    insert into public.pricing_audit_log (who, action, subject, details)
    select
        approve_held_price_change.approved_by,
        'approve_held_price_change',
        v_held.id::text,
        jsonb_build_object(
            'provider', m.provider_slug,
            'model', m.model_id,
            'reason', v_held.reason,
            'was', v_held.status,
            'note', approve_held_price_change.note
        )
    from public.model_pricing m
    where m.id = v_held.model_id;
    select h.* into v_held from public.pricing_held_changes h where h.id = approve_held_price_change.id;
    return v_held;
end;
$$;

comment on function public.approve_held_price_change(bigint, text, text) is
'Approve a held change, or a rejected one that the provider still lists: it becomes the price in force (under an override: the synced one). Returns it.';
