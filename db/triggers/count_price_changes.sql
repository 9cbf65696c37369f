create or replace trigger pricing_count_price_changes
after insert on public.model_pricing_history
referencing new table as new_rows
for each statement
execute function public.count_price_changes();
