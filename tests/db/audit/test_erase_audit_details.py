"""Retention of the audit log: addresses and claims are erased after audit_retention; rows stay."""

from __future__ import annotations

from tests.db.conftest import Another
from tests.db.pricing import Pricing, refused


def decided(pricing: Pricing, ago: str, rows: int = 1) -> None:
    pricing.do(
        "insert into pricing_audit_log"
        " (at, who, action, subject, client_address, http_client_address, claims)"
        " select clock_timestamp() - %s::interval, 'ann', 'x', %s, '192.0.2.7', '192.0.2.8',"
        ' \'{"sub": "ann"}\' from generate_series(1, %s)',
        *(ago, ago, rows),
    )


def known(pricing: Pricing) -> list[str]:
    """The actors whose address is still stored."""
    rows = pricing.rows(
        "select subject from pricing_audit_log where client_address is not null"
        " and http_client_address is not null and claims is not null order by id"
    )
    return [row["subject"] for row in rows]


def test_the_hourly_retention_erases_them(pricing: Pricing) -> None:
    for ago in ("2 years", "366 days", "364 days", "1 hour"):
        decided(pricing, ago)
    with pricing.as_role("pricing_worker"):
        pricing.do("select cleanup_old_pricing_jobs()")
    assert known(pricing) == ["364 days", "1 hour"]
    assert pricing.value("select count(*) from pricing_audit_log where who = 'ann'") == 4

    pricing.do("update pricing_settings set audit_retention = '1 hour'")
    assert pricing.value("select erase_audit_details()") == 2
    assert pricing.value("select erase_audit_details()") == 0
    assert known(pricing) == []
    with refused("PT409"):
        pricing.do("update pricing_audit_log set who = 'bob'")


def test_it_goes_in_bounded_batches(pricing: Pricing, another: Another) -> None:
    decided(pricing, "3 years")
    decided(pricing, "2 years", 10_500)
    somebody = another()
    with somebody.connection.transaction():
        somebody.do("select from pricing_audit_log where subject = '3 years' for update")
        assert pricing.value("select erase_audit_details()") == 10_000, "and waits for nobody"
    assert pricing.value("select erase_audit_details()") == 501


def test_how_long_is_within_bounds(pricing: Pricing) -> None:
    for keep, code in (("0 hours", "23514"), ("-1 days", "PT422"), ("101 years", "23514")):
        with refused(code):
            pricing.do("update pricing_settings set audit_retention = %s", keep)
