-- The checks of the columns compare, which an interval of mixed signs passes: checked_interval.
-- after: checked_interval
create or replace function public.guard_interval()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform public.checked_interval(c.name, (to_jsonb(new) ->> c.name)::interval)
    from unnest(tg_argv::text[]) as c (name);
    return new;
end;
$$;

comment on function public.guard_interval() is
'Trigger: refuse an interval with a part below zero in the columns that its arguments name, with PT422.';
