-- The web process asks at start: without such a key and without PRICING_ADMIN_KEY it would refuse every caller.
create or replace function public.pricing_has_admin_key()
returns boolean
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
    select exists (
        select
        from public.pricing_api_keys as api_key
        where api_key.role = 'admin'
          and api_key.revoked_at is null
          and (api_key.expires_at is null or api_key.expires_at > clock_timestamp())
    );
$$;

comment on function public.pricing_has_admin_key() is
'Whether any bearer key with all rights is valid now.';
