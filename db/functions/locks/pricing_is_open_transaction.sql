-- The xmax of a row tells who has locked it, or had: whether that one still has it, nobody can tell without trying the lock,
-- and a try would make a fetch pass over the row. Subtransactions that have ended count as their open transaction, which
-- pg_locks does not know.
create or replace function public.pricing_is_open_transaction(p_xmax xid)
returns boolean
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
    -- The transactions of the last time are near this one, before and after it.
    v_near constant bigint := pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::bigint;
    v_xids bigint[] := array[p_xmax::text::bigint];
    v_xid bigint;
begin
    begin
        -- Several transactions that share a row are named by one number.
        v_xids := v_xids || array(
            select m.xid::text::bigint from pg_catalog.pg_get_multixact_members(p_xmax) m limit 100
        );
    exception
        when transaction_rollback then
            raise;
        -- Mostly it is no such number.
        when others then
            null;
    end;
    foreach v_xid in array v_xids loop
        -- 0 to 2 are no transactions.
        continue when v_xid < 3;
        -- The row has 32 bits of 64.
        v_xid := (v_near >> 32 << 32) + v_xid;
        if v_xid - v_near > 1::bigint << 31 then
            v_xid := v_xid - (1::bigint << 32);
        elsif v_near - v_xid > 1::bigint << 31 then
            v_xid := v_xid + (1::bigint << 32);
        end if;
        continue when v_xid < 3;
        begin
            if pg_catalog.pg_xact_status(v_xid::text::xid8) = 'in progress' then
                return true;
            end if;
        exception
            -- No transaction has had this number yet.
            when invalid_parameter_value then
                null;
        end;
    end loop;
    return false;
end;
$$;

comment on function public.pricing_is_open_transaction(xid) is
'Whether the transaction, or one of those, that the xmax of a row names has not ended.';
