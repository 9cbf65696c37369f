"""The samples of ``pricing_metrics()``, as the web process reads them."""

from __future__ import annotations

from tests.db.pricing import Pricing

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(pricing: Pricing) -> Samples:
    with pricing.as_role("pricing_web"):
        rows = pricing.rows("select name, labels, value from public.pricing_metrics()")
    found = {(row["name"], frozenset(row["labels"].items())): row["value"] for row in rows}
    assert len(found) == len(rows), "a series is there twice"
    return found


def sample(pricing: Pricing, name: str, **labels: str) -> float | None:
    """The value of one series; None if there is none."""
    return samples(pricing).get((name, frozenset(labels.items())))


def counters(pricing: Pricing, provider: str = "openrouter") -> dict[str, float]:
    """What a provider's counters have counted, without those at 0; buckets left out."""
    names = {
        "pricing_sync_total": "outcome",
        "pricing_sync_errors_total": "kind",
        "pricing_sync_attempts_total": "",
        "pricing_sync_price_changes_total": "",
        "pricing_sync_duration_seconds_count": "",
    }
    found = {}
    for (name, labels), value in samples(pricing).items():
        given = dict(labels)
        if value and name in names and given.get("provider") == provider:
            short = name.removeprefix("pricing_sync_")
            found[" ".join(filter(None, (short, given.get(names[name]))))] = value
    return found
