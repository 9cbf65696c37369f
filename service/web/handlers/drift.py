"""Reports: prices that differ from the catalogue's, and models without a price."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from service.web.app_state import state_of
from service.web.requests.pagination import page_of
from service.web.requests.parameters import query_value
from service.web.responses.review_responses import Drift, DriftAnswer, UnpricedAnswer, UnpricedModel

DRIFT = """
select provider, model as model_id, price, provider_amount, catalogue_amount, ratio,
       source as pricing_source, catalogue
from public.pricing_drift
where ($1::text is null or provider = $1)
  and ($2::text is null or (provider, model, price) > ($2, $3::text, $4::text))
order by provider, model, price
limit $5
"""

UNPRICED = """
select provider, model as model_id, name, why, held_id, source as pricing_source, first_seen_at,
       lost_at
from public.pricing_unpriced
where ($1::text is null or provider = $1)
  and ($2::text is null or (provider, model) > ($2, $3::text))
order by provider, model
limit $4
"""


async def list_drift(request: Request) -> Response:
    page = page_of(request, str, str, str)
    found = await state_of(request).database.rows(
        DRIFT, query_value(request, "provider"), *(page.after or (None,) * 3), page.asked
    )
    rows, next_cursor = page.cut(found, "provider", "model_id", "price")
    return DriftAnswer(
        drift=[Drift(**row) for row in rows], count=len(rows), next_cursor=next_cursor
    ).response()


async def list_unpriced(request: Request) -> Response:
    page = page_of(request, str, str)
    found = await state_of(request).database.rows(
        UNPRICED, query_value(request, "provider"), *(page.after or (None,) * 2), page.asked
    )
    rows, next_cursor = page.cut(found, "provider", "model_id")
    return UnpricedAnswer(
        unpriced=[UnpricedModel(**row) for row in rows], count=len(rows), next_cursor=next_cursor
    ).response()
