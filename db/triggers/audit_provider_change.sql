-- Row level security tells the owner, for whom our functions write, from a role that was only granted UPDATE: what such a
-- role changes is by hand, whatever the column.
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
