-- Functions that take the name of a provider call it, so that all refuse an unknown one in the same words.
create or replace function public.require_provider(p_provider text)
returns void
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from public.pricing_providers p where p.slug = p_provider) then
        raise exception 'There is no provider %', coalesce(quote_literal(left(p_provider, 60)), 'null')
            using errcode = 'PT404',
                hint = (
                    select 'Known providers: ' || coalesce(string_agg(p.slug, ', ' order by p.slug), 'none') || '.'
                    from public.pricing_providers p
                );
    end if;
end;
$$;

comment on function public.require_provider(text) is
'Refuse with PT404 a provider that has no row; the hint lists those that have one.';
