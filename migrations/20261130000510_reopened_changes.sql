alter table public.pricing_held_changes add column reopened_at timestamptz;

comment on column public.pricing_held_changes.reopened_at is 'When a person made a rejected change wait again: from then on its hours count; null: never.';
