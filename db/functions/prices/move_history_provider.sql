-- A repair by hand, under pricing.maintenance, may give a model another provider.
create or replace function public.move_history_provider()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    update public.model_pricing_history h
    set provider_slug = new.provider_slug
    where h.model_id = new.id;
    return null;
end;
$$;

comment on function public.move_history_provider() is
'Trigger: give the history of a model the provider that the model was given.';
