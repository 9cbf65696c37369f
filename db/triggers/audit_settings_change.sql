create or replace trigger pricing_audit_settings_change
after update on public.pricing_settings
for each row
execute function public.audit_settings_change();
