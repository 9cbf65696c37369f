-- after: review_held_changes
create or replace function public.reject_held_price_changes(
    job_id uuid,
    rejected_by text default current_user,
    note text default null
)
returns setof public.pricing_held_changes
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    select * from public.review_held_changes('rejected', rejected_by, note, p_job_id => job_id);
$$;

comment on function public.reject_held_price_changes(uuid, text, text) is
'Reject all held changes that this job was the last to report; returns them.';
