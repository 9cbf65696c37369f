-- after: pricing_search_words
create or replace function public.follow_model_names()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    delete from public.pricing_model_search s where s.provider_slug = old.provider_slug and s.model_id = old.model_id;
    if tg_op = 'UPDATE' then
        insert into public.pricing_model_search (provider_slug, model_id, words)
        values (
            new.provider_slug,
            new.model_id,
            public.pricing_search_words(new.provider_slug, new.model_id, new.name)
        )
        on conflict (provider_slug, model_id) do update set words = excluded.words;
    end if;
    return null;
end;
$$;

comment on function public.follow_model_names() is
'Trigger: bring pricing_model_search in line with a model that has another provider, id or name, or is gone.';
