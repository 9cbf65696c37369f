create or replace trigger pricing_count_new_models
after insert on public.model_pricing
referencing new table as new_rows
for each statement
execute function public.count_models();
