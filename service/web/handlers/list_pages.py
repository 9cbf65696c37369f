"""Answer with a page of a list, or with the whole list as lines of JSON or as CSV.

A whole list is read page by page, each by its own statement: neither memory nor a connection
depends on how long the list is, or on how slowly the client reads.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from service.lists.csv_lines import csv_line, csv_row
from service.lists.list_query import Key, ListQuery
from service.web.app_state import state_of
from service.web.handlers.known_providers import require_provider
from service.web.requests.filters import choice, filter_values
from service.web.requests.media_type import CSV, JSON, NDJSON, wanted_media_type
from service.web.requests.pagination import (
    DEFAULT_LIMIT,
    LARGEST_LIMIT,
    cursor_of,
    cursor_text,
    limit_of,
)
from service.web.responses.row_fields import row_fields
from service.web.responses.row_writer import empty_row, is_flat, page_writer, row_writer
from service.web.responses.sync_responses import ResponseModel

WHOLE_LISTS = (NDJSON, CSV)

Fields = Callable[[Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class ShownList:
    """A list over HTTP. ``rows_name``: the field of ``answer`` with its rows.

    ``filters``: the query parameter of each filter that a client may set; ``convert``: what is
    done to the fields of a row.
    """

    query: ListQuery
    rows_name: str
    row: type[ResponseModel]
    answer: type[ResponseModel]
    filters: Mapping[str, str] = field(default_factory=dict)
    convert: Fields = dict

    def fields(self, row: asyncpg.Record) -> dict[str, Any]:
        """In the order of ``row``."""
        return {**empty_row(self.row), **self.convert(row_fields(dict(row), self.query))}

    def shown(self, row: asyncpg.Record) -> Any:
        """What ``row_writer`` writes."""
        fields = self.fields(row)
        return fields if is_flat(self.row) else self.row.model_validate(fields)


async def list_page(
    request: Request, listed: ShownList, values: Mapping[str, Any] | None = None
) -> Response:
    """The page or list that the request asks for; ``values``: of further filters."""
    query = listed.query
    asked = filter_values(request, query, listed.filters)
    values = {**asked, **(values or {})}
    sort = choice(request, "sort", query.sorts, query.default_sort)
    after = cursor_of(request, sort, query.sorts[sort])
    limit = limit_of(request)
    media_type = wanted_media_type(request, WHOLE_LISTS)
    size = limit or (DEFAULT_LIMIT if media_type == JSON else LARGEST_LIMIT)
    reader = _Reader(request, query, values, sort)
    rows, key = await reader.page(after, size)
    if not rows and values.get("provider") is not None:
        await require_provider(request, values["provider"])
    if media_type == JSON:
        cursor = None if key is None else cursor_text(sort, query.sorts[sort], key)
        shown = [listed.shown(row) for row in rows]
        page = {listed.rows_name: shown, "count": len(shown), "next_cursor": cursor}
        body = page_writer(listed.row, listed.rows_name).dump_json(page, by_alias=True)
        return Response(body, media_type=JSON)
    headers = {"Vary": "Accept, Accept-Encoding, Authorization"}
    if request.method == "HEAD":
        # As the list itself, without a length or a tag: both would be those of no rows.
        return StreamingResponse(iter(()), headers=headers, media_type=media_type)
    if limit is not None:
        key = None
    write = _csv if media_type == CSV else _lines_of_json
    lines = write(listed, reader.pages(rows, key))
    return StreamingResponse(lines, headers=headers, media_type=media_type)


class _Reader:
    def __init__(
        self, request: Request, query: ListQuery, values: Mapping[str, Any], sort: str
    ) -> None:
        self._database = state_of(request).database
        self._query = query
        self._values = values
        self._sort = sort

    async def page(
        self, after: Key | None, limit: int
    ) -> tuple[Sequence[asyncpg.Record], Key | None]:
        """The rows of a page, and the key of the last one if there is another page."""
        statement, arguments = self._query.statement(
            self._values, sort=self._sort, after=after, limit=limit + 1
        )
        found = await self._database.rows(statement, *arguments)
        rows = found[:limit]
        return rows, self._query.key_of(dict(rows[-1]), self._sort) if len(found) > limit else None

    async def pages(
        self, rows: Sequence[asyncpg.Record], key: Key | None
    ) -> AsyncIterator[Sequence[asyncpg.Record]]:
        """The first page, and all that follow."""
        yield rows
        while key is not None:
            rows, key = await self.page(key, LARGEST_LIMIT)
            yield rows


async def _lines_of_json(
    listed: ShownList, pages: AsyncIterator[Sequence[asyncpg.Record]]
) -> AsyncIterator[bytes]:
    write = row_writer(listed.row).dump_json
    async for rows in pages:
        yield b"".join(write(listed.shown(row), by_alias=True) + b"\n" for row in rows)


async def _csv(
    listed: ShownList, pages: AsyncIterator[Sequence[asyncpg.Record]]
) -> AsyncIterator[str]:
    names = [info.alias or name for name, info in listed.row.model_fields.items()]
    yield csv_line(names)
    async for rows in pages:
        yield "".join(csv_row(listed.fields(row), names) for row in rows)
