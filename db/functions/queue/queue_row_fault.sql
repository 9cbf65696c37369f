-- jsonb and timestamptz hold values that Python cannot read: such a row would end each worker that fetches it. The bounds
-- are wide, because they apply to every task.
create or replace function public.queue_row_fault(p_args jsonb, p_scheduled_at timestamptz)
returns text
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    return case
        when jsonb_typeof(p_args) is distinct from 'object' then 'The arguments of a task are not an object'
        when octet_length(p_args::text) > 1000000 then 'The arguments of a task have more than 1,000,000 bytes'
        -- A short text is neither deep nor a long number.
        when octet_length(p_args::text) > 200 and jsonb_path_exists(p_args, '$.**{100}')
            then 'The arguments of a task are nested 100 deep'
        when octet_length(p_args::text) > 1000 and exists (
            select from jsonb_path_query(p_args, '$.** ? (@.type() == "number")') as n where length(n::text) > 1000
        ) then 'The arguments of a task have a number of more than 1,000 digits'
        when p_scheduled_at not between timestamptz '1000-01-01 00:00:00+00' and timestamptz '9000-01-01 00:00:00+00'
            then 'The scheduled time of a task is outside the years 1000 to 9000'
    end;
end;
$$;

comment on function public.queue_row_fault(jsonb, timestamptz) is
'Why no worker can read a queue row with these arguments and this time, in one sentence; null when it can.';
