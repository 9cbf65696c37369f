"""Every query of the dashboard, the alerts and docs/slo.md asks for what a scrape has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg.rows import DictRow

from tests.db.pricing import Pricing, price
from tests.docs.blocks import blocks
from tests.service.web.metrics_page import samples, scraped
from tests.service.web.running import ACTIVE, Web
from tests.support.processes import ROOT
from tests.support.promql import (
    grouping_labels,
    label_values,
    selectors,
    without_variables,
)
from tests.support.promtool import require_valid

DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/pricing-sync.json").read_text())
ALERTS: dict[str, Any] = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text())
RULES: list[dict[str, str]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
# Prometheus adds these to what it scrapes.
ADDED = {"instance", "pod", "job"}
SLO = "docs/slo.md"

Series = dict[str, list[dict[str, str]]]


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def dashboard_queries() -> Iterator[str]:
    for panel in panels():
        for target in panel["targets"]:
            yield without_variables(target["expr"])


def queries() -> list[str]:
    return [
        *dashboard_queries(),
        *(rule["expr"] for rule in RULES),
        *(block.text for block in blocks(SLO) if block.language == "promql"),
    ]


@pytest.fixture
def series(web: Web, connection: psycopg.Connection[DictRow]) -> Series:
    """The labels of each series by its name, after a sync and a tick; recorded ones too."""
    pricing = Pricing(connection)
    pricing.sync("openrouter", [price("a")])
    pricing.do("select tick_pricing_schedule('worker')")
    web.client.get(ACTIVE)
    found: Series = {}
    for name, labels, _ in samples(scraped(web).values()):
        found.setdefault(name, []).append(labels)
    for rule in RULES:
        if "record" in rule:
            found[rule["record"]] = [{}]
    return found


def test_they_name_what_is_there(series: Series) -> None:
    asked = queries()
    assert len(asked) > 60
    known = {label for each in series.values() for labels in each for label in labels}
    for query in asked:
        found = selectors(query)
        assert found, query
        for selector in found:
            assert selector.name in series, (selector.name, query)
            for label, operator, value in selector.matchers:
                values = {labels.get(label) for labels in series[selector.name]}
                assert values != {None}, (label, query)
                if operator in ("=", "=~"):
                    pattern = re.escape(value) if operator == "=" else value
                    assert any(re.fullmatch(pattern, each) for each in values if each), query
        assert grouping_labels(query) <= known | ADDED, query


def test_each_metric_is_on_the_dashboard(series: Series) -> None:
    shown = {selector.name for query in dashboard_queries() for selector in selectors(query)}
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in series if ":" not in name}
    assert families <= {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown}


def test_they_are_promql(tmp_path: Path) -> None:
    require_valid(queries(), tmp_path)


def test_the_dashboard_can_be_imported(series: Series) -> None:
    """Panels ask the chosen data source, and the variable filters all that have a provider."""
    variables = {each["name"]: each for each in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert variables["datasource"]["query"] == "prometheus"
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    assert variables["provider"]["datasource"] == chosen
    metric, label = label_values(variables["provider"]["query"]["query"]) or ("", "")
    assert any(label in labels for labels in series[metric])
    identifiers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(identifiers) == len(set(identifiers))
    for panel in panels():
        assert panel["title"]
        assert panel["datasource"] == chosen
        references = [target["refId"] for target in panel["targets"]]
        assert len(references) == len(set(references)), panel["title"]
        for target in panel["targets"]:
            assert target["datasource"] == chosen
            for selector in selectors(target["expr"]):
                labels = series[selector.name][0]
                given = {name: value for name, _, value in selector.matchers}
                assert ("provider" in labels) == (given.get("provider") == "$provider"), target
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                assert any(label in labels for each in series.values() for labels in each)


def test_no_two_panels_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
