create or replace function public.create_pricing_api_key(
    name text, role text default 'admin', created_by text default current_user
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
    if create_pricing_api_key.role is null or create_pricing_api_key.role not in ('admin', 'read') then
        raise exception 'A key cannot have the role %', coalesce(quote_literal(create_pricing_api_key.role), 'null')
            using errcode = 'PT422', hint = 'It is admin or read.';
    end if;
    if create_pricing_api_key.name is null or create_pricing_api_key.name !~ '^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}$' then
        raise exception 'A key needs a name of up to 64 letters, digits and . _ @ -'
            using errcode = 'PT422', hint = 'The name is what history and jobs show.';
    end if;
    if exists (select from public.pricing_api_keys k where k.name = create_pricing_api_key.name) then
        raise exception 'There is a key named % already', quote_literal(create_pricing_api_key.name)
            using errcode = 'PT409', hint = 'Choose another name.';
    end if;

    insert into public.pricing_api_keys (key_id, name, role, key_digest, created_by)
    values (
        v_id,
        create_pricing_api_key.name,
        create_pricing_api_key.role,
        sha256(v_key::bytea),
        coalesce(create_pricing_api_key.created_by, public.pricing_who())
    );
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        coalesce(create_pricing_api_key.created_by, public.pricing_who()),
        'create_api_key',
        create_pricing_api_key.name,
        jsonb_build_object('key_id', v_id, 'role', create_pricing_api_key.role)
    );
    return v_key;
end;
$$;

comment on function public.create_pricing_api_key(text, text, text) is
'Make a bearer key for the HTTP interface (role admin or read) and return it: it is shown this once, only its digest is kept.';
