create or replace trigger pricing_sign_audit_row
before insert on public.pricing_audit_log
for each row
execute function public.sign_audit_row();
