"""The metric families of ``pricing_metrics()``: name, type, help and labels of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

BUCKET, SUM = "_bucket", "_sum"


@dataclass(frozen=True)
class Family:
    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class DatabaseSample:
    """A row of ``pricing_metrics()``."""

    name: str
    labels: Mapping[str, str]
    value: float


PROVIDER = ("provider",)

FAMILIES: tuple[Family, ...] = (
    Family(
        "pricing_sync_total",
        "counter",
        "Provider syncs that have ended.",
        ("provider", "outcome"),
    ),
    Family(
        "pricing_sync_attempts_total",
        "counter",
        "Attempts at a provider sync that a worker ran and that have ended.",
        PROVIDER,
    ),
    Family(
        "pricing_sync_errors_total",
        "counter",
        "Attempts that failed, by error_kind.",
        ("provider", "kind"),
    ),
    Family(
        "pricing_sync_duration_seconds",
        "histogram",
        "How long attempts ran that succeeded or failed.",
        PROVIDER,
    ),
    Family(
        "pricing_sync_price_changes_total",
        "counter",
        "Changes of prices in force, first prices included.",
        PROVIDER,
    ),
    Family(
        "pricing_sync_last_success_timestamp_seconds",
        "gauge",
        "When the provider's prices were last confirmed; absent before the first success.",
        PROVIDER,
    ),
    Family(
        "pricing_sync_last_change_timestamp_seconds",
        "gauge",
        "When a sync last changed one of the provider's prices; absent before the first change.",
        PROVIDER,
    ),
    Family(
        "pricing_provider_interval_seconds",
        "gauge",
        "How often the provider is to be synced; absent for one that the schedule does not sync.",
        PROVIDER,
    ),
    Family(
        "pricing_sync_models",
        "gauge",
        "Models by the state of their price: priced, free, unknown, held or inactive.",
        ("provider", "state"),
    ),
    Family(
        "pricing_stale_models",
        "gauge",
        "Active priced models that were not confirmed for longer than their interval allows.",
        PROVIDER,
    ),
    Family(
        "pricing_held_changes",
        "gauge",
        "Price changes that wait for a person.",
        PROVIDER,
    ),
    Family(
        "pricing_held_oldest_seconds",
        "gauge",
        "How long the oldest held change has waited; 0 if none waits.",
        PROVIDER,
    ),
    Family(
        "pricing_sync_lock_held_seconds",
        "gauge",
        "How long the running sync of the provider has held its lock; 0 if none runs.",
        PROVIDER,
    ),
    Family(
        "pricing_sync_queue_size",
        "gauge",
        "Provider syncs that are open: queued or in_progress.",
        ("status",),
    ),
    Family(
        "pricing_sync_oldest_queued_seconds",
        "gauge",
        "How long the oldest queued provider sync has waited; 0 if none waits.",
    ),
    Family(
        "pricing_workers_alive",
        "gauge",
        "Workers with a heartbeat within the lease.",
    ),
    Family(
        "pricing_cron_last_tick_timestamp_seconds",
        "gauge",
        "When the scheduler (pg_cron or worker) last ticked; absent before its first tick.",
        ("scheduler",),
    ),
    Family(
        "pricing_scheduler_enabled",
        "gauge",
        "1 if the schedule is on, 0 if a person has paused it.",
    ),
)


def with_samples(samples: Iterable[DatabaseSample]) -> Iterable[Metric]:
    """Every family, those without a sample included, in the order of FAMILIES."""
    by_family: dict[str, list[DatabaseSample]] = {family.name: [] for family in FAMILIES}
    histograms = {family.name for family in FAMILIES if family.kind == "histogram"}
    for sample in samples:
        name = sample.name
        if name not in by_family:
            name = next((each for each in histograms if name.startswith(each)), name)
        # A row of a newer version's function is left out.
        by_family.get(name, []).append(sample)
    for family in FAMILIES:
        yield _filled(family, by_family[family.name])


def _filled(family: Family, samples: list[DatabaseSample]) -> Metric:
    if family.kind == "histogram":
        return _histogram(family, samples)
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = kind(family.name, family.help, labels=family.labels)
    for sample in samples:
        metric.add_metric([sample.labels[name] for name in family.labels], sample.value)
    return metric


def _histogram(family: Family, samples: list[DatabaseSample]) -> Metric:
    buckets: dict[tuple[str, ...], list[tuple[str, float]]] = {}
    sums: dict[tuple[str, ...], float] = {}
    for sample in samples:
        key = tuple(sample.labels[name] for name in family.labels)
        if sample.name.endswith(BUCKET):
            buckets.setdefault(key, []).append((sample.labels["le"], sample.value))
        elif sample.name.endswith(SUM):
            sums[key] = sample.value
    histogram = HistogramMetricFamily(family.name, family.help, labels=family.labels)
    for key, counted in buckets.items():
        counted.sort(key=lambda bucket: float(bucket[0]))
        histogram.add_metric(key, counted, sums.get(key, 0.0))
    return histogram
