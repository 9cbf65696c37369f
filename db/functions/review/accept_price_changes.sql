-- A rule approves changes in advance. Only syncs read it: changes that are held already are applied by the next sync.
-- after: require_author, require_provider
create or replace function public.accept_price_changes(
    provider text,
    up_to_ratio numeric,
    until timestamptz,
    reason text,
    model text default null,
    accepted_by text default current_user
)
returns public.pricing_change_rules
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- The audit log stores times as text, independent of the caller's settings.
set TimeZone = 'UTC'
set lock_timeout = '5s'
as $$
declare
    v_rule public.pricing_change_rules;
begin
    perform public.require_author('accepted_by', accept_price_changes.accepted_by, 'Name the person who accepts.');
    if reason is null or length(reason) > 500 or btrim(reason) = '' then
        raise exception 'reason must have 1 to 500 characters'
            using errcode = 'PT422', hint = 'Say what is expected of the provider, and who announced it.';
    end if;
    if up_to_ratio is null or up_to_ratio <= 1 or up_to_ratio >= 'Infinity' then
        raise exception 'up_to_ratio cannot be %', coalesce(up_to_ratio::text, 'null')
            using errcode = 'PT422', hint = 'It is more than 1: 20 accepts changes up to 20 times as much, or a twentieth.';
    end if;
    if until is null then
        raise exception 'until cannot be null'
            using errcode = 'PT422', hint = 'It is a time to come, such as now() + interval ''3 days''.';
    end if;
    perform public.require_expiry('until', accept_price_changes.until);
    perform public.require_provider(accept_price_changes.provider);
    if model is not null and not exists (
        select
        from public.model_pricing m
        where m.provider_slug = accept_price_changes.provider and m.model_id = accept_price_changes.model
    ) then
        raise exception '% has no model %', accept_price_changes.provider, quote_literal(left(accept_price_changes.model, 512))
            using errcode = 'PT404',
                hint = 'Ids are case sensitive, as the provider spells them: select model from model_prices where provider = ...';
    end if;

    perform public.lock_provider_prices(array[accept_price_changes.provider]);
    insert into public.pricing_change_rules as r (
        provider_slug, model_id, up_to_ratio, reason, created_by, expires_at
    )
    values (
        accept_price_changes.provider,
        accept_price_changes.model,
        accept_price_changes.up_to_ratio,
        accept_price_changes.reason,
        accept_price_changes.accepted_by,
        accept_price_changes.until
    )
    returning r.* into v_rule;
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        accept_price_changes.accepted_by,
        'accept_price_changes',
        v_rule.id::text,
        jsonb_build_object(
            'provider', v_rule.provider_slug,
            'model', v_rule.model_id,
            'up_to_ratio', v_rule.up_to_ratio,
            'until', v_rule.expires_at,
            'reason', v_rule.reason
        )
    );
    return v_rule;
end;
$$;

comment on function public.accept_price_changes(text, numeric, timestamptz, text, text, text) is
'Until then, let syncs apply changes of a provider, or of one model, that would be held for their ratio alone and move by at most this factor; returns the rule.';
