-- resolve_price_changes and the preview of a rule ask it.
create or replace function public.rule_accepts_change(p_up_to_ratio numeric, p_ratio numeric, p_kinds text[])
returns boolean
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
    -- What waits for the list alone, such as a first price in it, has no ratio of its own.
    select coalesce(
        coalesce(p_ratio, case when p_kinds = '{moves}' then 1 end) <= p_up_to_ratio
            and p_kinds <> '{}'
            and p_kinds <@ '{ratio,list,moves}',
        false
    );
$$;

comment on function public.rule_accepts_change(numeric, numeric, text[]) is
'Whether a rule up to that factor accepts a held change: by its largest ratio, and the kinds of its evidence.';
