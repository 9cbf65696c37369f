-- after: review_held_changes
create or replace function public.approve_held_price_change(
    id bigint,
    approved_by text default current_user,
    note text default null
)
returns public.pricing_held_changes
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    select * from public.review_held_changes('approved', approved_by, note, p_ids => array[id]);
$$;

comment on function public.approve_held_price_change(bigint, text, text) is
'Approve a held change, or a rejected one that the provider still lists: it becomes the price in force (under an override: the synced one). Returns it.';
