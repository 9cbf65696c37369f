"""Mutants of what /metrics counts."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

COUNTED = "tests/db/metrics/test_pricing_metrics.py"
MODELS = "tests/db/prices/test_count_models.py"


def _count(name: str, text: str, instead: str, test: str, why: str) -> Mutant:
    return Mutant(f"db/functions/{name}.sql", text, instead, (f"{COUNTED}::{test}",), why)


COUNTING = (
    _count(
        "queue/project_provider_sync",
        "if old.status in ('todo', 'doing') and new.status not in ('todo', 'doing') then",
        "if new.status in ('todo', 'doing') then",
        "test_a_sync_that_succeeds",
        "no sync that ends is counted",
    ),
    _count(
        "cleanup/reconcile_stuck_sync",
        "        perform public.count_ended_sync(p_queue_job_id, p_attempt);\n",
        "",
        "test_an_end_that_could_not_be_projected_is_counted_by_the_clean_up",
        "a sync whose end could not be projected is never counted",
    ),
    _count(
        "metrics/merge_metric_totals",
        "sum(round(t.amount::numeric, 3))",
        "max(t.amount)",
        "test_retention_leaves_the_counters_alone",
        "counters fall when their rows are merged",
    ),
    Mutant(
        "db/functions/prices/count_models.sql",
        "                    -1\n",
        "                    0\n",
        (f"{MODELS}::test_lists",),
        "a model that changes its state is counted twice",
    ),
    Mutant(
        "db/functions/prices/merge_model_counts.sql",
        "sum(t.models)\n",
        "max(t.models)\n",
        (f"{MODELS}::test_no_count_waits_for_another",),
        "models get lost when their counts are merged",
    ),
    Mutant(
        "db/views/pricing_model_numbers.sql",
        "(@ <= $now)",
        "(@ > $now)",
        (f"{MODELS}::test_an_unknown_fee_counts_from_its_moment_on",),
        "a model is unknown before its fee begins, and free from then on",
    ),
    _count(
        "metrics/count_ended_attempt",
        "new.status <> 'cancelled'",
        "true",
        "test_attempts_and_syncs_are_counted_apart",
        "a handed back attempt is in the histogram",
    ),
    _count(
        "metrics/pricing_metrics",
        "order by b.bound",
        "order by b.bound desc",
        "test_buckets_are_cumulative",
        "buckets count what is slower, not what is quicker",
    ),
)
