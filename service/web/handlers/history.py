"""Handlers of price changes: of one model, and of all models since a time."""

from __future__ import annotations

import json
from datetime import datetime

import asyncpg
from starlette.requests import Request
from starlette.responses import Response

from service.web.app_state import state_of
from service.web.requests.body import read_time
from service.web.requests.pagination import page_of
from service.web.requests.parameters import query_value, required_value
from service.web.responses.error_responses import bad_input, not_found
from service.web.responses.history_responses import (
    ChangesAnswer,
    HistoryAnswer,
    PriceChange,
    PriceChangeInTime,
)

_COLUMNS = """
select provider, model as model_id, changed_at, effective_at, price, before, after, percent,
       condition, {more}in_force_until, changed_by, source as pricing_source, job_id, id, position
"""
# The cursor's change and price; both conditions are of columns that an index orders.
_AFTER = """
  and (changed_at, id)
      <= (select changed_at, id from public.pricing_history where id = {id} limit 1)
  and ((changed_at, id)
       < (select changed_at, id from public.pricing_history where id = {id} limit 1)
       or position > {position}::integer)
"""
_ORDER = "order by changed_at desc, id desc, position limit "

_HISTORY = (
    _COLUMNS.format(more="is_in_force, in_force_from, ")
    + "from public.pricing_history where provider = $1 and model = $2 "
)
HISTORY = _HISTORY + _ORDER + "$3"
MORE_HISTORY = _HISTORY + _AFTER.format(id="$4", position="$5") + _ORDER + "$3"

_CHANGES = (
    _COLUMNS.format(more="") + "from public.pricing_changes where changed_at >= $1"
    " and ($2::text is null or provider = $2) "
)
CHANGES = _CHANGES + _ORDER + "$3"
MORE_CHANGES = _CHANGES + _AFTER.format(id="$4", position="$5") + _ORDER + "$3"

KNOWN = "select model from public.model_prices where provider = $1 and model = $2"

LONG_AGO = datetime.fromisoformat("0001-01-02T00:00:00+00:00")


async def list_price_history(request: Request) -> Response:
    provider, model_id = required_value(request, "provider"), required_value(request, "model_id")
    page = page_of(request, int, int)
    database = state_of(request).database
    if page.after is None:
        found = await database.rows(HISTORY, provider, model_id, page.asked)
    else:
        found = await database.rows(MORE_HISTORY, provider, model_id, page.asked, *_key(page.after))
    if not found and not await database.rows(KNOWN, provider, model_id):
        raise not_found(
            f"{provider[:60]} has no model {model_id[:200]}.",
            hint="Ids are case-sensitive, as the provider spells them.",
        )
    rows, next_cursor = page.cut(found, "id", "position")
    changes = [PriceChangeInTime.model_validate(_shown(row)) for row in rows]
    return HistoryAnswer(history=changes, count=len(rows), next_cursor=next_cursor).response()


async def list_price_changes(request: Request) -> Response:
    page = page_of(request, int, int)
    arguments = (_since(request), query_value(request, "provider"), page.asked)
    database = state_of(request).database
    if page.after is None:
        found = await database.rows(CHANGES, *arguments)
    else:
        found = await database.rows(MORE_CHANGES, *arguments, *_key(page.after))
    rows, next_cursor = page.cut(found, "id", "position")
    changes = [PriceChange.model_validate(_shown(row)) for row in rows]
    return ChangesAnswer(changes=changes, count=len(rows), next_cursor=next_cursor).response()


def _since(request: Request) -> datetime:
    text = query_value(request, "since")
    if text is None:
        return LONG_AGO
    try:
        return read_time(text)
    except ValueError as error:
        raise bad_input(f"since {error}.", hint="Leave it out for all changes.") from None


def _key(after: tuple[str, ...]) -> tuple[int, int]:
    """The cursor's change and position; a position has at most 6 digits."""
    change, position = after
    return int(change), min(int(position), 2**31 - 1)


def _shown(row: asyncpg.Record) -> dict[str, object]:
    named = {name: value for name, value in row.items() if name != "position"}
    job_id = None if row["job_id"] is None else str(row["job_id"])
    condition = None if row["condition"] is None else json.loads(row["condition"])
    return {**named, "condition": condition, "sync_id": job_id, "job_id": job_id}
