"""Models of the responses about previews: what a decision would change.

The classes' names are published: they are the schemas' names in ``/openapi.json``.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from service.web.requests.amounts import Amount
from service.web.responses.sync_responses import ResponseModel


class Impact(ResponseModel):
    """What a decision changes, or would change."""

    models: int
    providers: list[str]
    largest_factor: Amount | None = Field(
        description="The largest factor by which a price moves, up or down; null: nothing to"
        " compare."
    )
    to_free_count: int = Field(
        description="Models that become free, or one of whose prices falls to zero."
    )
    to_free: list[str] = Field(description="The first 20 of them, as provider/model.")


class PreviewAnswer(ResponseModel):
    """The answer to `"dry_run": true`: nothing was changed."""

    dry_run: Literal[True] = True
    impact: Impact


class RuleImpact(Impact):
    """Of the changes that are held now, those that the next sync would apply by the rule."""

    covered: int = Field(description="Active models that the rule covers.")


class RulePreviewAnswer(ResponseModel):
    dry_run: Literal[True] = True
    impact: RuleImpact
