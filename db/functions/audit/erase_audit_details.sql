-- cleanup_old_pricing_jobs calls it. The audit log keeps for ever what was decided, by whom and when; addresses and claims
-- are personal data.
create or replace function public.erase_audit_details()
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_mark constant text := coalesce(current_setting('pricing.writer', true), '');
    v_before timestamptz;
    v_ids bigint[];
    v_batch integer;
    v_erased integer := 0;
begin
    select clock_timestamp() - s.audit_retention into strict v_before from public.pricing_settings s;
    -- See check_pricing_records.
    perform set_config('pricing.writer', 'on', true);
    -- Ten batches a call keep the transaction short; the next call goes on.
    for i in 1..10 loop
        -- By key: a join may read the whole log to erase nothing.
        v_ids := array(
            select o.id
            from public.pricing_audit_log o
            where (o.client_address is not null or o.http_client_address is not null or o.claims is not null)
                and o.at < v_before
            order by o.at
            limit 1000
            for no key update skip locked
        );
        update public.pricing_audit_log a
        set client_address = null, http_client_address = null, claims = null
        where a.id = any (v_ids);
        get diagnostics v_batch = row_count;
        v_erased := v_erased + v_batch;
        exit when v_batch < 1000;
    end loop;
    perform set_config('pricing.writer', v_mark, true);
    return v_erased;
end;
$$;

comment on function public.erase_audit_details() is
'Erase client addresses and claims of audit rows that are older than pricing_settings.audit_retention, up to 10,000 rows a call; returns how many.';
