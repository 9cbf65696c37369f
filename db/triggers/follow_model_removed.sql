create or replace trigger pricing_follow_model_removed
after delete on public.model_pricing
for each row
execute function public.follow_model_names();
