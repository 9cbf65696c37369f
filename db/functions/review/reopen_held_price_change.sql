-- after: review_held_changes
create or replace function public.reopen_held_price_change(
    id bigint,
    reopened_by text default current_user,
    note text default null
)
returns public.pricing_held_changes
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    select * from public.review_held_changes('reopened', reopened_by, note, p_ids => array[id]);
$$;

comment on function public.reopen_held_price_change(bigint, text, text) is
'Make a rejected change that its provider still lists wait again, as if it had been held now; the audit log keeps the rejection. Returns it.';
