create or replace trigger pricing_audit_keys_truncated
after truncate on public.pricing_api_keys
for each statement
execute function public.audit_change_by_hand();
