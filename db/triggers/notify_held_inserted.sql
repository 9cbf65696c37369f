create or replace trigger pricing_notify_held_inserted
after insert on public.pricing_held_changes
referencing new table as new_rows
for each statement
execute function public.notify_held_changes();
