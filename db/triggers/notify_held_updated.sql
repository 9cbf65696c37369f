create or replace trigger pricing_notify_held_updated
after update on public.pricing_held_changes
referencing old table as old_rows new table as new_rows
for each statement
execute function public.notify_held_changes();
