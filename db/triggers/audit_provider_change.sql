create or replace trigger pricing_audit_provider_change
after insert or update or delete on public.pricing_providers
for each row
execute function public.audit_provider_change();
