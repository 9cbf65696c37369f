-- A new key may have the name of a revoked one and is another caller; a rotated key is the same caller.
-- after: pricing_identity
create or replace function public.idempotency_identity(
    p_says text, out identity text, out since timestamptz
)
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
    v_caller jsonb;
    v_key_id text;
begin
    identity := public.pricing_identity(p_says);
    if p_says not like 'api:_%' or public.pricing_identity('api:?') <> 'api:?' then
        return;
    end if;

    begin
        -- The web process sets it within the statement of the sync request, as for sign_audit_row.
        v_caller := nullif(current_setting('pricing.http_caller', true), '')::jsonb;
    exception
        when transaction_rollback then
            raise;
        when others then null;
    end;
    if v_caller ->> 'who' = p_says and v_caller ? 'key_id' then
        v_key_id := v_caller ->> 'key_id';
    else
        -- A web process older than 0.4.0, or a person as pricing_web.
        select k.key_id into v_key_id
        from public.pricing_api_keys k
        where k.name = substr(p_says, 5) and k.revoked_at is null and k.replaced_by is null;
    end if;
    -- PRICING_ADMIN_KEY has no row in pricing_api_keys.
    if v_key_id is null then
        return;
    end if;

    -- Follow replaced_by back to the first secret of the key.
    with recursive secret (key_id) as (
        select v_key_id
        union
        select k.key_id
        from public.pricing_api_keys k
        join secret s on k.replaced_by = s.key_id
    )
    select p_says || '#' || k.key_id, k.created_at into identity, since
    from secret s
    join public.pricing_api_keys k on k.key_id = s.key_id
    where not exists (select from public.pricing_api_keys e where e.replaced_by = k.key_id)
    limit 1;
    identity := coalesce(identity, p_says || '#' || v_key_id);
end;
$$;

comment on function public.idempotency_identity(text) is
'The caller of an idempotency key as far as the server knows: a bearer key (api:<name>#<key_id of its first secret>, and since when it exists), or the role or login.';
