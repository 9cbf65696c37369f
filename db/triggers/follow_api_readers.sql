create or replace trigger pricing_follow_api_readers
after insert or update of api_readers on public.pricing_settings
for each row
execute function public.follow_api_readers();
