-- The xmax of a row names the transaction that locks it, or did. Trying the lock would tell which, but would also make a
-- concurrent fetch skip the row. A subtransaction that has ended counts as open while its transaction is; pg_locks does
-- not list it.
create or replace function public.pricing_is_open_transaction(p_xmax xid)
returns boolean
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
    -- Recent transactions have ids near this one.
    v_near constant bigint := pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::bigint;
    v_xids bigint[] := array[p_xmax::text::bigint];
    v_xid bigint;
begin
    begin
        -- A multixact: several transactions share the row.
        v_xids := v_xids || array(
            select m.xid::text::bigint from pg_catalog.pg_get_multixact_members(p_xmax) m limit 100
        );
    exception
        when transaction_rollback then
            raise;
        -- Usually it is no multixact.
        when others then
            null;
    end;
    foreach v_xid in array v_xids loop
        -- 0 to 2 are reserved ids.
        continue when v_xid < 3;
        -- The row has the lower 32 of 64 bits.
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
            -- No transaction has had this id yet.
            when invalid_parameter_value then
                null;
        end;
    end loop;
    return false;
end;
$$;

comment on function public.pricing_is_open_transaction(xid) is
'Whether a transaction that the xmax of a row names is still open.';
