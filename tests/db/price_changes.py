"""Price changes in the form that the guards take, and a way to turn the guards on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from psycopg.types.json import Jsonb

from tests.db.price_decisions import prices
from tests.db.pricing import Pricing, Row

FEES = ("price_per_reasoning_token", "price_per_image", "price_per_request", "price_per_web_search")
TOKEN_AXES = tuple(
    f"price_per_{what}_token"
    for what in (
        *("input", "output", "cache_read", "cache_write", "cache_write_1h", "reasoning"),
        *("input_audio", "output_audio", "cache_read_audio", "input_image", "output_image"),
    )
)
# Known or unknown as token prices are, and counted in other units.
OTHER_AXES = tuple(
    f"price_per_{what}" for what in ("input_character", "audio_second", "page", "video_second")
)


def guard(pricing: Pricing, *providers: str, **settings: object) -> None:
    """Turn the guards on for these providers (openrouter unless named)."""
    for column, value in {"guards_enabled": True, **settings}.items():
        pricing.do(
            f"update public.pricing_providers set {column} = %s where slug = any (%s)",
            *(value, list(providers or ("openrouter",))),
        )


# Changes as the functions hand them on.
TYPED = "array(select c from jsonb_populate_recordset(null::public.pricing_change, %s) as c)"


def change(old: Row | None, new: Row, model: str = "m", **more: Any) -> Row:
    """One change of an accepted price set into another; a new model has no accepted set."""
    return {
        "id": None,
        "provider": "openrouter",
        "model_id": model,
        "name": model,
        "old": old or {},
        "new": new,
        "old_source": None if old is None else "api:openrouter",
        "source": "api:openrouter",
        "extra": {},
        "raw": {},
    } | more


def input_change(before: object, now: object, model: str = "m", **more: Any) -> Row:
    """A change of the input price, in USD per million; all other prices are unknown."""
    return change(prices(before), prices(now), model, **more)


def judged(
    pricing: Pricing,
    changes: Iterable[Row],
    *,
    provider: str = "openrouter",
    lists: dict[str, int] | None = None,
    reference: list[Row] | None = None,
) -> dict[str, Row]:
    """What looks suspicious, by model."""
    rows = pricing.rows(
        f"select * from public.judge_price_changes(%s, {TYPED}, %s, %s)",
        provider,
        Jsonb(list(changes)),
        Jsonb(lists or {}),
        None if reference is None else Jsonb(reference),
    )
    return {row["model_id"]: row for row in rows}


def catalogue_says(
    pricing: Pricing, known: Row, model: str = "m", provider: str = "openrouter"
) -> None:
    pricing.do(
        "insert into public.pricing_catalogue_prices (provider_slug, model_id, prices, version)"
        " values (%s, %s, %s, 'genai-prices@0.2.3') on conflict (provider_slug, model_id)"
        " do update set prices = excluded.prices",
        *(provider, model, Jsonb(known)),
    )


def alias(pricing: Pricing, provider: str, model: str, canonical_id: str) -> None:
    """A person says that this is another id of the model."""
    pricing.do(
        "insert into public.pricing_model_aliases (provider_slug, model_id, canonical_id, source)"
        " values (%s, %s, %s, 'manual:ann')",
        *(provider, model, canonical_id),
    )


def kinds(verdict: Row) -> set[tuple[str, str]]:
    return {(e.get("axis"), e["kind"]) for e in verdict["evidence"]}
