-- A parameter such as author is whatever the caller writes. Only the web process, which has compared a key's digest, is
-- trusted when it names that key (api:<name>); of other callers the server knows role and login.
-- after: pricing_who
create or replace function public.pricing_identity(p_says text)
returns text
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    -- plpgsql caches its plan: as SQL each call would cost 0.3 ms more.
    return case
        when p_says like 'api:_%' and (
            public.pricing_who() = 'pricing_web'
            or exists (
                -- A login of the web process: a member of pricing_web and of no other role of ours.
                select
                from pg_catalog.pg_roles web
                where web.rolname = 'pricing_web'
                    and pg_catalog.pg_has_role(public.pricing_who(), web.oid, 'usage')
                    and not exists (
                        select
                        from pg_catalog.pg_roles r
                        where r.rolname in ('pricing_owner', 'pricing_worker', 'service_role', 'authenticated', 'anon')
                            and pg_catalog.pg_has_role(public.pricing_who(), r.oid, 'member')
                    )
            )
        ) then p_says
        else public.pricing_who()
    end;
end;
$$;

comment on function public.pricing_identity(text) is
'The caller as far as the server knows: the key that the web process names (api:<name>), or the role or login.';
