-- after: pricing_who, add_pricing_api_key, lock_key_name, folded_key_name
create or replace function public.create_pricing_api_key(
    name text,
    role text default 'admin',
    created_by text default current_user,
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
    v_folded constant text := public.folded_key_name(create_pricing_api_key.name);
    v_taken text;
    v_key text;
begin
    if create_pricing_api_key.role is null or create_pricing_api_key.role not in ('read', 'operate', 'admin') then
        raise exception 'A key cannot have the role %', coalesce(quote_literal(create_pricing_api_key.role), 'null')
            using errcode = 'PT422', hint = 'It is read, operate or admin.';
    end if;
    if create_pricing_api_key.name is null
        or create_pricing_api_key.name !~ '^[A-Za-z0-9]([A-Za-z0-9 ._@-]{0,62}[A-Za-z0-9._@-])?$'
    then
        raise exception 'A key cannot be named %', coalesce(quote_literal(left(create_pricing_api_key.name, 100)), 'null')
            using errcode = 'PT422',
                hint = 'A name has up to 64 letters, digits, blanks and . _ @ -, begins with a letter or digit and does not end with a blank. History and jobs show it.';
    end if;
    if v_folded = 'admin' then
        raise exception 'A key cannot be named %: admin stands for PRICING_ADMIN_KEY', quote_literal(create_pricing_api_key.name)
            using errcode = 'PT422', hint = 'Name the person or program that will use the key.';
    end if;

    perform public.lock_key_name(create_pricing_api_key.name);
    select k.name into v_taken
    from public.pricing_api_keys k
    where public.folded_key_name(k.name) = v_folded
        and k.revoked_at is null
        -- A replaced secret that is still valid has the name too, even when its replacement is revoked.
        and (k.replaced_by is null or k.expires_at is null or k.expires_at > clock_timestamp())
    order by k.name = create_pricing_api_key.name desc
    limit 1;
    if found then
        raise exception 'There is a key named % already%',
                quote_literal(v_taken),
                case when v_taken <> create_pricing_api_key.name then
                    ', and ' || quote_literal(create_pricing_api_key.name) || ' differs from it in case or blanks only'
                else '' end
            using errcode = 'PT409',
                hint = 'Choose another name; rotate_pricing_api_key gives that key a new secret, revoke_pricing_api_key frees its name.';
    end if;

    v_key := public.add_pricing_api_key(
        create_pricing_api_key.name,
        create_pricing_api_key.role,
        create_pricing_api_key.created_by,
        create_pricing_api_key.expires_at
    );
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        coalesce(create_pricing_api_key.created_by, public.pricing_who()),
        'create_api_key',
        create_pricing_api_key.name,
        jsonb_build_object(
            'key_id', split_part(v_key, '_', 2),
            'role', create_pricing_api_key.role,
            'expires_at', create_pricing_api_key.expires_at
        )
    );
    return v_key;
end;
$$;

comment on function public.create_pricing_api_key(text, text, text, timestamptz) is
'Make a bearer key for the HTTP interface (role read, operate or admin) and return it. It is shown this once: only its digest is stored.';
