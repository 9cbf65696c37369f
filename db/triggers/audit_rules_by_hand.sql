create or replace trigger pricing_audit_rules_by_hand
after insert or delete or update on public.pricing_change_rules
for each row
execute function public.audit_change_by_hand('accept_price_changes', 'end_price_change_rule');
