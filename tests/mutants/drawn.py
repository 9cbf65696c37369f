"""Mutants of SQL drawn at random from all edits of one token or statement, one for each file."""

from __future__ import annotations

from tests.mutants.mutant import Mutant


def _function(name: str, text: str, instead: str, test: str, why: str) -> Mutant:
    return Mutant(f"db/functions/{name}.sql", text, instead, (f"tests/db/{test}",), why)


def _view(name: str, text: str, instead: str, test: str, why: str) -> Mutant:
    return Mutant(f"db/views/{name}.sql", text, instead, (f"tests/db/{test}",), why)


DRAWN = (
    _function(
        "review/resolve_price_changes",
        "not public.pricing_sets_differ(\n",
        "public.pricing_sets_differ(\n",
        "review/test_hold_price_changes.py::test_it_is_seen_again_ten_times_and_never_written",
        "a held change is taken for another one whenever the provider repeats it",
    ),
    _function(
        "cleanup/reconcile_pricing_jobs",
        "v_reconciled := v_reconciled\n            + (",
        "v_reconciled := v_reconciled\n            - (",
        "cleanup/test_reconcile_pricing_jobs.py::test_an_end_or_a_retry_that_was_not_projected",
        "log rows that were reconciled are subtracted from the number",
    ),
    _function(
        "review/review_held_changes",
        "elsif v_held.status <> 'held' and not",
        "elsif v_held.status <> 'approved' and not",
        "review/test_reject_held_price_change.py::test_the_price_stays",
        "no held change can be rejected",
    ),
    _function(
        "reports/pricing_access_differences",
        "p.proowner = e.owner or not exists (",
        "p.proowner = e.owner and not exists (",
        "test_access.py::test_rights_on_functions",
        "the rights on functions stay what the server gives by default",
    ),
    _function(
        "keys/pricing_has_admin_key",
        "and api_key.revoked_at is null",
        "or api_key.revoked_at is null",
        "keys/test_pricing_api_key.py::test_revoked_and_expired_keys_are_not_valid",
        "a reader's key counts as an administrator's",
    ),
    _view(
        "model_price_conditions",
        "'price_per_cache_write_1h_token')::numeric * 1000000)",
        "'price_per_cache_write_1h_token')::numeric * 1000001)",
        "prices/test_model_price_conditions.py::test_each_price_is_of_a_million_tokens",
        "a conditional price of an hour in the cache is a millionth too high",
    ),
    _view(
        "pricing_rights",
        "left join lateral unnest(function.callers) as role (name) on true",
        "left join lateral unnest(function.callers) as role (name) on false",
        "test_access.py::test_rights_on_functions",
        "no role but the owner may call a function",
    ),
    _function(
        "cleanup/cleanup_stuck_pricing_syncs",
        "syncs_cleaned := syncs_cleaned + v_cleaned;",
        "syncs_cleaned := syncs_cleaned - v_cleaned;",
        "cleanup/test_cleanup_stuck_pricing_syncs.py"
        "::test_a_sync_whose_worker_is_lost_is_queued_again",
        "a clean-up returns a negative number of syncs",
    ),
    _function(
        "queue/passes_fence",
        "and p_row.attempts + 1 = p_attempt",
        "and p_row.attempts - 1 = p_attempt",
        "queue/test_give_up_sync.py::test_what_a_caller_of_our_functions_locks",
        "an attempt that waits for a lock is never given up",
    ),
    _function(
        "queue/add_pricing_sync_job",
        "perform public.defer_provider_syncs(v_job.job_id, p_providers);",
        "null;",
        "queue/test_trigger_pricing_sync.py"
        "::test_without_arguments_it_queues_all_that_can_be_synced",
        "a job has no provider syncs, and stays open",
    ),
    _function(
        "queue/get_provider_sync",
        "left join public.pricing_providers p",
        "join public.pricing_providers p",
        "queue/test_get_provider_sync.py::test_of_a_deleted_provider_nothing_else_is_known",
        "a worker takes the sync of a deleted provider for one that another worker has",
    ),
    _function(
        "prices/write_price_changes",
        "left join public.pricing_overrides o\n",
        "join public.pricing_overrides o\n",
        "prices/test_write_model_prices.py::test_a_first_price_and_all_that_is_known_of_it",
        "only prices with an override are written",
    ),
    _function(
        "cleanup/cleanup_old_pricing_jobs",
        "if v_is_early and v_pruned > 0 then",
        "if v_is_early or v_pruned > 0 then",
        "cleanup/test_cleanup_old_pricing_jobs.py::test_open_jobs_stay_however_old",
        "the audit log has a row for each early call that pruned nothing",
    ),
    _function(
        "schedule/schedule_slot_holders",
        "perform from public.pricing_providers p"
        " where p.slug = v_provider for no key update skip locked;",
        "null;",
        "schedule/test_tick_pricing_schedule.py::test_every_tick_leaves_a_heartbeat",
        "a due provider whose row is not locked is reported as locked",
    ),
    _function(
        "prices/record_price_in_force",
        "if not public.pricing_differ(",
        "if public.pricing_differ(",
        "prices/test_pricing_unrecorded_prices.py::test_it_is_recorded",
        "a price that was changed by hand cannot be recorded",
    ),
    _function(
        "review/pricing_moves",
        "order by h.changed_at desc, h.id desc",
        "order by h.changed_at, h.id desc",
        "review/test_judge_price_changes.py"
        "::test_the_last_positive_price_counts_when_it_was_unknown_or_nothing_since",
        "a price that was unknown is measured by the oldest price instead of the last",
    ),
    _function(
        "prices/pricing_unrecorded_prices",
        "where h.is_in_force\n",
        "where true\n",
        "prices/test_pricing_unrecorded_prices.py::test_what_is_no_difference",
        "each model with an override is reported as changed by hand",
    ),
    _function(
        "schedule/enqueue_due_pricing_syncs",
        "return query\n"
        "        select *\n"
        "        from public.add_pricing_sync_job(\n"
        "            v_enqueued,\n"
        "            'schedule',\n"
        "            jsonb_build_object("
        "'providers', v_enqueued, 'dry_run', false, 'on_conflict', 'queue')\n"
        "        );\n",
        "null;\n",
        "schedule/test_enqueue_due_pricing_syncs.py"
        "::test_all_that_are_due_are_one_job_and_their_slots_move_on",
        "the schedule moves on and queues no sync",
    ),
    _function(
        "locks/release_pricing_lock",
        "if not found or not public.lock_log_row(",
        "if found or not public.lock_log_row(",
        "locks/test_release_pricing_lock.py::test_of_one_provider",
        "a lock is not released",
    ),
    _function(
        "prices/apply_provider_list",
        "public.passes_fence(q, apply_provider_list.attempt)\n    for no key update;",
        "public.passes_fence(q, apply_provider_list.attempt);",
        "prices/test_apply_provider_prices.py::test_concurrent_applies_of_one_attempt_write_once",
        "prices of one attempt are written twice, or after another session cancelled it",
    ),
    _function(
        "queue/trigger_pricing_sync",
        "and k.key = trigger_pricing_sync.idempotency_key\n"
        "                    and k.used_at >= v_since",
        "or k.key = trigger_pricing_sync.idempotency_key\n"
        "                    and k.used_at >= v_since",
        "queue/test_idempotency_identity.py::test_an_earlier_use_under_another_name_stays_there",
        "a caller gets the job of another caller who used the same idempotency key",
    ),
    _function(
        "locks/require_fresh_reads",
        "if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then",
        "if false then",
        "locks/test_require_fresh_reads.py::test_a_rule_that_was_ended_meanwhile_lets_nothing_pass",
        "a rule that was ended lets a change pass",
    ),
    _function(
        "review/rollback_pricing_sync",
        "dry_run boolean default true,",
        "dry_run boolean default false,",
        "review/test_rollback_pricing_sync.py::test_it_is_shown_first_then_done",
        "a rollback that was to be shown is done",
    ),
    _function(
        "queue/end_provider_sync",
        "v_kind := coalesce(v_kind, 'cancelled');",
        "v_kind := coalesce('cancelled', v_kind);",
        "queue/test_end_provider_sync.py::test_cancelled",
        "the log does not say why a sync was cancelled",
    ),
    _function(
        "prices/lock_listed_prices",
        "and p.last_success_at is not null\n",
        "and p.last_success_at is null\n",
        "prices/test_apply_provider_prices.py"
        "::test_writers_of_one_provider_s_prices_wait_for_each_other",
        "the catalogue writes the prices of providers that publish their own",
    ),
    _function(
        "review/lock_held_price_change",
        "h.id = p_id;\n    if not found then",
        "h.id = p_id;\n    if false then",
        "review/test_approve_held_price_change.py::test_an_unknown_one",
        "an approval of a change that does not exist succeeds",
    ),
    _function(
        "locks/wait_for_locks_until",
        "        true\n    );",
        "        false\n    );",
        "locks/test_take_pricing_lock.py::test_the_session_s_own_timeout_is_what_it_was",
        "the session keeps a lock_timeout of milliseconds",
    ),
    _function(
        "cleanup/list_stuck_syncs",
        "order by e.queue_job_id, ",
        "order by e.queue_job_id desc, ",
        "cleanup/test_expire_stalled_syncs.py"
        "::test_a_worker_that_comes_back_in_between_keeps_its_sync",
        "the syncs that have waited longest are expired last, or by a later call",
    ),
    _function(
        "queue/fetch_queue_rows",
        "if not found and exists (",
        "if found and exists (",
        "queue/test_fetch_queue_row.py::test_many_locked_jobs_cost_no_time",
        "a worker skips the jobs that are free and takes those that are locked",
    ),
    _function(
        "reports/pricing_doctor",
        "where p.enabled and p.adapter is not null",
        "where p.enabled and p.adapter is null",
        "reports/test_pricing_doctor.py::test_an_idle_database",
        "the doctor looks at no provider",
    ),
)
