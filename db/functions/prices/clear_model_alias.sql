-- after: require_author
create or replace function public.clear_model_alias(provider text, model text, author text default current_user)
returns public.pricing_model_aliases
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $$
declare
    v_alias public.pricing_model_aliases;
begin
    perform public.require_author('author', clear_model_alias.author, 'Name the person who ends the alias.');
    perform public.lock_provider_prices(array[clear_model_alias.provider]);
    delete from public.pricing_model_aliases a
    where a.provider_slug = clear_model_alias.provider
        and a.model_id = clear_model_alias.model
        and a.source like 'manual:%'
    returning a.* into v_alias;
    if v_alias.model_id is null then
        raise exception 'No person has set an alias for % of %',
                coalesce(quote_literal(left(clear_model_alias.model, 512)), 'null'),
                coalesce(left(clear_model_alias.provider, 60), 'null')
            using errcode = 'PT404',
                hint = 'select * from pricing_model_aliases where source like ''manual:%'' shows them. One of the catalogue''s is replaced by set_model_alias.';
    end if;
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        clear_model_alias.author,
        'clear_model_alias',
        v_alias.provider_slug || '/' || v_alias.model_id,
        jsonb_build_object('canonical_id', v_alias.canonical_id, 'source', v_alias.source)
    );
    return v_alias;
end;
$$;

comment on function public.clear_model_alias(text, text, text) is
'End an alias that a person has set; the catalogue''s, if it has one, is there again after its next sync. Returns the alias that was.';
