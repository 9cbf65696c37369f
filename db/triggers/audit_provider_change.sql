-- Row level security tells the owner, as whom our functions write, from a role that was granted UPDATE: every change of
-- such a role is by hand, whatever the column.
create or replace trigger pricing_audit_provider_change
after insert or update or delete on public.pricing_providers
for each row
when (not row_security_active('public.pricing_providers'))
execute function public.audit_provider_change();

create or replace trigger pricing_audit_provider_change_by_others
after insert or update or delete on public.pricing_providers
for each row
when (row_security_active('public.pricing_providers'))
execute function public.audit_provider_change('by others');
