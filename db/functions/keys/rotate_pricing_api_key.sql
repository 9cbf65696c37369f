-- after: pricing_who, add_pricing_api_key, require_interval, lock_key_name, capped_expiry
create or replace function public.rotate_pricing_api_key(
    name text,
    rotated_by text default current_user,
    grace interval default '0',
    expires_at timestamptz default null
)
returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- The audit log stores times as text, independent of the caller's settings.
set TimeZone = 'UTC'
set lock_timeout = '5s'
as $$
declare
    v_by constant text := coalesce(rotate_pricing_api_key.rotated_by, public.pricing_who());
    v_now timestamptz;
    v_old public.pricing_api_keys;
    v_expires_at timestamptz;
    v_key text;
    v_id text;
begin
    if grace is null or grace < interval '0' or grace > interval '90 days' then
        raise exception 'The grace of a rotation cannot be %', coalesce(grace::text, 'null')
            using errcode = 'PT422', hint = 'It is 0 to 90 days: as long as the old secret stays valid beside the new one.';
    end if;
    -- An interval of mixed signs could compare as 90 days and be more than a year (require_interval).
    perform public.require_interval('grace', grace);
    perform public.lock_key_name(rotate_pricing_api_key.name);
    select k.* into v_old
    from public.pricing_api_keys k
    where k.name = rotate_pricing_api_key.name and k.revoked_at is null and k.replaced_by is null;
    if not found then
        raise exception 'There is no key named % that is not revoked', coalesce(quote_literal(rotate_pricing_api_key.name), 'null')
            using errcode = 'PT404', hint = 'select name, state from pricing_keys lists them; create_pricing_api_key makes a new one.';
    end if;

    v_now := clock_timestamp();
    -- The new secret keeps the old one's expiry unless the caller gives one.
    v_expires_at := coalesce(
        rotate_pricing_api_key.expires_at,
        -- A time written by hand may be beyond what clients can read.
        public.capped_expiry(
            v_now + (public.capped_expiry(v_old.expires_at) - coalesce(public.capped_expiry(v_old.created_at), v_now))
        )
    );
    -- The new id is known only after the insert, and the name is free only once the old row has been replaced.
    update public.pricing_api_keys k set replaced_by = k.key_id where k.key_id = v_old.key_id;
    v_key := public.add_pricing_api_key(v_old.name, v_old.role, v_by, v_expires_at);
    v_id := split_part(v_key, '_', 2);
    update public.pricing_api_keys k
    set replaced_by = case when k.key_id = v_old.key_id then v_id else k.replaced_by end,
        expires_at = least(k.expires_at, v_now + rotate_pricing_api_key.grace),
        revoked_at = case when rotate_pricing_api_key.grace = interval '0' then v_now end,
        revoked_by = case when rotate_pricing_api_key.grace = interval '0' then v_by end
    where k.name = v_old.name and k.revoked_at is null and k.key_id <> v_id;

    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        v_by,
        'rotate_api_key',
        v_old.name,
        jsonb_build_object(
            'key_id', v_id,
            'replaces', v_old.key_id,
            'old_valid_until', least(v_old.expires_at, v_now + rotate_pricing_api_key.grace),
            'expires_at', v_expires_at
        )
    );
    return v_key;
end;
$$;

comment on function public.rotate_pricing_api_key(text, text, interval, timestamptz) is
'Give a key a new secret with the same name and role, and return it: it is shown this once. The old secret ends at once, or after the grace.';
