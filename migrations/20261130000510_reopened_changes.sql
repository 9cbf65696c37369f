alter table public.pricing_held_changes add column reopened_at timestamptz;

comment on column public.pricing_held_changes.reopened_at is 'When a person made a rejected change wait again: from then on its hours count; null: never.';
comment on column public.pricing_sync_log.details is 'skipped: the models not understood, with reasons; unknown_keys: price keys seen for the first time; models_rejected: of models_held, those that a person had rejected earlier; differences: of a dry run.';
