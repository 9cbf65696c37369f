create or replace trigger pricing_audit_overrides_truncated
after truncate on public.pricing_overrides
for each statement
execute function public.audit_change_by_hand();
