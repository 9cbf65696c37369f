-- after: review_held_changes
create or replace function public.approve_held_price_changes(
    job_id uuid,
    approved_by text default current_user,
    note text default null
)
returns setof public.pricing_held_changes
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    select * from public.review_held_changes('approved', approved_by, note, p_job_id => job_id);
$$;

comment on function public.approve_held_price_changes(uuid, text, text) is
'Approve all held changes that this job was the last to report; returns them.';
