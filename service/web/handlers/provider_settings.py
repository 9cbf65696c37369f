"""Handlers of providers: show them, change their settings, accept their first list."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from service.lists.job_lists import PROVIDERS
from service.web.app_state import state_of
from service.web.handlers.known_providers import unknown_provider
from service.web.handlers.list_pages import ShownList, list_page
from service.web.requests.amounts import AmountInput
from service.web.requests.body import ExactBody, IntervalInput, RequestBody, TimeoutInput, read_body
from service.web.requests.caller import caller_json, caller_name_sql, key_name_sql
from service.web.requests.parameters import slug_of
from service.web.responses.error_responses import bad_input, with_hints
from service.web.responses.provider_responses import FirstListAnswer, Provider, ProvidersAnswer
from service.web.responses.row_fields import row_fields

PROVIDER_LIST = ShownList(PROVIDERS, "providers", Provider, ProvidersAnswer, {"state": "state"})

UPDATE = f"""
select from public.update_pricing_provider(
    provider => $1, enabled => $2, sync_interval => $3, timeout => $4, review_first => $5,
    guards_enabled => $6, guard_large_ratio => $7, guard_unit_ratio => $8,
    guard_lowest_per_1m => $9, guard_highest_per_1m => $10, updated_by => {caller_name_sql(11)}
)
"""
_ACCEPT = """
select provider, approved, still_held, job_id::text as job_id
from public.accept_first_list(provider => $1, accepted_by => {key_name}, note => $3)
"""
ACCEPT = _ACCEPT.format(key_name=key_name_sql(2))
HINTS = {
    404: "GET /admin/pricing/providers lists them.",
    409: "GET /admin/pricing/held?provider=SLUG shows what waits.",
}


class ProviderBody(ExactBody):
    """Settings to change; those that are left out, or null, stay."""

    enabled: bool | None = Field(
        default=None, description="False: its waiting syncs are cancelled."
    )
    interval_seconds: IntervalInput | None = Field(
        default=None, description="Between scheduled syncs."
    )
    timeout_seconds: TimeoutInput | None = Field(
        default=None, description="The longest that an attempt may take."
    )
    review_first: bool | None = Field(
        default=None, description="True: its first list waits for a person."
    )
    guards_enabled: bool | None = Field(
        default=None, description="False: every change is applied, however suspicious."
    )
    guard_large_ratio: AmountInput | None = Field(
        default=None, description="A token price that moves by this factor waits."
    )
    guard_unit_ratio: AmountInput | None = Field(
        default=None, description="From this factor on only a person applies it."
    )
    guard_lowest_per_1m: AmountInput | None = Field(
        default=None,
        description="A lower token price, in USD per million, looks like another unit.",
    )
    guard_highest_per_1m: AmountInput | None = Field(default=None, description="A higher one does.")


class FirstListBody(RequestBody):
    note: str | None = Field(default=None, max_length=500, description="Kept with the decision.")


async def list_providers(request: Request) -> Response:
    return await list_page(request, PROVIDER_LIST)


async def get_provider(request: Request) -> Response:
    return (await _provider(request, slug_of(request))).response()


async def update_provider(request: Request) -> Response:
    slug = slug_of(request)
    body = await read_body(request, ProviderBody)
    if all(value is None for _, value in body):
        raise bad_input(
            "There is nothing to change.",
            hint=f"Name at least one of {', '.join(ProviderBody.model_fields)}.",
        )
    with with_hints({404: HINTS[404]}):
        await state_of(request).database.row(
            UPDATE,
            slug,
            body.enabled,
            _interval(body.interval_seconds),
            _interval(body.timeout_seconds),
            body.review_first,
            body.guards_enabled,
            body.guard_large_ratio,
            body.guard_unit_ratio,
            body.guard_lowest_per_1m,
            body.guard_highest_per_1m,
            caller_json(request),
        )
    return (await _provider(request, slug)).response()


async def accept_first_list(request: Request) -> Response:
    body = await read_body(request, FirstListBody)
    with with_hints(HINTS):
        row = await state_of(request).database.the_row(
            ACCEPT, slug_of(request), caller_json(request), body.note
        )
    return FirstListAnswer(**row, sync_id=row["job_id"]).response()


async def _provider(request: Request, slug: str) -> Provider:
    statement, arguments = PROVIDERS.statement({"provider": slug}, limit=1)
    row = await state_of(request).database.row(statement, *arguments)
    if row is None:
        raise unknown_provider(slug)
    return Provider.model_validate(PROVIDER_LIST.convert(row_fields(dict(row), PROVIDERS)))


def _interval(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
