create or replace trigger pricing_audit_keys_by_hand
after insert or delete or update on public.pricing_api_keys
for each row
execute function public.audit_change_by_hand('add_pricing_api_key', 'revoke_pricing_api_key', 'rotate_pricing_api_key', 'touch_pricing_api_key');
