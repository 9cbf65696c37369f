-- Without this row nothing is cleaned up, scheduled or fetched.
create or replace function public.check_pricing_settings()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception 'The row of settings cannot be deleted'
        using errcode = 'PT409', hint = 'Change it: update pricing_settings set ...; information_schema.columns has the defaults.';
end;
$$;

comment on function public.check_pricing_settings() is 'Trigger: refuse to delete the one row of settings, with PT409.';
