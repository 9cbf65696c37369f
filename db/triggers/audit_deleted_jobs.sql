create or replace trigger pricing_audit_deleted_jobs
after delete on public.pricing_sync_jobs
referencing old table as deleted
for each statement
execute function public.audit_deleted_jobs();
