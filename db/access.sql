-- Sets owners and rights by public.pricing_rights. Replayed last: a function that was dropped and created again is
-- executable by every role until then.
do $$
declare
    v_statement text;
begin
    for v_step in 1 .. 6 loop
        for v_statement in
            select d.statement
            from public.pricing_access_differences() d
            where d.step = v_step and d.is_ours
        loop
            execute v_statement;
        end loop;
    end loop;
end;
$$;
