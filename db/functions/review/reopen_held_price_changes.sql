-- after: review_held_changes
create or replace function public.reopen_held_price_changes(
    provider text default null,
    job_id uuid default null,
    reopened_by text default current_user,
    note text default null
)
returns setof public.pricing_held_changes
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    select *
    from public.review_held_changes('reopened', reopened_by, note, p_job_id => job_id, p_provider => provider);
$$;

comment on function public.reopen_held_price_changes(text, uuid, text, text) is
'Make all rejected changes wait again that a provider still lists, or that this job was the last to report; returns them.';
