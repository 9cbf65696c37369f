"""The price lists that a provider publishes one after the other, each with its number in it."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

# The price of this model is the number of its list, which identifies the list in the tables.
MARKER = "chaos/marker"
_MILLIONTH = Decimal("0.000001")

# A list that lacks half of the known models would be refused.
LEAST_SHARE = 0.8
# A sync may find the changes of many lists at once: together with the marker they stay below the
# 15 % of the shortest list that the guards let move by one factor. Always the same models move.
MOVES_ONE_OF = 14


@dataclass(frozen=True)
class Price:
    """USD per token."""

    input: Decimal
    output: Decimal


@dataclass(frozen=True)
class PublishedList:
    """One list of a provider; ``number`` grows with every change of content."""

    slug: str
    number: int
    prices: Mapping[str, Price]


def marker_price(number: int) -> Price:
    """A price near one dollar per 1M tokens, so that no change of it looks suspicious."""
    amount = (1 + number * _MILLIONTH) * _MILLIONTH
    return Price(amount, amount)


def number_in(price: Decimal) -> int:
    """The number of the list that has this marker price."""
    return int((price / _MILLIONTH - 1) / _MILLIONTH)


class PriceBook:
    """One provider's lists. ``adapter`` decides the wire shape, ``models`` the length."""

    def __init__(self, slug: str, adapter: str, models: int, random: Random) -> None:
        self.slug = slug
        self.adapter = adapter
        self._random = random
        self._lock = threading.Lock()
        self._made = models
        self._all = {f"{slug}/model-{n}": self._price(n) for n in range(models)}
        self._hidden: set[str] = set()
        self.lists: list[PublishedList] = []
        self.turn_page()

    @property
    def current(self) -> PublishedList:
        return self.lists[-1]

    def turn_page(self) -> PublishedList:
        """Publish another list: some prices change, a few models appear, disappear or return."""
        with self._lock:
            names = sorted(self._all)
            movers = [n for n in names if int(n.rpartition("-")[2]) % MOVES_ONE_OF == 0]
            for name in self._random.sample(movers, (1 + len(movers)) // 2):
                self._all[name] = self._moved(self._all[name])
            if self._random.random() < 0.3:
                self._all[f"{self.slug}/model-{self._made}"] = self._price(self._made)
                self._made += 1
            self._hide(names)
            number = len(self.lists)
            prices = {name: p for name, p in self._all.items() if name not in self._hidden}
            self.lists.append(
                PublishedList(self.slug, number, {MARKER: marker_price(number), **prices})
            )
            return self.lists[-1]

    def body(self, published: PublishedList) -> bytes:
        """The list as this provider sends it."""
        shape = _openrouter if self.adapter == "openrouter" else _deepinfra
        return json.dumps(shape(published.prices)).encode()

    def _hide(self, names: list[str]) -> None:
        if self._hidden and self._random.random() < 0.4:
            self._hidden.discard(self._random.choice(sorted(self._hidden)))
        if len(self._hidden) < len(names) * (1 - LEAST_SHARE) and self._random.random() < 0.4:
            self._hidden.add(self._random.choice(names))

    def _price(self, number: int) -> Price:
        per_million = Decimal(self._random.randint(20_000, 90_000)) / 10_000
        return Price(per_million * _MILLIONTH, 3 * per_million * _MILLIONTH)

    def _moved(self, price: Price) -> Price:
        """Change a price by a few per cent, within bounds around the initial price."""
        step = Decimal(self._random.randint(1, 400)) / 10_000 * _MILLIONTH
        falls = self._random.random() < 0.5 and price.input > 2 * _MILLIONTH
        if falls or price.input > 9 * _MILLIONTH:
            step = -step
        moves_input = self._random.random() < 0.8
        return Price(
            price.input + step if moves_input else price.input,
            price.output if moves_input else price.output + abs(step),
        )


def _openrouter(prices: Mapping[str, Price]) -> dict[str, Any]:
    data = [
        {
            "id": model_id,
            "name": model_id,
            "pricing": {"prompt": f"{price.input:f}", "completion": f"{price.output:f}"},
        }
        for model_id, price in prices.items()
    ]
    return {"data": data, "total_count": len(data), "links": {"next": None}}


def _deepinfra(prices: Mapping[str, Price]) -> dict[str, Any]:
    data = [
        {
            "id": model_id,
            "object": "model",
            "metadata": {
                "pricing": {
                    "input_tokens": float(price.input / _MILLIONTH),
                    "output_tokens": float(price.output / _MILLIONTH),
                }
            },
        }
        for model_id, price in prices.items()
    ]
    return {"object": "list", "data": data}
