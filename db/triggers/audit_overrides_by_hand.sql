create or replace trigger pricing_audit_overrides_by_hand
after insert or delete or update on public.pricing_overrides
for each row
execute function public.audit_change_by_hand('set_price_override', 'clear_price_override', 'end_expired_overrides');
