-- after: require_author
create or replace function public.set_model_alias(
    provider text,
    model text,
    canonical_id text,
    author text default current_user
)
returns public.pricing_model_aliases
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $$
declare
    v_before public.pricing_model_aliases;
    v_alias public.pricing_model_aliases;
begin
    perform public.require_author('author', set_model_alias.author, 'Name the person who says that both are one model.');
    if coalesce(length(btrim(set_model_alias.canonical_id)), 0) = 0
        or length(set_model_alias.canonical_id) > 512
        -- No list has such an id.
        or set_model_alias.canonical_id <> btrim(set_model_alias.canonical_id)
        or set_model_alias.canonical_id = set_model_alias.model
    then
        raise exception 'canonical_id must be another id, of 1 to 512 characters without white space around it'
            using errcode = 'PT422', hint = 'clear_model_alias makes an id stand for itself again.';
    end if;
    if not exists (
        select
        from public.model_pricing m
        where m.provider_slug = set_model_alias.provider and m.model_id = set_model_alias.model
    ) then
        raise exception '% has no model %',
                coalesce(left(set_model_alias.provider, 60), 'null'),
                coalesce(quote_literal(left(set_model_alias.model, 512)), 'null')
            using errcode = 'PT404',
                hint = 'Ids are case sensitive, as the provider spells them: select provider, model from model_prices where ...';
    end if;

    -- Waits for a running sync, so that the next one compares by the new alias.
    perform public.lock_provider_prices(array[set_model_alias.provider]);
    select a.* into v_before
    from public.pricing_model_aliases a
    where a.provider_slug = set_model_alias.provider and a.model_id = set_model_alias.model;
    insert into public.pricing_model_aliases as a (provider_slug, model_id, canonical_id, source)
    values (
        set_model_alias.provider,
        set_model_alias.model,
        set_model_alias.canonical_id,
        'manual:' || set_model_alias.author
    )
    on conflict (provider_slug, model_id) do update
    set canonical_id = excluded.canonical_id,
        source = excluded.source,
        created_at = clock_timestamp()
    returning a.* into v_alias;
    insert into public.pricing_audit_log (who, action, subject, details)
    values (
        set_model_alias.author,
        'set_model_alias',
        v_alias.provider_slug || '/' || v_alias.model_id,
        jsonb_build_object(
            'canonical_id', v_alias.canonical_id,
            'replaces', case when v_before.model_id is not null then jsonb_build_object(
                'canonical_id', v_before.canonical_id, 'source', v_before.source
            ) end
        )
    );
    return v_alias;
end;
$$;

comment on function public.set_model_alias(text, text, text, text) is
'Say that a provider''s model is the one that the catalogue, or other providers, call canonical_id: guards and comparisons then measure it by that model''s prices. Syncs do not overwrite it. Returns the alias.';
