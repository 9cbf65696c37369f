"""The route of a list: its filters, sorts, pages and forms, as its ``ShownList`` has them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from service.web.handlers.list_pages import WHOLE_LISTS, ShownList
from service.web.requests.filters import filter_schema
from service.web.routes.endpoint import Endpoint, Link, Parameter
from service.web.routes.route_parameters import CURSOR, LIMIT


def list_endpoint(
    path: str,
    handler: Callable[[Request], Awaitable[Response]],
    summary: str,
    listed: ShownList,
    *more: Parameter,
    errors: tuple[int, ...] = (404, 422),
    links: Mapping[str, Link] | None = None,
) -> Endpoint:
    """``more``: parameters besides those of the list; ``links``: besides that to the next page."""
    own = (*more, *_filters(listed), *_sort(listed))
    query = {each.name: f"$request.query.{each.name}" for each in own if each.required}
    return Endpoint(
        "GET",
        path,
        handler,
        summary,
        listed.answer,
        parameters=(*own, LIMIT, CURSOR),
        errors=errors,
        media_types=WHOLE_LISTS,
        row=listed.row,
        is_tagged=True,
        links={
            **(links or {}),
            "next": Link(
                handler.__name__,
                "The next page, unless next_cursor is null.",
                {**query, "cursor": "$response.body#/next_cursor"},
            ),
        },
    )


def _filters(listed: ShownList) -> tuple[Parameter, ...]:
    filters = listed.query.filters
    return tuple(
        Parameter(parameter, "query", filters[name].description, filter_schema(filters[name]))
        for name, parameter in listed.filters.items()
    )


def _sort(listed: ShownList) -> tuple[Parameter, ...]:
    query = listed.query
    if len(query.sorts) == 1:
        return ()
    schema = {"type": "string", "enum": list(query.sorts), "default": query.default_sort}
    return (Parameter("sort", "query", "The order; unknown prices are last.", schema),)
