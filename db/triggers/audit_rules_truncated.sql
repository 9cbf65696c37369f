create or replace trigger pricing_audit_rules_truncated
after truncate on public.pricing_change_rules
for each statement
execute function public.audit_change_by_hand();
