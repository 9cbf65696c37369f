-- A trigger, so that no way past our functions changes what waits unheard. The count is that after the statement: where one
-- transaction ends held changes and holds others, the last notification of a provider has the final one.
create or replace function public.notify_held_changes()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_changed record;
begin
    if tg_op = 'INSERT' then
        for v_changed in
            select n.provider_slug as provider, array_agg(distinct n.job_id) as jobs
            from new_rows n
            where n.status = 'held'
            group by n.provider_slug
            order by n.provider_slug
        loop
            perform public.notify_held_count(v_changed.provider, v_changed.jobs);
        end loop;
        return null;
    end if;
    for v_changed in
        select n.provider_slug as provider, array_agg(distinct n.job_id) as jobs
        from new_rows n
        join old_rows o on o.id = n.id
        where (n.status = 'held') <> (o.status = 'held')
        group by n.provider_slug
        order by n.provider_slug
    loop
        perform public.notify_held_count(v_changed.provider, v_changed.jobs);
    end loop;
    return null;
end;
$$;

comment on function public.notify_held_changes() is
'Trigger: notify channel pricing_held of each provider whose held changes became more or fewer, after commit.';
