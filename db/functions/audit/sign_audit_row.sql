-- Adds what the server knows of a caller to what the caller says of itself. A row with an older time is being restored and
-- keeps its values. Only the owner can insert rows.
-- after: pricing_identity
create or replace function public.sign_audit_row()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_http jsonb;
    v_claims text;
begin
    -- A minute of tolerance for a clock that is set back within a transaction.
    if new.at < now() - interval '1 minute' or (new.session_login is not null and new.at < now()) then
        return new;
    end if;
    new.session_login := session_user;
    new.acting_role := nullif(current_setting('role', true), 'none');
    new.client_address := inet_client_addr();
    new.http_client_address := null;
    new.key_name := null;
    new.claims := null;

    -- The web process sets pricing.http_caller within the statement that calls a function, for its transaction. Any role
    -- can set it, so it counts only where pricing_identity trusts the web process.
    if public.pricing_identity('api:?') = 'api:?' then
        new.key_name := substring(new.who from '^api:(.+)$');
        begin
            v_http := nullif(current_setting('pricing.http_caller', true), '')::jsonb;
            new.key_name := left(coalesce(v_http ->> 'key', new.key_name), 64);
            new.http_client_address := (v_http ->> 'address')::inet;
        exception
            when transaction_rollback then
                raise;
            when others then null;
        end;
    end if;

    -- Any role can set the claims too: they count only in sessions of the login of PostgREST, which has checked them.
    if exists (select from public.pricing_settings s where s.postgrest_login = session_user) then
        begin
            v_claims := nullif(current_setting('request.jwt.claims', true), '');
            new.claims := v_claims::jsonb;
            if jsonb_typeof(new.claims) <> 'object' then
                new.claims := null;
            elsif octet_length(v_claims) > 4096 or octet_length(new.claims::text) > 4096 then
                select jsonb_object_agg(c.name, left(new.claims ->> c.name, 200)) into new.claims
                from unnest(array['role', 'sub', 'iss', 'email', 'exp', 'session_id']) as c (name)
                where new.claims ? c.name;
            end if;
        exception
            when transaction_rollback then
                raise;
            when others then
                new.claims := null;
        end;
    end if;
    return new;
end;
$$;

comment on function public.sign_audit_row() is
'Trigger: write into a new audit row what the server knows of the caller: login, role, addresses, key and claims.';
