create or replace function public.fill_history_provider()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    new.provider_slug := (select m.provider_slug from public.model_pricing m where m.id = new.model_id);
    return new;
end;
$$;

comment on function public.fill_history_provider() is
'Trigger: give a history row the provider of its model.';
