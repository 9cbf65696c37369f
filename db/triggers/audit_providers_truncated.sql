create or replace trigger pricing_audit_providers_truncated
after truncate on public.pricing_providers
for each statement
execute function public.audit_change_by_hand();
