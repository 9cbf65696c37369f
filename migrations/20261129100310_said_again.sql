-- A list that says all of its held prices again is one row here, not one for each of them: 25,000 held rows would be
-- written at every sync, and at every answer that the list is as it was.
create table public.pricing_said_again (
    provider_slug text primary key,
    times bigint not null default 1 check (times > 0),
    said_at timestamptz not null,
    job_id uuid,
    observed_at timestamptz
);

alter table public.pricing_said_again enable row level security;

comment on table public.pricing_said_again is 'The last sync that said held or rejected prices of a provider once more; pricing_held_all puts it beside each of them.';
comment on column public.pricing_said_again.provider_slug is 'Whose prices they are, whichever list says them.';
comment on column public.pricing_said_again.times is 'Syncs that said any of them, ever.';
comment on column public.pricing_said_again.said_at is 'When the last of them was applied.';
comment on column public.pricing_said_again.job_id is 'The job of the last of them.';
comment on column public.pricing_said_again.observed_at is 'When the provider''s answer to the last of them arrived.';

alter table public.pricing_held_changes add column said_again_from bigint;

comment on column public.pricing_held_changes.said_again_from is 'Every sync since pricing_said_again.times was this has said it again, and is not counted here: read pricing_held_all. Null: what stands here is all.';
comment on column public.pricing_held_changes.times_seen is 'Syncs that said the same, from first_seen_at to last_seen_at; pricing_held_all has what said_again_from leaves out.';
comment on column public.pricing_held_changes.last_seen_at is 'The last sync that said it and is counted here; pricing_held_all has the last of all.';
comment on column public.pricing_held_changes.job_id is 'The last job that said so and is counted here, first_job_id the first; pricing_held_all has the last of all.';

create index pricing_held_changes_said on public.pricing_held_changes (provider_slug)
    where still_said and status in ('held', 'rejected');
