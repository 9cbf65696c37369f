"""Reads what a decision would change, for handlers whose request says ``dry_run``."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from starlette.requests import Request

from service.web.app_state import state_of
from service.web.responses.preview_responses import Impact, PreviewAnswer

IMPACT = "select models, providers, largest_factor, to_free_count, to_free"
OF_REVIEW = (
    IMPACT
    + """
from public.preview_held_price_changes(ids => $1::bigint[], job_id => $2, decision => $3)
"""
)
OF_OVERRIDE = (
    IMPACT
    + """
from public.preview_price_override(
    provider => $1, model => $2, input_per_1m => $3, output_per_1m => $4, prices => $5,
    effective_from => $6
)
"""
)
OF_ROLLBACK = IMPACT + " from public.preview_pricing_rollback(job_id => $1)"

DryRunOf = Literal["approve", "reject"]


async def preview_one(request: Request, decision: DryRunOf, held_id: int) -> PreviewAnswer:
    return await _preview(request, OF_REVIEW, [held_id], None, decision)


async def preview_of_sync(request: Request, decision: DryRunOf, job_id: UUID) -> PreviewAnswer:
    return await _preview(request, OF_REVIEW, None, job_id, decision)


async def preview_override(request: Request, *arguments: object) -> PreviewAnswer:
    """The arguments of ``preview_price_override``."""
    return await _preview(request, OF_OVERRIDE, *arguments)


async def impact_of_rollback(request: Request, job_id: UUID) -> Impact:
    return (await _preview(request, OF_ROLLBACK, job_id)).impact


async def _preview(request: Request, statement: str, *arguments: object) -> PreviewAnswer:
    row = await state_of(request).database.the_row(statement, *arguments)
    return PreviewAnswer(impact=Impact(**row))
