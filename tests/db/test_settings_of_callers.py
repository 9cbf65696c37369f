"""The SQL editor, PostgREST and pg_cron call our functions under their own session settings.

None of those settings changes what is stored: the same acts run twice and are compared. A result
shows times in the caller's zone, as every statement of that session does.
"""

from __future__ import annotations

import re
from decimal import Decimal

import psycopg
from psycopg.rows import dict_row
from psycopg.types.string import TextLoader

from tests.db.price_changes import guard
from tests.db.price_decisions import call, override
from tests.db.pricing import WRITTEN, Pricing, price
from tests.support.postgres import Cluster

ODD = {
    "DateStyle": "German",
    "IntervalStyle": "sql_standard",
    "TimeZone": "Asia/Kolkata",
    "extra_float_digits": "-15",
    "bytea_output": "escape",
    "xmloption": "document",
    "standard_conforming_strings": "off",
    "escape_string_warning": "off",
    "quote_all_identifiers": "on",
    "transform_null_equals": "on",
    "plpgsql.extra_errors": "all",
}
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Durations and random values.
_VARYING = re.compile(
    r'"(duration_ms|duration_seconds|\w*seconds\w*|key_id|key_digest|replaced_by|replaces|key_ids|pid'
    r'|transaction_id|revision|xmin)": ("[^"]*"|\[[^]]*\]|[\d.]+|null)'
)
# Its rows are merged in any order, and how long attempts took differs between any two runs.
COUNTED = "public.pricing_metric_totals"
_COUNTS = (
    f"select provider_slug, metric, label, sum(amount) from {COUNTED}"
    " where metric not like 'duration%' group by 1, 2, 3"
)
_KEY = re.compile(r"pk_\w+")


def act(pricing: Pricing) -> None:
    """Every kind of act of people, workers and pg_cron, once."""
    guard(pricing)
    pricing.sync("openrouter", [price("m"), price("n"), price("o", "0.0000015", "0.0000025")])
    call(
        pricing, "accept_price_changes", provider="openrouter", up_to_ratio=20, reason="new list",
        until="2100-01-02 03:04:05+02",
    )  # fmt: skip
    changed = pricing.sync(
        "openrouter",
        [
            price("m", "0.0000009"),
            price("n", "0.00003"),
            price("o", "0.0000015", "0.0000025", conditions=[
                {"effective_from": "2026-01-02T03:04:05Z", "price_per_input_token": "0.000002"}
            ]),
        ],
    )  # fmt: skip
    override(pricing, input_per_1m=Decimal("0.31"), force=True, expires_at="2100-01-02 03:04:05+02")
    pricing.do(
        "update public.pricing_overrides set expires_at = timestamptz '2100-06-07 08:09:10+02'"
    )
    call(pricing, "end_price_change_rule", id=pricing.value("select id from pricing_active_rules"))
    call(pricing, "rollback_pricing_sync", job_id=changed["job_id"], dry_run=False)
    call(pricing, "clear_price_override", provider="openrouter", model="m")
    pricing.do(
        "update public.pricing_settings set retention = '40 days 12 hours', lease = '90 seconds'"
    )
    pricing.do(
        "update public.pricing_providers set sync_interval = '1 day 02:03:04.5', timeout = '00:20'"
        " where slug = 'openrouter'"
    )
    pricing.do(
        "select public.create_pricing_api_key('ann', expires_at => '2100-01-02 03:04:05+02')"
    )
    pricing.do("select public.rotate_pricing_api_key(name => 'ann', grace => '1 day 2 hours')")
    pricing.do("select public.revoke_pricing_api_key(name => 'ann')")
    failed = pricing.start("deepinfra", worker_id=pricing.worker("1 hour"))
    pricing.do("select public.cleanup_stuck_pricing_syncs()")
    pricing.do("update public.pricing_settings set scheduler_enabled = true")
    pricing.do("select public.tick_pricing_schedule('worker')")
    call(pricing, "cancel_pricing_sync", job_id=failed.job_id)
    call(pricing, "retry_pricing_sync", job_id=failed.job_id)


# Everything that people and programs read.
ANSWERS = (
    "select jsonb_agg(to_jsonb(p) order by provider, model) from public.model_prices p",
    "select jsonb_agg(to_jsonb(h) order by id) from public.pricing_history h",
    "select jsonb_agg(to_jsonb(h) order by id) from public.pricing_held h",
    "select public.pricing_scheduler_status()",
    "select jsonb_agg(to_jsonb(d) order by provider, model) from public.pricing_drift d",
    "select public.pricing_doctor() - 'hidden_sessions'",
    "select jsonb_agg(to_jsonb(c)) from public.model_price_conditions c",
)


def told(text: object) -> str:
    """The text without what differs between any two runs; the zone of a time stays."""
    for varying, word in ((_TIME, "TIME"), (_UUID, "UUID"), (_VARYING, "VARYING"), (_KEY, "KEY")):
        text = varying.sub(word, str(text))
    return str(text)


def run(cluster: Cluster, settings: dict[str, str]) -> dict[str, list[str]]:
    """Act under these settings in a separate database; returns the state afterwards."""
    with cluster.database(template=cluster.template) as name:
        url = cluster.url_of(name)
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as caller:
            for type_name in ("timestamptz", "interval", "date"):
                caller.adapters.register_loader(type_name, TextLoader)
            for setting, value in settings.items():
                caller.execute("select set_config(%s, %s, false)", [setting, value])
            pricing = Pricing(caller)
            act(pricing)
            for query in ANSWERS:
                pricing.rows(query)
        with psycopg.connect(url, row_factory=dict_row) as reader:
            read = Pricing(reader)
            return {
                table: sorted(
                    told(row["text"])
                    for row in read.rows(f"select to_jsonb(t)::text as text from {table} t")
                )
                for table in WRITTEN
                if table != COUNTED
            } | {COUNTED: sorted(str(row) for row in read.rows(_COUNTS))}


def test_none_changes_what_is_stored(migrated_cluster: Cluster) -> None:
    ordinary, odd = run(migrated_cluster, {}), run(migrated_cluster, ODD)
    for what, text in ordinary.items():
        assert odd[what] == text, what
