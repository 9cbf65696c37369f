-- Who decides about a key by its name holds this first. Without it a revocation does not see the secret that a rotation is
-- about to commit, and leaves it valid.
-- after: take_pricing_lock, folded_key_name, wait_for_locks_until, pricing_lock_holders
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
    -- No key can have such a name.
    if p_name is null or length(p_name) > 64 then
        return;
    end if;
    perform public.take_pricing_lock(v_lock, v_until);
    begin
        -- Rows that somebody changes by hand.
        perform public.wait_for_locks_until(v_until);
        perform from public.pricing_api_keys k
        where k.name = p_name and k.revoked_at is null
        order by k.key_id
        for update;
    exception
        when lock_not_available then
            -- The first of those that the holder may have.
            select k.xmax into v_xmax
            from public.pricing_api_keys k
            where k.name = p_name and k.revoked_at is null and k.xmax <> '0'::xid
            order by k.key_id
            limit 1;
            raise exception 'The % are held by %',
                    v_lock, public.pricing_lock_holders('public.pricing_api_keys'::regclass, v_xmax)
                using errcode = 'lock_not_available',
                    hint = 'Nothing was written; try again. select pg_terminate_backend(<pid>) ends that session.';
    end;
end;
$$;

comment on function public.lock_key_name(text) is
'Hold all keys of a name, those to come included, until the end of the transaction; after 5 seconds an error that says who has them.';
