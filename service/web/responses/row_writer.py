"""Write rows as their models say, without making a model of each.

The database has checked its rows, and a page has a hundred: to validate and copy each takes as long
as to write it. Tests compare what is written with the models' schemas.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter
from typing_extensions import TypedDict


@cache
def empty_row(row: type[BaseModel]) -> dict[str, Any]:
    """Every field in its order, with the value of those that a row may lack."""
    return {
        info.alias or name: None if info.is_required() else info.default
        for name, info in row.model_fields.items()
    }


@cache
def is_flat(row: type[BaseModel]) -> bool:
    """Whether no field has a model of its own: such rows are written from their fields."""
    return "$defs" not in row.model_json_schema()


@cache
def row_writer(row: type[BaseModel]) -> TypeAdapter[Any]:
    """Writes the fields of a row that is flat, by the names that are sent; else its model."""
    return TypeAdapter(_fields_of(row))


@cache
def page_writer(row: type[BaseModel], rows_name: str) -> TypeAdapter[Any]:
    rows: Any = list.__class_getitem__(_fields_of(row))
    page: Any = {rows_name: rows, "count": int, "next_cursor": str | None}
    return TypeAdapter(TypedDict("Page", page))  # type: ignore[operator]


@cache
def _fields_of(row: type[BaseModel]) -> Any:
    if not is_flat(row):
        return row
    fields: Any = {
        info.alias or name: Annotated[(info.annotation, None, *info.metadata)]
        for name, info in row.model_fields.items()
    }
    return TypedDict(row.__name__, fields)  # type: ignore[operator]
