-- The web process calls it after a request and does not depend on it: where the key's row is locked, or the database is
-- read-only, the time stays as it was.
create or replace function public.touch_pricing_api_key(key_id text)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
as $$
begin
    if current_setting('transaction_read_only') = 'on' then
        return false;
    end if;
    update public.pricing_api_keys k
    set last_used_at = clock_timestamp()
    from (
        select u.key_id
        from public.pricing_api_keys u
        where u.key_id = touch_pricing_api_key.key_id
            and (u.last_used_at is null or u.last_used_at < clock_timestamp() - interval '1 minute')
        for no key update skip locked
    ) as used
    where k.key_id = used.key_id;
    return found;
end;
$$;

comment on function public.touch_pricing_api_key(text) is
'Record that a key was used, at most once a minute; returns whether it did.';
