"""What a scrape says, parsed by the client library of Prometheus."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.service.web.running import Web

METRICS = "/metrics"


def scraped(web: Web) -> dict[str, Metric]:
    """Each family by its name; a counter's is without ``_total``."""
    answer = web.client.get(METRICS)
    assert answer.status_code == 200, answer.text
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def value(families: dict[str, Metric], name: str, **labels: str) -> float | None:
    for sample in samples(families.values()):
        if sample[0] == name and sample[1] == labels:
            return sample[2]
    return None


def samples(families: Iterable[Metric]) -> list[tuple[str, dict[str, str], float]]:
    return [
        (sample.name, dict(sample.labels), sample.value)
        for family in families
        for sample in family.samples
    ]
