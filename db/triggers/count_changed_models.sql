create or replace trigger pricing_count_changed_models
after update on public.model_pricing
referencing old table as old_rows new table as new_rows
for each statement
execute function public.count_models();
