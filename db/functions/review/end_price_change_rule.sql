-- after: require_author
create or replace function public.end_price_change_rule(id bigint, ended_by text default current_user)
returns public.pricing_change_rules
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $$
declare
    v_rule public.pricing_change_rules;
begin
    perform public.require_author('ended_by', end_price_change_rule.ended_by, 'Name the person who ends the rule.');

    select r.* into v_rule from public.pricing_change_rules r where r.id = end_price_change_rule.id;
    if not found then
        raise exception 'There is no rule %', coalesce(end_price_change_rule.id::text, 'null')
            using errcode = 'PT404', hint = 'select * from pricing_change_rules order by id desc shows the newest.';
    end if;
    -- Waits for a running sync, so that no sync applies anything by the rule afterwards.
    perform public.lock_provider_prices(array[v_rule.provider_slug]);
    select r.* into v_rule
    from public.pricing_change_rules r
    where r.id = end_price_change_rule.id
    for no key update;
    if v_rule.ended_at is not null or v_rule.expires_at <= clock_timestamp() then
        raise exception 'Rule % has ended already, at %', v_rule.id, coalesce(v_rule.ended_at, v_rule.expires_at)
            using errcode = 'PT409', hint = 'rollback_pricing_sync undoes what it has let through.';
    end if;

    update public.pricing_change_rules r
    set ended_at = clock_timestamp(), ended_by = end_price_change_rule.ended_by
    where r.id = v_rule.id
    returning r.* into v_rule;
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        end_price_change_rule.ended_by,
        'end_price_change_rule',
        v_rule.id::text,
        jsonb_build_object('provider', v_rule.provider_slug, 'model', v_rule.model_id)
    );
    return v_rule;
end;
$$;

comment on function public.end_price_change_rule(bigint, text) is
'End a rule before it expires; changes that it has let through stay. Returns it.';
