"""Handlers of held price changes: list, approve, reject, reopen."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from service.lists.review_lists import HELD, HELD_ALL, REJECTED
from service.prices.per_million import PER_1M_NAMES, per_1m
from service.web.app_state import state_of
from service.web.handlers.list_pages import ShownList, list_page
from service.web.handlers.previews import DryRunOf, preview_of_sync, preview_one
from service.web.requests.amounts import PriceSet, shown_set
from service.web.requests.body import RequestBody, read_body
from service.web.requests.caller import caller_json, key_name_sql
from service.web.requests.filters import choice
from service.web.requests.parameters import (
    UNKNOWN_SYNC_HINT,
    is_dry_run,
    job_id_of,
    row_id_of,
    slug_of,
)
from service.web.responses.error_responses import not_found, with_hints
from service.web.responses.held_responses import (
    DecidedModel,
    Decision,
    DecisionsAnswer,
    HeldAnswer,
    HeldChange,
    ReopenedAnswer,
    ReopenedChange,
)
from service.web.responses.row_fields import row_fields

SETS = ("prices", "previous")


def with_shown_sets(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a held change with its amounts as decimal strings, also per million."""
    shown = {name: shown_set(fields[name]) for name in SETS}
    evidence = [_evidence(each) for each in fields["evidence"]]
    decided = dict.fromkeys(("applies_at", "decided_at", "decided_by", "decision_note"))
    all_fields = {**decided, **fields, **shown, "evidence": evidence}
    return {**all_fields, "applies_itself_at": all_fields["applies_at"]}


def _with_status(status: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    return lambda fields: {**with_shown_sets(fields), "status": status}


OUTCOMES = tuple(HELD_ALL.filters["status"].choices)
_FILTERS = {"provider": "provider", "class": "class", "job": "sync"}
HELD_LISTS = {
    "held": ShownList(HELD, "held", HeldChange, HeldAnswer, _FILTERS, _with_status("held")),
    "rejected": ShownList(
        REJECTED, "held", HeldChange, HeldAnswer, _FILTERS, _with_status("rejected")
    ),
    **dict.fromkeys(
        OUTCOMES, ShownList(HELD_ALL, "held", HeldChange, HeldAnswer, _FILTERS, with_shown_sets)
    ),
}

# A left join, because an inner one may skip the function where there is no model.
DECISION = """
select held.id, model.provider, model.model, held.status, held.class, held.reason, held.prices,
       held.previous, held.decided_at, held.decided_by, held.decision_note
from public.{decide}(id => $1, {who}, note => $3) as held
left join public.model_prices as model on model.id = held.model_id
"""
APPROVE = DECISION.format(
    decide="approve_held_price_change", who=f"approved_by => {key_name_sql(2)}"
)
REJECT = DECISION.format(decide="reject_held_price_change", who=f"rejected_by => {key_name_sql(2)}")

DECISIONS = """
select held.id, model.provider, model.model, held.status
from public.{decide}(job_id => $1, {who}, note => $3) as held
left join public.model_prices as model on model.id = held.model_id
order by model.provider, model.model
"""
APPROVE_ALL = DECISIONS.format(
    decide="approve_held_price_changes", who=f"approved_by => {key_name_sql(2)}"
)
REJECT_ALL = DECISIONS.format(
    decide="reject_held_price_changes", who=f"rejected_by => {key_name_sql(2)}"
)


REOPEN = DECISION.format(decide="reopen_held_price_change", who=f"reopened_by => {key_name_sql(2)}")
_REOPENED = """
select held.id, model.provider, model.model
from public.reopen_held_price_changes(
    provider => $1, job_id => $2, reopened_by => {key_name}, note => $4
) as held
left join public.model_prices as model on model.id = held.model_id
order by model.provider, model.model
"""
REOPEN_ALL = _REOPENED.format(key_name=key_name_sql(3))

HINTS = dict.fromkeys((404, 409), "GET /admin/pricing/held lists those that wait.")
HINTS_OF_SYNC = {
    404: UNKNOWN_SYNC_HINT,
    409: "A later sync that reported the same has them under its id: GET /admin/pricing/held.",
}


HINTS_OF_REJECTED = dict.fromkeys(
    (404, 409), "GET /admin/pricing/held?status=rejected lists those that can be reopened."
)


class NoteBody(RequestBody):
    note: str | None = Field(default=None, max_length=500, description="Kept with the decision.")


class DecisionBody(NoteBody):
    dry_run: bool = Field(default=False, description="Only show what it would change.")


async def list_held(request: Request) -> Response:
    status = choice(request, "status", HELD_LISTS, "held")
    outcome = {"status": status} if status in OUTCOMES else {}
    return await list_page(request, HELD_LISTS[status], outcome)


async def get_held(request: Request) -> Response:
    """One change that was ever held, whatever became of it."""
    held_id = row_id_of(request, "held change")
    statement, arguments = HELD_ALL.statement({"id": held_id}, limit=1)
    row = await state_of(request).database.row(statement, *arguments)
    if row is None:
        raise not_found(f"There is no held change {held_id}.", hint=HINTS[404])
    fields = with_shown_sets(row_fields(dict(row), HELD_ALL))
    return HeldChange.model_validate(fields).response()


async def approve_held(request: Request) -> Response:
    return await _decide(request, APPROVE, "approve")


async def reject_held(request: Request) -> Response:
    return await _decide(request, REJECT, "reject")


async def approve_held_of_sync(request: Request) -> Response:
    return await _decide_all(request, APPROVE_ALL, "approve")


async def reject_held_of_sync(request: Request) -> Response:
    return await _decide_all(request, REJECT_ALL, "reject")


async def reopen_held(request: Request) -> Response:
    held_id = row_id_of(request, "held change")
    body = await read_body(request, NoteBody)
    with with_hints(HINTS_OF_REJECTED):
        row = await state_of(request).database.the_row(
            REOPEN, held_id, caller_json(request), body.note
        )
    shown = {name: row[name] for name in ("id", "provider", "class", "reason")}
    return ReopenedChange.model_validate({**shown, "model_id": row["model"]}).response()


async def reopen_held_of_sync(request: Request) -> Response:
    return await _reopen_all(request, None, job_id_of(request))


async def reopen_held_of_provider(request: Request) -> Response:
    return await _reopen_all(request, slug_of(request), None)


async def _decide(request: Request, statement: str, decision: DryRunOf) -> Response:
    held_id = row_id_of(request, "held change")
    body = await read_body(request, DecisionBody)
    with with_hints(HINTS):
        if is_dry_run(request, body.dry_run):
            return (await preview_one(request, decision, held_id)).response()
        row = await state_of(request).database.the_row(
            statement, held_id, caller_json(request), body.note
        )
    return Decision.model_validate({**_renamed(row, model="model_id"), **_sets(row)}).response()


async def _decide_all(request: Request, statement: str, decision: DryRunOf) -> Response:
    job_id = job_id_of(request)
    body = await read_body(request, DecisionBody)
    with with_hints(HINTS_OF_SYNC):
        if is_dry_run(request, body.dry_run):
            return (await preview_of_sync(request, decision, job_id)).response()
        rows = await state_of(request).database.rows(
            statement, job_id, caller_json(request), body.note
        )
    return DecisionsAnswer(
        sync_id=str(job_id),
        job_id=str(job_id),
        status="approved" if decision == "approve" else "rejected",
        count=len(rows),
        changes=_decided(rows),
    ).response()


async def _reopen_all(request: Request, slug: str | None, job_id: UUID | None) -> Response:
    body = await read_body(request, NoteBody)
    with with_hints(HINTS_OF_REJECTED):
        rows = await state_of(request).database.rows(
            REOPEN_ALL, slug, job_id, caller_json(request), body.note
        )
    return ReopenedAnswer(count=len(rows), changes=_decided(rows)).response()


def _decided(rows: Sequence[asyncpg.Record]) -> list[DecidedModel]:
    return [
        DecidedModel(id=row["id"], provider=row["provider"], model_id=row["model"]) for row in rows
    ]


def _renamed(row: asyncpg.Record, **names: str) -> dict[str, Any]:
    """A row with some columns under their names in HTTP."""
    return {names.get(column, column): value for column, value in row.items()}


def _sets(row: asyncpg.Record) -> dict[str, PriceSet]:
    return {name: shown_set(json.loads(row[name])) for name in SETS}


def _evidence(said: dict[str, Any]) -> dict[str, Any]:
    """The evidence of one axis, or about the list; fields that its kind lacks are null."""
    # "conditions[0].price_per_input_token"
    is_token = said.get("axis", "").rpartition(".")[2] in PER_1M_NAMES
    numbers = ("ratio", "providers", "models", "listed")
    shown = {name: said.get(name) for name in ("axis", "kind", *numbers)}
    shown |= {name: said.get(name) and str(said[name]) for name in ("key", "text", "unit")}
    for name in ("before", "now", "catalogue", "median"):
        usd = None if said.get(name) is None else Decimal(said[name])
        shown[name] = usd
        shown[f"{name}_per_1m"] = per_1m(usd) if is_token and usd is not None else None
    return shown
