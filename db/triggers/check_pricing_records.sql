-- Ordinary triggers: they do not fire for a subscriber of logical replication or under session_replication_role = replica.
create or replace trigger pricing_check_history
before update or delete on public.model_pricing_history
for each statement
execute function public.check_pricing_records();

create or replace trigger pricing_check_audit_log
before update or delete on public.pricing_audit_log
for each statement
when (current_setting('pricing.writer', true) is distinct from 'on')
execute function public.check_pricing_records();

-- After the TRUNCATE, so that the audit row of the maintenance survives it.
create or replace trigger pricing_check_history_truncate
after truncate on public.model_pricing_history
for each statement
execute function public.check_pricing_records();

create or replace trigger pricing_check_audit_log_truncate
after truncate on public.pricing_audit_log
for each statement
execute function public.check_pricing_records();
