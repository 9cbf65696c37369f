-- Who owns what, and who may do what: made as public.pricing_rights says. Replayed last, because a function that was
-- dropped and made again is executable by everybody until then.
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
