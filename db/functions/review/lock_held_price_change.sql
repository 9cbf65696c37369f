-- review_held_changes begins with it where a person decides one change.
-- after: lock_provider_prices
create or replace function public.lock_held_price_change(p_id bigint)
returns public.pricing_held_changes
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_held public.pricing_held_changes;
begin
    select h.* into v_held from public.pricing_held_changes h where h.id = p_id;
    if not found then
        raise exception 'There is no held price change %', coalesce(p_id::text, 'null')
            using errcode = 'PT404',
                hint = 'select * from pricing_held shows those that wait, pricing_rejected those that were rejected.';
    end if;
    perform public.lock_provider_prices(array[v_held.provider_slug]);
    -- Read again: a sync or another person may have decided it meanwhile.
    select h.* into v_held from public.pricing_held_changes h where h.id = p_id for no key update;
    return v_held;
end;
$$;

comment on function public.lock_held_price_change(bigint) is
'Lock a held or decided price change with the prices of its provider, for a decision with this note; PT404 when there is none.';
