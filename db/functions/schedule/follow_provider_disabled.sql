create or replace function public.follow_provider_disabled()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform public.cancel_disabled_syncs(old.slug);
    return null;
end;
$$;

comment on function public.follow_provider_disabled() is
'Trigger: cancel the waiting syncs of a provider that is disabled, deleted or renamed.';
