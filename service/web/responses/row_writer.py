"""Write rows as their models say, without making a model of each.

The database has checked its rows, and a page has a hundred: to validate and copy each takes as long
as to write it. Tests compare what is written with the models' schemas.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, get_args, get_origin

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
def answer_writer(answer: type[BaseModel]) -> TypeAdapter[Any]:
    """Writes the fields of an answer, and of the rows of its lists."""
    return TypeAdapter(_typed(answer))


@cache
def page_writer(row: type[BaseModel], rows_name: str) -> TypeAdapter[Any]:
    rows: Any = list.__class_getitem__(_fields_of(row))
    page: Any = {rows_name: rows, "count": int, "next_cursor": str | None}
    return TypeAdapter(TypedDict("Page", page))  # type: ignore[operator]


@cache
def _fields_of(row: type[BaseModel]) -> Any:
    return _typed(row) if is_flat(row) else row


def _typed(row: type[BaseModel]) -> Any:
    fields: Any = {
        info.alias or name: Annotated[(_without_models(info.annotation), None, *info.metadata)]
        for name, info in row.model_fields.items()
    }
    return TypedDict(row.__name__, fields)  # type: ignore[operator]


def _without_models(annotation: Any) -> Any:
    """The annotation of a list of models, as one of their fields; others as they are."""
    rows = get_args(annotation) if get_origin(annotation) is list else ()
    if rows and isinstance(rows[0], type) and issubclass(rows[0], BaseModel):
        return list.__class_getitem__(_typed(rows[0]))
    return annotation
