create or replace trigger pricing_count_truncated_models
after truncate on public.model_pricing
for each statement
execute function public.count_models();
