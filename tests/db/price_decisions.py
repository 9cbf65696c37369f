"""People's decisions about prices, and the prices that they decide about.

Prices are written the way a sync writes them, but without one: a test states in a line what the
provider published.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from tests.db.pricing import Pricing, Row

INPUT, OUTPUT = "price_per_input_token", "price_per_output_token"


def prices(input_per_1m: object = None, output_per_1m: object = None, **more: object) -> Row:
    """A price set from USD per million; further axes by their column names, and conditions."""
    amounts: Row = {
        axis: f"{Decimal(str(amount)) / 1_000_000:f}"
        for axis, amount in ((INPUT, input_per_1m), (OUTPUT, output_per_1m))
        if amount is not None
    }
    return amounts | more


def ended_job(pricing: Pricing, *, status: str = "completed") -> UUID:
    """An ended job without a provider."""
    job_id: UUID = pricing.value(
        "insert into public.pricing_sync_jobs (status, outcome, triggered_by, completed_at)"
        " values (%s, 'success', 'test', clock_timestamp()) returning job_id",
        status,
    )
    return job_id


def listed(pricing: Pricing, *models: str, provider: str = "openrouter") -> None:
    """Add the models without a price."""
    for model in models:
        pricing.do(
            "insert into public.model_pricing"
            " (provider_slug, model_id, name, pricing_source, listed_by)"
            " values (%s, %s, %s, %s, %s) on conflict do nothing",
            *(provider, model, model, f"api:{provider}", provider),
        )


def said(
    pricing: Pricing,
    said: dict[str, Row],
    *,
    provider: str = "openrouter",
    job_id: UUID | None = None,
    source: str | None = None,
    at: datetime | None = None,
) -> UUID:
    """A sync of the provider publishes these price sets, and they are accepted; returns its job."""
    listed(pricing, *said, provider=provider)
    job_id = job_id or ended_job(pricing)
    changes = [
        {
            "id": model_id(pricing, model, provider),
            "prices": it,
            "source": source or f"api:{provider}",
            "extra": {},
            "raw": {"said": {"text": str(it.get(INPUT)), "unit": "USD_PER_TOKEN"}},
        }
        for model, it in said.items()
    ]
    pricing.rows(
        "select public.write_model_prices(%s, %s, coalesce(%s, clock_timestamp()), %s)",
        *(Jsonb(changes), f"api_sync:{provider}", at, job_id),
    )
    return job_id


def held(
    pricing: Pricing,
    model: str,
    waits: Row,
    *,
    provider: Any = "openrouter",
    job_id: Any = None,
    **columns: Any,
) -> int:
    """Hold a change of this model; returns its id."""
    job_id = job_id or ended_job(pricing)
    columns = {
        "model_id": model_id(pricing, model, provider),
        "provider_slug": provider,
        "class": "unit",
        "reason": "unit: input_per_1m moves by 1,000 times",
        "ratio": 1000,
        "prices": Jsonb(waits),
        "previous": Jsonb(base(pricing, model, provider)),
        "pricing_source": f"api:{provider}",
        "raw": Jsonb({"held": {"text": "x", "unit": "USD_PER_TOKEN"}}),
        "first_job_id": job_id,
        "job_id": job_id,
        "first_seen_at": "2026-01-02T00:00:00Z",
        "last_seen_at": "2026-01-02T00:00:00Z",
        "observed_at": "2026-01-02T00:00:00Z",
    } | columns
    held_id: int = pricing.value(
        f"insert into public.pricing_held_changes ({', '.join(columns)})"
        f" values ({', '.join(['%s'] * len(columns))}) returning id",
        *columns.values(),
    )
    return held_id


def call(pricing: Pricing, function: str, **given: Any) -> list[Row]:
    """Run ``select * from function(name => value, ...)``, as programs do."""
    arguments = {
        name: Jsonb(value) if isinstance(value, dict | list) else value
        for name, value in given.items()
    }
    names = ", ".join(f"{name} => %s" for name in arguments)
    with pricing.as_role("pricing_web"):
        return pricing.rows(f"select * from public.{function}({names})", *arguments.values())


def override(
    pricing: Pricing, model: str = "m", *, provider: str = "openrouter", **given: Any
) -> Row:
    arguments = {"provider": provider, "model": model, "reason": "contract"} | given
    (row,) = call(pricing, "set_price_override", **arguments)
    return row


# Reads.


def model_id(pricing: Pricing, model: str, provider: str = "openrouter") -> int:
    found: int = pricing.model(model, provider)["id"]
    return found


def base(pricing: Pricing, model: str = "m", provider: str = "openrouter") -> Row:
    """The price set that the provider published last and that was accepted."""
    found: Row = pricing.value(
        "select public.pricing_base_set(m) from public.model_pricing m"
        " where provider_slug = %s and model_id = %s",
        *(provider, model),
    )
    return found


def charged(pricing: Pricing, model: str = "m", provider: str = "openrouter") -> Row:
    """The price set in force."""
    found: Row = pricing.value(
        "select public.pricing_price_set(to_jsonb(m)) from public.model_pricing m"
        " where provider_slug = %s and model_id = %s",
        *(provider, model),
    )
    return found


def charged_now(pricing: Pricing, model: str = "m", provider: str = "openrouter") -> Row:
    """The same without its conditions, such as the end of an override."""
    found = charged(pricing, model, provider)
    return {name: amount for name, amount in found.items() if name != "conditions"}


def course(
    pricing: Pricing, model: str = "m", provider: str = "openrouter"
) -> list[tuple[Any, ...]]:
    """The model's history: author, whether it was charged, USD per million in and out."""
    rows = pricing.rows(
        "select distinct on (id) changed_by, is_in_force, input_per_1m, output_per_1m"
        " from public.pricing_history"
        " where provider = %s and model = %s order by id",
        *(provider, model),
    )
    return [tuple(row.values()) for row in rows]


def held_row(pricing: Pricing, held_id: int) -> Row:
    return pricing.row("select * from public.pricing_held_all where id = %s", held_id)


def audit(pricing: Pricing) -> list[Row]:
    return pricing.rows(
        "select who, action, subject, details from public.pricing_audit_log order by id"
    )
