-- Every way to trigger calls it, so that all refuse the same lists in the same words.
create or replace function public.resolve_sync_providers(p_providers text[])
returns text[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_known text;
    v_bad text;
    v_providers text[];
begin
    select 'Known providers: ' || coalesce(string_agg(p.slug, ', ' order by p.slug), 'none') || '.'
    into v_known
    from public.pricing_providers p
    where p.adapter is not null;

    if p_providers is null then
        select array_agg(p.slug order by p.slug)
        into v_providers
        from public.pricing_syncable_providers p;
        if v_providers is null then
            raise exception 'There is nothing to sync: no provider is enabled and has what it needs'
                using errcode = 'PT422', hint = 'Enable one with update pricing_providers set enabled = true. ' || v_known;
        end if;
        return v_providers;
    end if;

    if cardinality(p_providers) = 0 then
        raise exception 'The list of providers is empty'
            using errcode = 'PT422', hint = 'Leave it out to sync all. ' || v_known;
    end if;
    if array_ndims(p_providers) > 1 then
        raise exception 'The list of providers is a list of lists' using errcode = 'PT422', hint = v_known;
    end if;
    if array_position(p_providers, null) is not null then
        raise exception 'The list of providers has a null in it' using errcode = 'PT422', hint = v_known;
    end if;

    select p.slug into v_bad
    from unnest(p_providers) as p(slug)
    group by p.slug
    having count(*) > 1
    order by p.slug
    limit 1;
    if found then
        raise exception 'Provider % is named twice', quote_literal(left(v_bad, 60))
            using errcode = 'PT422', hint = 'Name each provider once.';
    end if;

    select p.slug into v_bad
    from unnest(p_providers) with ordinality as p(slug, position)
    where not exists (
        select from public.pricing_providers known where known.slug = p.slug and known.adapter is not null
    )
    order by p.position
    limit 1;
    if found then
        raise exception 'Provider % is not known', quote_literal(left(v_bad, 60)) using errcode = 'PT422', hint = v_known;
    end if;

    select p.slug into v_bad
    from unnest(p_providers) with ordinality as p(slug, position)
    join public.pricing_providers known on known.slug = p.slug
    where not known.enabled
    order by p.position
    limit 1;
    if found then
        raise exception 'Provider % is disabled', quote_literal(v_bad)
            using errcode = 'PT422',
                hint = format('Enable it with update pricing_providers set enabled = true where slug = %L.', v_bad);
    end if;

    -- Rebuilt, because programs cannot read an array that starts at another index than 1.
    return array(select p.slug from unnest(p_providers) with ordinality as p(slug, position) order by p.position);
end;
$$;

comment on function public.resolve_sync_providers(text[]) is
'The providers of a sync request; an unusable list gets PT422 with a hint that names the known ones.';
