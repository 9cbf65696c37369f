-- Two columns: a person writes enabled, and reads state.
create or replace function public.follow_provider_switch()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if not new.enabled then
        new.state := 'disabled';
    elsif new.state = 'disabled' then
        new.state := case when new.adapter is null or not new.price_api then 'no_price_api' else 'ok' end;
    end if;
    return new;
end;
$$;

comment on function public.follow_provider_switch() is 'Trigger: keep a provider''s state in line with enabled.';
