-- Every function that changes a key by its name takes it first. Without it a revocation would not see the secret that a
-- concurrent rotation is about to commit, and leave it valid.
-- after: take_pricing_lock, folded_key_name, raise_lock_not_available, wait_for_locks_until
create or replace function public.lock_key_name(p_name text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $$
declare
    v_until constant timestamptz := clock_timestamp() + interval '5 seconds';
    v_lock constant text := 'keys named ' || public.folded_key_name(p_name);
    v_xmax xid;
begin
    -- No key has such a name.
    if p_name is null or length(p_name) > 64 then
        return;
    end if;
    perform public.take_pricing_lock(v_lock, v_until);
    begin
        -- A person may have changed these rows by hand, without the lock above.
        perform public.wait_for_locks_until(v_until);
        perform from public.pricing_api_keys k
        where k.name = p_name and k.revoked_at is null
        order by k.key_id
        for update;
    exception
        when lock_not_available then
            -- The first row that may be locked names the session.
            select k.xmax into v_xmax
            from public.pricing_api_keys k
            where k.name = p_name and k.revoked_at is null and k.xmax <> '0'::xid
            order by k.key_id
            limit 1;
            perform public.raise_lock_not_available(v_lock, 'public.pricing_api_keys'::regclass, v_xmax);
    end;
end;
$$;

comment on function public.lock_key_name(text) is
'Lock all keys of a name, also those not made yet, until the end of the transaction; after 5 seconds fail with an error that names the session that has them.';
