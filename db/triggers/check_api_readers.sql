create or replace trigger pricing_check_api_readers
before insert or update of api_readers on public.pricing_settings
for each row
execute function public.check_api_readers();
