"""Models of the responses about rollbacks.

The classes' names are published: they are the schemas' names in ``/openapi.json``.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from service.web.requests.amounts import Amount
from service.web.responses.preview_responses import Impact
from service.web.responses.sync_responses import ResponseModel


class RolledBackModel(ResponseModel):
    """USD per million tokens: the price that the job set, and the one restored."""

    provider: str
    model_id: str
    action: Literal["roll_back", "changed_since"]
    input_per_1m: Amount | None
    output_per_1m: Amount | None
    back_to_input_per_1m: Amount | None
    back_to_output_per_1m: Amount | None
    note: str | None
    largest_factor: Amount | None = Field(description="Of all its prices.")
    to_free: bool = Field(description="It becomes free, or one of its prices falls to zero.")


class RollbackAnswer(ResponseModel):
    sync_id: str
    job_id: str
    dry_run: bool = Field(description="True: nothing was changed.")
    rolled_back: int = Field(description="Models that get, or got, their earlier price.")
    changed_since: int = Field(description="Models that have a newer price, and keep it.")
    impact: Impact
    models: list[RolledBackModel]
