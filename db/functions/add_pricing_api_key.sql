-- after: pricing_who
create or replace function public.add_pricing_api_key(
    p_name text, p_role text, p_created_by text, p_expires_at timestamptz
)
returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    -- gen_random_uuid is the server's own strong random source; three of them hashed give 256 bits.
    v_id text := left(encode(sha256(gen_random_uuid()::text::bytea), 'hex'), 12);
    v_secret text := encode(
        sha256((gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text)::bytea), 'hex'
    );
    v_key text := 'psk_' || v_id || '_' || v_secret;
begin
    if p_expires_at <= clock_timestamp() then
        raise exception 'A key cannot expire in the past: %', p_expires_at
            using errcode = 'PT422', hint = 'Give a time to come, or null for a key that does not expire.';
    end if;
    insert into public.pricing_api_keys (key_id, name, role, key_digest, created_by, expires_at)
    values (v_id, p_name, p_role, sha256(v_key::bytea), coalesce(p_created_by, public.pricing_who()), p_expires_at);
    return v_key;
end;
$$;

comment on function public.add_pricing_api_key(text, text, text, timestamptz) is
'Make a key, keep its digest and return it; who calls it has checked the name.';
