"""Price sets, axes and factors in the cells of tables, in US dollars per 1M tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from service.prices.per_million import PER_1M_NAMES, per_1m
from service.prices.units import Axis, plain
from service.terminal.output import NOTHING

_ORDER = {axis.value: position for position, axis in enumerate(Axis)}


def shown_prices(prices: Mapping[str, Any]) -> str:
    """A price set in one cell: ``input_per_1m 2.5, output_per_1m 10``, and its conditions."""
    shown = ", ".join(
        f"{shown_axis(name)} {shown_usd(name, prices[name])}" for name in axes(prices)
    )
    conditions = [f"[{shown_condition(condition)}]" for condition in prices.get("conditions", ())]
    return " ".join([*([shown] if shown else []), *conditions])


def shown_condition(condition: Mapping[str, Any]) -> str:
    """When it applies, and what is charged then: ``min_prompt_tokens 200000: input_per_1m 5``."""
    when = ", ".join(f"{name} {value}" for name, value in condition.items() if name not in _ORDER)
    return f"{when}: {shown_prices(condition)}"


def shown_moves(moves: Iterable[Mapping[str, Any]]) -> str:
    """What changes, in one cell: ``input_per_1m 2.5 -> 5, per_image - -> 0.04``."""
    return ", ".join(_shown_move(move) for move in moves)


def _shown_move(move: Mapping[str, Any]) -> str:
    before, after = (NOTHING if move[key] is None else move[key] for key in ("before", "after"))
    keys = f" ({shown_keys(move['condition'])})" if move["condition"] else ""
    return f"{move['price']}{keys} {before} -> {after}"


def shown_keys(condition: Mapping[str, Any] | None) -> str:
    """The requests that a price is for: ``service_tier batch``; nothing for a base price."""
    return ", ".join(f"{name} {value}" for name, value in (condition or {}).items())


def shown_percent(percent: Any) -> str:
    """A change to three digits, with its sign."""
    if percent is None:
        return NOTHING
    rounded = Decimal(f"{Decimal(str(percent)):.3g}")
    return f"{'+' if rounded > 0 else '-' if rounded < 0 else ''}{plain(abs(rounded))} %"


def axes(prices: Iterable[str]) -> list[str]:
    """The axes among the names of a price set, in their order."""
    return sorted(set(prices) & _ORDER.keys(), key=lambda name: _ORDER[name])


def shown_axis(name: str) -> str:
    """A column of model_pricing by its name in model_prices: ``input_per_1m``, ``per_image``."""
    return PER_1M_NAMES.get(name) or name.removeprefix("price_")


def shown_usd(name: str, usd: Any) -> str:
    """USD for one unit of an axis, in the unit of its name in model_prices."""
    if usd is None:
        return NOTHING
    amount = Decimal(str(usd))
    return per_1m(amount) if name in PER_1M_NAMES else plain(amount)


def shown_ratio(ratio: Any) -> str:
    """A factor to three digits."""
    return NOTHING if ratio is None else plain(Decimal(f"{Decimal(str(ratio)):.3g}"))
