-- Every column of every table says what it is, in the words of docs/glossary.md; docs/schema.md is written from these.

comment on column public.model_pricing.id is 'Referred to as model_id by history, held changes and overrides.';
comment on column public.model_pricing.provider_slug is 'The provider whose price it is, pricing_providers.slug.';
comment on column public.model_pricing.name is 'The model''s name for people; null where the list has none.';
comment on column public.model_pricing.first_seen_at is 'When a list first had the model.';

comment on column public.model_pricing_history.id is 'Rises with each row; orders rows of one changed_at.';
comment on column public.model_pricing_history.conditions is 'Prices that replace the base under a condition (prompt size, UTC window), in the provider''s order: later entries win.';
comment on column public.model_pricing_history.extra is 'Price keys without a column, verbatim.';
comment on column public.model_pricing_history.pricing_source is 'api:<provider>, or catalogue:genai-prices@<version>.';

comment on column public.pricing_api_keys.name is 'The name for people; it is what the audit log says.';
comment on column public.pricing_api_keys.created_at is 'When the key was made.';
comment on column public.pricing_api_keys.created_by is 'Who made it.';
comment on column public.pricing_api_keys.expires_at is 'From then on the key is refused; null: it does not expire.';
comment on column public.pricing_api_keys.revoked_at is 'When a person revoked it; null: not revoked.';
comment on column public.pricing_api_keys.revoked_by is 'Who revoked it.';

comment on column public.pricing_audit_log.id is 'Rises with each row.';
comment on column public.pricing_audit_log.at is 'When it was written.';
comment on column public.pricing_audit_log.details is 'What was decided, as JSON; the keys depend on action.';
comment on column public.pricing_audit_log.key_name is 'The name of the bearer key that the web process has checked; null for callers that used no key.';
comment on column public.pricing_audit_log.subject is 'What the action was done to: a key''s name, a job''s id, a provider and so on.';

comment on column public.pricing_catalogue_prices.provider_slug is 'The provider, pricing_providers.slug.';
comment on column public.pricing_catalogue_prices.model_id is 'The model''s id as the provider spells it, case included.';
comment on column public.pricing_catalogue_prices.updated_at is 'When the row was last written.';

comment on column public.pricing_change_rules.id is 'For end_price_change_rule.';
comment on column public.pricing_change_rules.provider_slug is 'The provider, pricing_providers.slug.';
comment on column public.pricing_change_rules.reason is 'Why the person accepts such changes.';
comment on column public.pricing_change_rules.created_by is 'Who made the rule.';
comment on column public.pricing_change_rules.created_at is 'When the rule was made.';
comment on column public.pricing_change_rules.expires_at is 'When the rule ends by itself.';
comment on column public.pricing_change_rules.ended_at is 'When a person ended it before that time; null: not ended.';
comment on column public.pricing_change_rules.ended_by is 'Who ended it.';

comment on table public.pricing_given_up_syncs is 'Attempts that a worker gave up while another session locked their queue row, log row or job; the first clean-up that gets the locks queues them again.';
comment on column public.pricing_given_up_syncs.attempt is 'The number of the attempt that was given up.';
comment on column public.pricing_given_up_syncs.message is 'Which session locked what, as far as the database could tell; it becomes the error_message of the attempt.';
comment on column public.pricing_given_up_syncs.given_up_at is 'When the worker gave up.';

comment on table public.pricing_held_changes is 'Price changes that looked wrong and were not applied: those that wait for a person, and what became of the others.';
comment on column public.pricing_held_changes.id is 'For approve_held_price_change and reject_held_price_change.';
comment on column public.pricing_held_changes.provider_slug is 'The provider, pricing_providers.slug.';
comment on column public.pricing_held_changes.reason is 'Why it was held: each suspicious price with its numbers.';
comment on column public.pricing_held_changes.pricing_source is 'api:<provider>, or catalogue:genai-prices@<version>.';
comment on column public.pricing_held_changes.extra is 'Price keys without a column, verbatim.';
comment on column public.pricing_held_changes.first_job_id is 'The first job that said so.';
comment on column public.pricing_held_changes.first_seen_at is 'The first sync that said it.';
comment on column public.pricing_held_changes.observed_at is 'When the provider''s answer arrived.';
comment on column public.pricing_held_changes.decided_at is 'When a person or the system decided; null while it waits.';
comment on column public.pricing_held_changes.decided_by is 'Who decided: a person''s name, rule:<id> or api_sync:<provider>; null while it waits.';
comment on column public.pricing_held_changes.decision_note is 'What the person wrote beside the decision.';

comment on column public.pricing_idempotency_keys.key is 'The caller''s key.';
comment on column public.pricing_idempotency_keys.job_id is 'The job that the key got.';
comment on column public.pricing_idempotency_keys.used_at is 'When the key was first used; 24 hours later it is pruned.';
comment on column public.pricing_idempotency_keys.identity is 'The caller that used the key, as the server knows it (pricing_identity): a key belongs to one caller. In rows from before 0.4.0: what its job''s triggered_by says.';

comment on table public.pricing_locks is 'What the functions of pricing-sync lock, one row each: "prices of <provider>", "triggers of <provider>", "schedule of <scheduler>". The row has no content: a session that has locked it owns what it names. Rows are made when they are first needed, and may be deleted.';
comment on column public.pricing_locks.name is 'What is locked.';

comment on column public.pricing_overrides.id is 'Referred to by changed_by of the history (expiry:<id>).';
comment on column public.pricing_overrides.reason is 'Why the person set it.';
comment on column public.pricing_overrides.created_by is 'Who set it.';
comment on column public.pricing_overrides.created_at is 'When it was set.';
comment on column public.pricing_overrides.ended_at is 'When it ended, by a person or by expiry; null while it is in force.';
comment on column public.pricing_overrides.ended_by is 'Who ended it.';

comment on column public.pricing_providers.name is 'The provider''s name for people.';
comment on column public.pricing_providers.next_sync_at is 'When the schedule enqueues the next sync; null: as soon as possible. A sync by hand does not move it before that time, and replaces the scheduled sync after it.';
comment on column public.pricing_providers.consecutive_failures is 'Failed syncs since the last success.';
comment on column public.pricing_providers.created_at is 'When the row was made.';

comment on column public.pricing_scheduler_ticks.scheduler is 'pg_cron or worker.';
comment on column public.pricing_scheduler_ticks.last_error is 'Why its last tick failed in part; null when it did all its work.';

comment on column public.pricing_schema_ledger.name is 'An engine step or a migration by its file name, or a file of db/ by its path without the folders by subject.';
comment on column public.pricing_schema_ledger.digest is 'SHA-256 of the text that was applied.';
comment on column public.pricing_schema_ledger.applied_at is 'When it was applied.';

comment on column public.pricing_settings.id is 'Always true: there is one row.';
comment on column public.pricing_settings.updated_at is 'When a setting was last changed.';
comment on column public.pricing_settings.scheduler_enabled is 'False: the schedule enqueues no sync; triggers still work, and stuck syncs still expire.';

comment on column public.pricing_sync_jobs.job_id is 'Also the sync_id of the HTTP interface.';
comment on column public.pricing_sync_jobs.triggered_at is 'When the trigger was called.';
comment on column public.pricing_sync_jobs.completed_at is 'When its last provider sync ended; null until then.';
comment on column public.pricing_sync_jobs.dry_run is 'True: nothing is written but the log; details of the attempts have the differences.';
comment on column public.pricing_sync_jobs.providers_total is 'Provider syncs of this job.';
comment on column public.pricing_sync_jobs.models_fetched is 'Models in the lists of its provider syncs, skipped ones included.';
comment on column public.pricing_sync_jobs.error_message is 'The errors of its failed provider syncs, for people; null without one.';
comment on column public.pricing_sync_jobs.idempotency_key is 'The key that the caller sent with the trigger; null without one.';
comment on column public.pricing_sync_jobs.revision is 'Raised by every change that the system makes; a change of status without a new revision is a person''s.';

comment on column public.pricing_sync_log.id is 'Rises with each attempt: the highest of a job and provider is that provider sync''s newest attempt.';
comment on column public.pricing_sync_log.job_id is 'The job; both rows are pruned together.';
comment on column public.pricing_sync_log.provider_slug is 'The provider, pricing_providers.slug.';
comment on column public.pricing_sync_log.status is 'queued, in_progress, success, failed or cancelled.';
comment on column public.pricing_sync_log.triggered_by is 'What the caller of the trigger said of itself.';
comment on column public.pricing_sync_log.queued_at is 'When the attempt began to wait.';
comment on column public.pricing_sync_log.sync_completed_at is 'When the attempt ended; null until then.';
comment on column public.pricing_sync_log.models_skipped is 'Models that could not be understood; details names them.';
comment on column public.pricing_sync_log.error_message is 'The error as a sentence, for people; null without an error.';
comment on column public.pricing_sync_log.worker_id is 'The worker that fetched it, procrastinate.procrastinate_workers.id; null while queued.';

comment on column public.pricing_said_again.provider_slug is 'The provider whose prices they are, whichever list has them.';
comment on column public.pricing_said_again.times is 'How many syncs have said any of them.';
