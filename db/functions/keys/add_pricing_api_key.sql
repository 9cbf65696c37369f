-- after: pricing_who, raise_lock_not_available, require_expiry
create or replace function public.add_pricing_api_key(
    p_name text, p_role text, p_created_by text, p_expires_at timestamptz
)
returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    -- gen_random_uuid is cryptographically strong; three of them hashed give 256 bits.
    v_id text := left(encode(sha256(gen_random_uuid()::text::bytea), 'hex'), 12);
    v_secret text := encode(
        sha256((gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text)::bytea), 'hex'
    );
    v_key text := 'psk_' || v_id || '_' || v_secret;
begin
    perform public.require_expiry('expires_at', p_expires_at, 'leave it out for a key that does not expire');
    begin
        insert into public.pricing_api_keys (key_id, name, role, key_digest, created_by, expires_at)
        values (v_id, p_name, p_role, sha256(v_key::bytea), coalesce(p_created_by, public.pricing_who()), p_expires_at);
    exception
        -- Our functions lock the name, so a person has inserted the row by hand.
        when unique_violation then
            raise exception 'There is a key named % already', quote_literal(p_name)
                using errcode = 'PT409', hint = 'It was added just now: select name, state from pricing_keys lists them.';
        when lock_not_available then
            perform public.raise_lock_not_available(
                'keys named ' || p_name, 'public.pricing_api_keys'::regclass, null
            );
    end;
    return v_key;
end;
$$;

comment on function public.add_pricing_api_key(text, text, text, timestamptz) is
'Make a key, store its digest and return it; the caller has checked and locked the name.';
