"""deploy/prometheus/: the rules are valid, each alert fires when it should, and says what to do."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.docs.test_links import anchors
from tests.support.processes import ROOT
from tests.support.promtool import passes

HERE = ROOT / "deploy" / "prometheus"
ALERTS: dict[str, Any] = yaml.safe_load((HERE / "alerts.yaml").read_text())
TESTS: dict[str, Any] = yaml.safe_load((HERE / "alerts.test.yaml").read_text())
RULES: dict[str, dict[str, Any]] = {
    rule["alert"]: rule for group in ALERTS["groups"] for rule in group["rules"] if "alert" in rule
}
FIRING = 'count by (alertname, provider) (ALERTS{alertstate="firing"})'


def test_the_rules_and_the_scrape_are_valid() -> None:
    passes("check", "rules", HERE / "alerts.yaml")
    passes("check", "config", "--syntax-only", HERE / "prometheus.yaml")


@pytest.mark.long
def test_the_alerts() -> None:
    passes("test", "rules", HERE / "alerts.test.yaml")


def test_each_alert_is_tested_to_fire_and_not_to() -> None:
    """Each check lists all alerts that fire, so one that is missing there must not fire."""
    checks = [check for test in TESTS["tests"] for check in test["promql_expr_test"]]
    assert {check["expr"] for check in checks} == {FIRING}
    fired = [str(check.get("exp_samples", [])) for check in checks]
    for name in RULES:
        fires = [f'alertname="{name}"' in each for each in fired]
        assert any(fires) and not all(fires), name
    names = {test["name"] for test in TESTS["tests"]}
    assert {"nothing ever ran", "the metrics are absent"} <= names


def test_each_alert_says_how_bad_it_is_and_what_to_do() -> None:
    for name, rule in RULES.items():
        assert name.startswith("Pricing")
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"].keys() == {"summary", "description", "runbook"}, name
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert anchor in anchors(ROOT / page), name


def test_the_page_of_objectives_names_each_alert_of_an_objective() -> None:
    text = (ROOT / "docs" / "slo.md").read_text()
    named = set(re.findall(r"`(Pricing\w+)`", text))
    assert named <= RULES.keys()
    budgets = {name for name in RULES if "Budget" in name or "Late" in name}
    assert budgets <= named
