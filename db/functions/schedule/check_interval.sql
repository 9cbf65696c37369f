-- The check constraints of the columns compare, which intervals of mixed signs may pass (require_interval).
-- after: require_interval
create or replace function public.check_interval()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform public.require_interval(c.name, (to_jsonb(new) ->> c.name)::interval)
    from unnest(tg_argv::text[]) as c (name);
    return new;
end;
$$;

comment on function public.check_interval() is
'Trigger: refuse an interval with a part below zero in the columns that its arguments name, with PT422.';
