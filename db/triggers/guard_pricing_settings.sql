create or replace trigger pricing_guard_settings
before delete or truncate on public.pricing_settings
for each statement
execute function public.guard_pricing_settings();
