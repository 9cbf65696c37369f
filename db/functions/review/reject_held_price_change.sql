-- after: review_held_changes
create or replace function public.reject_held_price_change(
    id bigint,
    rejected_by text default current_user,
    note text default null
)
returns public.pricing_held_changes
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    select * from public.review_held_changes('rejected', rejected_by, note, p_ids => array[id]);
$$;

comment on function public.reject_held_price_change(bigint, text, text) is
'Keep the price in force for as long as the provider lists this one; returns the rejected change.';
