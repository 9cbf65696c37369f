create or replace trigger pricing_check_settings
before delete or truncate on public.pricing_settings
for each statement
execute function public.check_pricing_settings();
