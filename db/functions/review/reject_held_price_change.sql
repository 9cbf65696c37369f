-- after: lock_held_price_change, require_author
create or replace function public.reject_held_price_change(
    id bigint,
    rejected_by text default current_user,
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
    perform public.require_author('rejected_by', reject_held_price_change.rejected_by, 'Name the person who rejects.');
    v_held := public.lock_held_price_change(reject_held_price_change.id, note);
    if v_held.status <> 'held' then
        raise exception 'Held price change % no longer waits: it is % (by %)',
                v_held.id, v_held.status, v_held.decided_by
            using errcode = 'PT409',
                hint = 'rollback_pricing_sync undoes a price that is in force already; set_price_override fixes one.';
    end if;

    perform public.review_held_price_changes(
        array[v_held.id], 'rejected', reject_held_price_change.rejected_by, reject_held_price_change.note
    );
    insert into public.pricing_audit_log (who, action, subject, details)
    select
        reject_held_price_change.rejected_by,
        'reject_held_price_change',
        v_held.id::text,
        jsonb_build_object(
            'provider', m.provider_slug,
            'model', m.model_id,
            'reason', v_held.reason,
            'note', reject_held_price_change.note
        )
    from public.model_pricing m
    where m.id = v_held.model_id;
    select h.* into v_held from public.pricing_held_changes h where h.id = reject_held_price_change.id;
    return v_held;
end;
$$;

comment on function public.reject_held_price_change(bigint, text, text) is
'Keep the price in force for as long as the provider lists this one; returns the rejected change.';
