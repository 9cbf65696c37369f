-- Deletions by the retention are not logged: they are no person's decision.
-- after: pricing_is_called_by, pricing_who
create or replace function public.audit_deleted_jobs()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_stack text;
begin
    get diagnostics v_stack = pg_context;
    if public.pricing_is_called_by(v_stack, 'cleanup_old_pricing_jobs') then
        return null;
    end if;
    if tg_op = 'TRUNCATE' then
        insert into public.pricing_audit_log (who, action, subject)
        values (public.pricing_who(), 'truncate_pricing_sync_jobs', 'pricing_sync_jobs');
        return null;
    end if;
    insert into public.pricing_audit_log (who, action, subject, details)
    select
        public.pricing_who(),
        'delete_pricing_sync_jobs',
        case count(*) when 1 then min(d.job_id::text) else 'pricing_sync_jobs' end,
        jsonb_build_object('jobs', count(*), 'job_ids', jsonb_agg(d.job_id) filter (where d.place <= 100))
    from (select o.job_id, row_number() over (order by o.triggered_at desc) as place from deleted o) as d
    having count(*) > 0;
    return null;
end;
$$;

comment on function public.audit_deleted_jobs() is
'Trigger: write an audit row when a person deletes jobs: how many, and the newest 100.';
