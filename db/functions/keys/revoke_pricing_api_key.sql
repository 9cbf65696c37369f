-- In force from the next request on: the web process reads the key's row for each request.
-- after: pricing_who, lock_key_name
create or replace function public.revoke_pricing_api_key(name text, revoked_by text default current_user)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $$
declare
    v_by constant text := coalesce(revoke_pricing_api_key.revoked_by, public.pricing_who());
    v_ended text[];
begin
    perform public.lock_key_name(revoke_pricing_api_key.name);
    with ended as (
        update public.pricing_api_keys k
        set revoked_at = clock_timestamp(), revoked_by = v_by
        where k.name = revoke_pricing_api_key.name and k.revoked_at is null
        returning k.key_id
    )
    select array_agg(e.key_id order by e.key_id) into v_ended from ended e;
    if v_ended is null then
        if exists (select from public.pricing_api_keys k where k.name = revoke_pricing_api_key.name) then
            raise exception 'The key % is revoked already', quote_literal(revoke_pricing_api_key.name)
                using errcode = 'PT409', hint = 'There is nothing left to revoke.';
        end if;
        raise exception 'There is no key named %', coalesce(quote_literal(revoke_pricing_api_key.name), 'null')
            using errcode = 'PT404', hint = 'select name, state from pricing_keys lists them.';
    end if;

    insert into public.pricing_audit_log (who, action, subject, details)
    values (v_by, 'revoke_api_key', revoke_pricing_api_key.name, jsonb_build_object('key_ids', v_ended));
    return cardinality(v_ended);
end;
$$;

comment on function public.revoke_pricing_api_key(text, text) is
'Revoke every secret of a key at once, also old ones in the grace of a rotation; returns how many.';
