"""What holds for every view that people read."""

from __future__ import annotations

from tests.db.pricing import Pricing

# Postgres' default of jit_above_cost; in an operator's database it is on.
COMPILED_ABOVE = 100_000


def test_no_view_is_compiled_before_it_is_read(own_database: Pricing) -> None:
    """Compiling takes seconds, also where there are no rows."""
    views = own_database.rows("select viewname from pg_views where schemaname = 'public'")
    assert len(views) > 20
    costs = {
        row["viewname"]: own_database.value(
            f"explain (format json) select * from {row['viewname']}"
        )[0]["Plan"]["Total Cost"]
        for row in views
    }
    assert {name: cost for name, cost in costs.items() if cost > COMPILED_ABOVE} == {}
