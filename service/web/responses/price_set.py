"""What a price set is, as the OpenAPI document says it."""

from __future__ import annotations

PRICE_SET = (
    "Known axes only, by column of model_pricing: decimal strings in USD for one unit, each token"
    " price with its *_per_1m beside it; `conditions` where there are any."
)
