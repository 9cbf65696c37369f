create or replace function public.check_api_readers()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_role text;
begin
    if new.api_readers is null then
        raise exception 'api_readers cannot be null' using errcode = 'PT422', hint = 'No role: ''{}''.';
    end if;
    foreach v_role in array new.api_readers loop
        if v_role is null or v_role not in ('anon', 'authenticated') then
            raise exception 'api_readers cannot name %', coalesce(quote_literal(left(v_role, 60)), 'null')
                using errcode = 'PT422',
                    hint = 'anon (every caller with the publishable key) and authenticated (signed-in users) can be named. service_role reads prices in any case; another role: grant select on model_prices to it.';
        end if;
        if to_regrole(v_role) is null then
            raise exception 'api_readers names %, and there is no such role', v_role
                using errcode = 'PT422', hint = format('create role %I nologin;', v_role);
        end if;
    end loop;
    -- Each role once, so that the audit log has only real changes.
    new.api_readers := array(select distinct r.name from unnest(new.api_readers) as r (name) order by 1);
    return new;
end;
$$;

comment on function public.check_api_readers() is
'Trigger: refuse with PT422 other roles than anon and authenticated in pricing_settings.api_readers.';
