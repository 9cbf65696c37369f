"""The axes are the same in SQL's list, in the tables and in Python."""

from __future__ import annotations

from service.prices.units import Axis, Dimension
from tests.db.pricing import Pricing

UNITS = {
    Dimension.TOKEN: "token",
    Dimension.IMAGE: "image",
    Dimension.REQUEST: "request",
    Dimension.SEARCH: "search",
    Dimension.CHARACTER: "character",
    Dimension.AUDIO_SECOND: "second",
    Dimension.PAGE: "page",
    Dimension.VIDEO_SECOND: "second",
}


def test_they_are_python_s(pricing: Pricing) -> None:
    rows = pricing.rows("select axis, per from public.pricing_axes()")
    assert {row["axis"]: row["per"] for row in rows} == {
        axis.value: UNITS[axis.dimension] for axis in Axis
    }
    assert len(rows) == len(Axis)


def test_they_are_the_columns_of_both_tables(pricing: Pricing) -> None:
    for table in ("model_pricing", "model_pricing_history"):
        columns = pricing.rows(
            "select column_name as name from information_schema.columns"
            " where table_schema = 'public' and table_name = %s"
            " and column_name like %s",
            *(table, "price\\_per\\_%"),
        )
        assert {c["name"] for c in columns} == {axis.value for axis in Axis}


def test_their_short_names_are_the_columns_of_the_view(pricing: Pricing) -> None:
    names = {row["short_name"] for row in pricing.rows("select * from public.pricing_axes()")}
    columns = pricing.rows(
        "select column_name as name from information_schema.columns"
        " where table_schema = 'public' and table_name = 'model_prices'"
    )
    assert len(names) == len(Axis)
    assert names <= {c["name"] for c in columns}
