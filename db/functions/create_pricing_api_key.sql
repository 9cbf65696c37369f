-- after: pricing_who, add_pricing_api_key
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
as $$
declare
    v_key text;
begin
    if create_pricing_api_key.role is null or create_pricing_api_key.role not in ('read', 'operate', 'admin') then
        raise exception 'A key cannot have the role %', coalesce(quote_literal(create_pricing_api_key.role), 'null')
            using errcode = 'PT422', hint = 'It is read, operate or admin.';
    end if;
    if create_pricing_api_key.name is null or create_pricing_api_key.name !~ '^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}$' then
        raise exception 'A key needs a name of up to 64 letters, digits and . _ @ -'
            using errcode = 'PT422', hint = 'The name is what history and jobs show.';
    end if;
    if create_pricing_api_key.name = 'admin' then
        raise exception 'The name admin stands for PRICING_ADMIN_KEY'
            using errcode = 'PT422', hint = 'Name the person or program that will use the key.';
    end if;
    if exists (
        select
        from public.pricing_api_keys k
        where k.name = create_pricing_api_key.name and k.revoked_at is null and k.replaced_by is null
    ) then
        raise exception 'There is a key named % already', quote_literal(create_pricing_api_key.name)
            using errcode = 'PT409',
                hint = 'Choose another name; rotate_pricing_api_key gives this one a new secret, revoke_pricing_api_key frees the name.';
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
'Make a bearer key for the HTTP interface (role read, operate or admin) and return it: it is shown this once, only its digest is kept.';
