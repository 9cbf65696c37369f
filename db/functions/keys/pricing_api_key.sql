-- The web process looks a bearer key up by its public part and compares the digest itself, in constant time. Definer: the
-- process may read one key whose id it knows, never the list.
create or replace function public.pricing_api_key(key_id text)
returns table (name text, role text, key_digest bytea, is_valid boolean, is_stale boolean)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
    select
        api_key.name,
        api_key.role,
        api_key.key_digest,
        api_key.revoked_at is null
            and (api_key.expires_at is null or api_key.expires_at > clock_timestamp()),
        coalesce(api_key.last_used_at < clock_timestamp() - interval '1 minute', true)
    from public.pricing_api_keys as api_key
    where api_key.key_id = pricing_api_key.key_id;
$$;

comment on function public.pricing_api_key(text) is
'One bearer key by its public part: name, role, digest, whether it is valid, and whether its last use was recorded more than a minute ago.';
