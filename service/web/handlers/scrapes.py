"""Answer a scrape of Prometheus: the database's samples, by one query, and this process's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry
from starlette.requests import Request
from starlette.responses import Response

from service.web.app_state import state_of
from service.web.metrics.families import DatabaseSample, with_samples


async def get_metrics(request: Request) -> Response:
    """HttpError 503 without the database: no scrape is better than one without its samples."""
    state = state_of(request)
    rows = await state.database.rows("select name, labels, value from public.pricing_metrics()")
    samples = [DatabaseSample(row["name"], json.loads(row["labels"]), row["value"]) for row in rows]
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Scrape((*with_samples(samples), *state.http_requests.families())))
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(registry), headers={"Content-Type": content_type})


class Scrape(Collector):
    """The collector of one scrape."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = tuple(families)

    def collect(self) -> Iterator[Metric]:
        return iter(self._families)
