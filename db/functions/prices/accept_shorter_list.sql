-- The decision is about the next list: models become inactive only when that list has arrived and shows which ones it
-- lacks. refuse_odd_list and refuse_lost_prices read the decision, and the next success clears it.
-- after: require_author, require_provider
create or replace function public.accept_shorter_list(provider text, accepted_by text default current_user)
returns public.pricing_sync_log
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $$
declare
    v_refused public.pricing_sync_log;
begin
    perform public.require_author(
        'accepted_by', accept_shorter_list.accepted_by, 'Name the person who accepts the list.'
    );
    perform public.require_provider(accept_shorter_list.provider);
    perform
    from public.pricing_providers p
    where p.slug = accept_shorter_list.provider
    for no key update;

    select l.* into v_refused
    from public.pricing_sync_log l
    where l.provider_slug = accept_shorter_list.provider
        and l.status = 'failed'
        and l.error_kind in ('list_shrunk', 'prices_gone')
        and not exists (
            select
            from public.pricing_sync_log s
            where s.provider_slug = l.provider_slug and s.status = 'success' and s.id > l.id
        )
    order by l.id desc
    limit 1;
    if not found then
        raise exception 'No list of % was refused as too short since its last success', accept_shorter_list.provider
            using errcode = 'PT409',
                hint = 'select error_kind, error_message from pricing_sync_log where provider_slug = ... order by id desc says why it fails.';
    end if;

    update public.pricing_providers p
    set accepted_list_at = clock_timestamp(),
        accepted_list_models = case v_refused.error_kind
            when 'list_shrunk' then coalesce(
                -- The message of refuse_odd_list.
                substring(v_refused.error_message from '^The list has ([0-9]{1,9}) of ')::integer, 0
            )
            else p.accepted_list_models
        end,
        accepted_list_prices_gone = p.accepted_list_prices_gone or v_refused.error_kind = 'prices_gone'
    where p.slug = v_refused.provider_slug;
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        accept_shorter_list.accepted_by,
        'accept_shorter_list',
        v_refused.provider_slug,
        jsonb_build_object(
            'error_kind', v_refused.error_kind,
            'error_message', v_refused.error_message,
            'job_id', v_refused.job_id
        )
    );
    return v_refused;
end;
$$;

comment on function public.accept_shorter_list(text, text) is
'Accept that a provider''s list has lost half of its models, or of their prices (list_shrunk, prices_gone): its next list within 7 days may be as short as the refused one, and the models that it lacks become inactive at once. Returns the refused attempt.';
