"""One row of the older price history: whether it fits, and what is copied of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

SOURCE = "legacy"
MOST_TIMES_OFF = 10
Known = Mapping[tuple[str, str, str], list[Decimal]]
_NUMBER = re.compile(r"[0-9]{1,40}(\.[0-9]{1,60})?([eE][-+]?[0-9]{1,2})?")


@dataclass(frozen=True)
class LegacyRow:
    """What is copied of a row; prices are USD per token."""

    provider: str
    model: str
    name: str | None
    changed_at: str
    changed_by: str
    input: Decimal | None
    output: Decimal | None
    previous_input: Decimal | None
    previous_output: Decimal | None


class UnfitRow(Exception):
    """The message is the reason why a row is not copied; rows are counted by it."""


def fitting_row(
    row: dict[str, object], model: dict[str, object], known: Known, providers: set[str]
) -> LegacyRow:
    provider = row.get("provider_slug") or model.get("provider_slug")
    name = model.get("model_id") if model else row.get("model_id")
    if provider is None:
        raise UnfitRow("name no provider")
    if provider not in providers:
        raise UnfitRow("name a provider that is not known here")
    if not isinstance(name, str) or not 0 < len(name) <= 512:
        raise UnfitRow("name no model")
    changed_at = str(row.get("changed_at"))
    if not changed_at[:1].isdigit() or changed_at.endswith("BC"):
        raise UnfitRow("have no time")
    at = datetime.fromisoformat(changed_at)
    if (at if at.tzinfo else at.replace(tzinfo=UTC)) > datetime.now(UTC):
        raise UnfitRow("lie in the future")
    prices = {
        axis: _price(row.get(column), known.get((str(provider), name, axis), []))
        for axis, column in (
            ("input", "price_per_input_token"),
            ("output", "price_per_output_token"),
        )
    }
    if all(price is None for price in prices.values()):
        raise UnfitRow("have no price, or a zero that stood for an unknown one")
    before = {}
    for axis, column in (("input", "previous_input_price"), ("output", "previous_output_price")):
        try:
            before[axis] = _price(row.get(column), known.get((str(provider), name, axis), []))
        except UnfitRow:
            # The previous row is checked by itself.
            before[axis] = None
    by = row.get("changed_by")
    shown = model.get("name")
    return LegacyRow(
        provider=str(provider),
        model=name,
        name=shown if isinstance(shown, str) else None,
        changed_at=changed_at,
        changed_by=f"{SOURCE}:{by}" if by else SOURCE,
        input=prices["input"],
        output=prices["output"],
        previous_input=before["input"],
        previous_output=before["output"],
    )


def _price(value: object, references: list[Decimal]) -> Decimal | None:
    """USD per token; None: unknown. A zero counts only where the model is known to be free."""
    if value is None:
        return None
    if not _NUMBER.fullmatch(str(value)):
        raise UnfitRow("have a price that is no number, or negative")
    price = Decimal(str(value))
    if price == 0:
        return price if references and all(known == 0 for known in references) else None
    above = [known for known in references if known > 0]
    if not above:
        raise UnfitRow("have a price without one to measure its unit by")
    if not all(known / MOST_TIMES_OFF < price < known * MOST_TIMES_OFF for known in above):
        raise UnfitRow(
            f"have a price {MOST_TIMES_OFF} times off or more: in another unit, or wrong"
        )
    return price
