"""GET /metrics: the database's numbers and the process's own, as Prometheus reads them."""

from __future__ import annotations

import re

import httpx2
import psycopg
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from psycopg.rows import DictRow

from service.web.metrics.families import FAMILIES, DatabaseSample, with_samples
from service.web.metrics.http_requests import HttpRequests
from tests.db.pricing import Pricing, price
from tests.service.web.metrics_page import METRICS, samples, scraped, value
from tests.service.web.running import ACTIVE, Web, refused, running_web, settings_for
from tests.support.processes import ROOT
from tests.support.promtool import passes

# Names and labels are a contract: alerts and dashboards of operators use them.
CONTRACT = {
    "pricing_sync": ("counter", {"provider", "outcome"}),
    "pricing_sync_attempts": ("counter", {"provider"}),
    "pricing_sync_errors": ("counter", {"provider", "kind"}),
    "pricing_sync_duration_seconds": ("histogram", {"provider"}),
    "pricing_sync_price_changes": ("counter", {"provider"}),
    "pricing_sync_last_success_timestamp_seconds": ("gauge", {"provider"}),
    "pricing_sync_last_change_timestamp_seconds": ("gauge", {"provider"}),
    "pricing_provider_interval_seconds": ("gauge", {"provider"}),
    "pricing_sync_models": ("gauge", {"provider", "state"}),
    "pricing_stale_models": ("gauge", {"provider"}),
    "pricing_held_changes": ("gauge", {"provider"}),
    "pricing_held_oldest_seconds": ("gauge", {"provider"}),
    "pricing_sync_lock_held_seconds": ("gauge", {"provider"}),
    "pricing_sync_queue_size": ("gauge", {"status"}),
    "pricing_sync_oldest_queued_seconds": ("gauge", set()),
    "pricing_workers_alive": ("gauge", set()),
    "pricing_cron_last_tick_timestamp_seconds": ("gauge", {"scheduler"}),
    "pricing_scheduler_enabled": ("gauge", set()),
    "http_requests": ("counter", {"route", "status"}),
    "http_request_duration_seconds": ("histogram", {"route"}),
}
BUCKETS = ["0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "10.0", "30.0", "60.0", "120.0", "300.0"]


def test_every_family_is_there_before_anything_ran(untouched_web: Web) -> None:
    families = scraped(untouched_web)
    assert {name: family.type for name, family in families.items()} == {
        name: kind for name, (kind, _) in CONTRACT.items()
    }
    for name, family in families.items():
        assert family.documentation
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == CONTRACT[name][1], sample
    assert value(families, "pricing_sync_total", provider="openrouter", outcome="success") == 0
    assert value(families, "pricing_workers_alive") == 0
    bounds = [
        labels["le"]
        for name, labels, _ in samples(families.values())
        if name == "pricing_sync_duration_seconds_bucket" and labels["provider"] == "openrouter"
    ]
    assert bounds == [*BUCKETS, "600.0", "+Inf"]


def test_the_page_of_the_api_has_them_all() -> None:
    text = (ROOT / "docs" / "api.md").read_text()
    found = re.findall(r"^\| `((?:pricing|http)_\w+)` \| (\w+) \| ([^|]*) \|", text, re.MULTILINE)
    described = {
        name.removesuffix("_total"): (kind, set(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels in found
    }
    assert described == CONTRACT


def test_promtool_finds_nothing_wrong(untouched_web: Web) -> None:
    passes("check", "metrics", stdin=untouched_web.client.get(METRICS).content)


def test_a_sync_is_seen_at_the_next_scrape(
    web: Web, database: str, connection: psycopg.Connection[DictRow]
) -> None:
    pricing = Pricing(connection)
    pricing.sync("openrouter", [price("a"), price("b")])
    pricing.end(pricing.start("deepinfra"), "failed", "timeout")
    families = scraped(web)
    assert value(families, "pricing_sync_total", provider="openrouter", outcome="success") == 1
    assert value(families, "pricing_sync_total", provider="deepinfra", outcome="failed") == 1
    assert value(families, "pricing_sync_errors_total", provider="deepinfra", kind="timeout") == 1
    assert value(families, "pricing_sync_models", provider="openrouter", state="priced") == 2
    counted = "pricing_sync_duration_seconds_count"
    assert value(families, counted, provider="openrouter") == 1
    infinite = "pricing_sync_duration_seconds_bucket"
    assert value(families, infinite, provider="openrouter", le="+Inf") == 1
    # A restarted process counts on.
    with running_web(settings_for(database)) as restarted:
        again = scraped(restarted)
    assert value(again, "pricing_sync_total", provider="openrouter", outcome="success") == 1


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, "text/plain; version=0.0.4; charset=utf-8"),
        ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
        ("text/html", "text/plain; version=0.0.4; charset=utf-8"),
        (
            # As Prometheus asks.
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
    ],
)
def test_the_format_that_is_asked_for(
    untouched_web: Web, accept: str | None, content_type: str
) -> None:
    headers = {} if accept is None else {"Accept": accept}
    answer = untouched_web.client.get(METRICS, headers=headers)
    assert answer.headers["content-type"].startswith(content_type)
    if "openmetrics" in content_type:
        assert answer.text.endswith("# EOF\n")
        families = openmetrics(answer.text)  # type: ignore[no-untyped-call]
        assert {family.name for family in families} == set(CONTRACT)


def test_requests_are_counted_by_route(web: Web) -> None:
    web.client.get(ACTIVE)
    for path in ("/admin/pricing/sync/a", "/admin/pricing/sync/b"):
        web.client.get(path)
    for path in ("/nothing", "/admin/nothing?a=b", "/.env"):
        web.client.get(path)
    httpx2.get(f"{web.url}{ACTIVE}", timeout=30)
    families = scraped(web)

    def requests(route: str, status: str) -> float | None:
        return value(families, "http_requests_total", route=route, status=status)

    assert requests(ACTIVE, "200") == 1
    assert requests(ACTIVE, "401") == 1
    assert requests(ACTIVE, "500") == 0, "it is there before the first error"
    assert requests("/admin/pricing/sync/{id}", "404") == 2
    assert requests("-", "404") == 3
    count = "http_request_duration_seconds_count"
    assert value(families, count, route=ACTIVE) == 2
    assert value(families, count, route="-") == 3
    routes = {labels["route"] for _, labels, _ in samples(families.values()) if "route" in labels}
    assert routes == {*web.client.get("/openapi.json").json()["paths"], "-"}
    assert value(scraped(web), "http_requests_total", route=METRICS, status="200") == 1


def test_what_callers_write_makes_no_series() -> None:
    requests = HttpRequests([("/a", 200)])
    for route, status in (("/a", 200), ("/made-up", 404), (None, 404), ("/a", None)):
        requests.observe(route, status, 31.0)
    counted = {
        (labels["route"], labels["status"]): value
        for name, labels, value in samples(requests.families())
        if name == "http_requests_total" and value
    }
    assert counted == {("/a", "200"): 1, ("-", "404"): 2, ("/a", "-"): 1}
    slow = [
        value
        for name, labels, value in samples(requests.families())
        if name.endswith("_bucket") and labels == {"route": "/a", "le": "30.0"}
    ]
    assert slow == [0]


def test_without_the_database_there_is_no_half_scrape() -> None:
    settings = settings_for("postgresql://nobody@127.0.0.1:1/nothing")
    with running_web(settings, listening=False) as web:
        answer = web.client.get(METRICS)
        refused(answer, 503, "database_unavailable")
        assert int(answer.headers["retry-after"]) > 0


def test_a_newer_function_does_not_break_an_older_process() -> None:
    families = list(with_samples([DatabaseSample("pricing_of_tomorrow", {"new": "label"}, 1.0)]))
    assert len(families) == len(FAMILIES)
    assert samples(families) == []
