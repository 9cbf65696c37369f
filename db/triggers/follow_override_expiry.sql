create or replace trigger pricing_follow_override_expiry
after update on public.pricing_overrides
referencing old table as old_rows new table as new_rows
for each statement
execute function public.follow_override_expiry();
