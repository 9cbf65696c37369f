"""Every interval of settings and providers must compare as it subtracts."""

from __future__ import annotations

from tests.db.pricing import Pricing, refused


def test_a_part_below_zero_is_refused_in_every_such_column(pricing: Pricing) -> None:
    columns = pricing.rows(
        "select c.relname, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid"
        " where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'"
        " and a.atttypid = 'interval'::regtype"
    )
    assert len(columns) >= 7
    for each in columns:
        update = f"update {each['relname']} set {each['attname']} ="
        # Equal to the value before when compared by months of 30 days.
        mixed = f"{each['attname']} + interval '-1000 months 30000 days'"
        with refused("PT422"):
            pricing.do(f"{update} {mixed}")
        pricing.do(f"{update} {each['attname']}")


def test_a_new_provider_is_looked_at_too(pricing: Pricing) -> None:
    with refused("PT422"):
        pricing.do(
            "insert into pricing_providers (slug, name, sync_interval)"
            " values ('new', 'New', '-1000 months 30030 days')"
        )
