-- Ordinary triggers: a subscriber of logical replication and a restore with session_replication_role = replica pass.
create or replace trigger pricing_check_history
before update or delete on public.model_pricing_history
for each statement
execute function public.check_pricing_records();

create or replace trigger pricing_check_audit_log
before update or delete on public.pricing_audit_log
for each statement
when (current_setting('pricing.writer', true) is distinct from 'on')
execute function public.check_pricing_records();

-- Afterwards, so that the audit row of maintenance outlives it.
create or replace trigger pricing_check_history_truncate
after truncate on public.model_pricing_history
for each statement
execute function public.check_pricing_records();

create or replace trigger pricing_check_audit_log_truncate
after truncate on public.pricing_audit_log
for each statement
execute function public.check_pricing_records();
