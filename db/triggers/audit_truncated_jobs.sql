create or replace trigger pricing_audit_truncated_jobs
after truncate on public.pricing_sync_jobs
for each statement
execute function public.audit_deleted_jobs();
