"""Which metrics, labels and label values a PromQL query names."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = r"\b((?:pricing|http)[_:][\w:]*)"
_SELECTOR = re.compile(_NAME + r"\s*(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')
_GROUPING = re.compile(r"\b(by|on|ignoring|without)\s*\(([^)]*)\)")
_LABEL_VALUES = re.compile(r"label_values\(\s*" + _NAME + r"\s*,\s*(\w+)\s*\)")


@dataclass(frozen=True)
class Selector:
    """A metric's name, and its matchers: label, operator, value."""

    name: str
    matchers: tuple[tuple[str, str, str], ...]


def selectors(query: str) -> list[Selector]:
    without_groupings = _GROUPING.sub(" ", query)
    return [
        Selector(found[1], tuple(_MATCHER.findall(found[2] or "")))
        for found in _SELECTOR.finditer(without_groupings)
    ]


def grouping_labels(query: str) -> set[str]:
    """The labels by which it groups or joins."""
    return {
        label.strip()
        for _, labels in _GROUPING.findall(query)
        for label in labels.split(",")
        if label.strip()
    }


def label_values(query: str) -> tuple[str, str] | None:
    """Metric and label of a dashboard's variable."""
    found = _LABEL_VALUES.fullmatch(query.strip())
    return None if found is None else (found[1], found[2])


def without_variables(query: str) -> str:
    """As Grafana sends it."""
    for variable, value in (
        *(("$__rate_interval", "5m"), ("$__range", "1d"), ("$__interval", "1m")),
        ("$provider", ".*"),
    ):
        query = query.replace(variable, value)
    assert "$" not in query, query
    return query
