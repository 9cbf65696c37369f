create or replace trigger pricing_count_removed_models
after delete on public.model_pricing
referencing old table as old_rows
for each statement
execute function public.count_models();
