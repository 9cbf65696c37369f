"""Mutants of the code that every price passes: units, numbers on the wire, lists, the catalogue."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

CONVERSION = ("tests/service/prices/test_units.py",)
ROWS = ("tests/service/prices/test_price_list.py",)
WIRE = ("tests/service/reading/test_wire.py",)
KEYS = ("tests/service/reading/test_price_keys.py",)
WHOLE = ("tests/service/providers/test_whole_entries.py",)
ZEROS = (
    "tests/service/providers/test_requesty.py",
    "tests/service/providers/test_ovhcloud.py",
)
LISTS = ("tests/service/reading/test_model_list.py",)
WINDOWS = ("tests/service/reading/test_time_windows.py",)
WALK = ("tests/service/sync/test_page_walk.py",)
CATALOGUE = tuple(
    f"tests/service/prices/test_catalogue{part}.py"
    for part in ("", "_conditions", "_ids", "_prices")
)


def _unit(text: str, instead: str, why: str) -> Mutant:
    return Mutant("service/prices/units.py", text, instead, CONVERSION, why)


PRICES = (
    _unit(
        '"usd_per_token", Dimension.TOKEN, "1"',
        '"usd_per_token", Dimension.TOKEN, "0.000001"',
        "what is per token is taken for per 1M",
    ),
    _unit(
        '"usd_per_1k_tokens", Dimension.TOKEN, "0.001"',
        '"usd_per_1k_tokens", Dimension.TOKEN, "0.0001"',
        "per 1K is a tenth",
    ),
    _unit(
        '"usd_per_1m_tokens", Dimension.TOKEN, "0.000001"',
        '"usd_per_1m_tokens", Dimension.TOKEN, "0.00001"',
        "per 1M is tenfold",
    ),
    _unit(
        '"cents_per_token", Dimension.TOKEN, "0.01"',
        '"cents_per_token", Dimension.TOKEN, "1"',
        "cents are dollars",
    ),
    Mutant(
        "service/prices/units.py",
        '"0.0000000001"',
        '"0.000000001"',
        ("tests/service/providers/test_novita.py",),
        "Novita's unit is tenfold",
    ),
    _unit(
        '"usd_per_image", Dimension.IMAGE, "1"',
        '"usd_per_image", Dimension.IMAGE, "0.001"',
        "an image costs a thousandth",
    ),
    _unit(
        '"usd_per_1k_requests", Dimension.REQUEST, "0.001"',
        '"usd_per_1k_requests", Dimension.REQUEST, "1"',
        "a request costs what a thousand do",
    ),
    _unit(
        '"usd_per_1k_searches", Dimension.SEARCH, "0.001"',
        '"usd_per_1k_searches", Dimension.SEARCH, "0.01"',
        "a search is tenfold",
    ),
    _unit(
        "_EXACT.multiply(price.amount, price.unit.factor)",
        "_EXACT.divide(price.amount, price.unit.factor)",
        "the conversion goes the wrong way",
    ),
    _unit(
        "_EXACT.multiply(price.amount, price.unit.factor)",
        "price.amount * price.unit.factor",
        "the conversion rounds long numbers",
    ),
    _unit(
        "if self.unit.dimension is not self.axis.dimension:",
        "if False:",
        "an image may be priced per token",
    ),
    _unit(
        "or self.amount < 0:",
        "or self.amount < -1:",
        "a negative number is a price",
    ),
    Mutant(
        "service/prices/units.py",
        'text = format(amount, "f")',
        'text = format(amount, ".15f")',
        ("tests/service/sync/test_price_digits.py",),
        "small prices are cut off",
    ),
    Mutant(
        "service/prices/price_list.py",
        "*{price.axis: written.column for price, written in prices}.values()",
        "*{p.axis: written.column for p, written in prices if p.amount}.values()",
        ROWS,
        "what is free becomes unknown",
    ),
    Mutant(
        "service/prices/price_list.py",
        'shown["min_prompt_tokens"] = self.min_prompt_tokens',
        'shown["min_prompt_tokens"] = self.min_prompt_tokens + 1',
        ROWS,
        "a tier begins one token too late",
    ),
    Mutant(
        "service/prices/price_list.py",
        'shown["utc_end"] = self.utc_end',
        'shown["utc_end"] = self.utc_start',
        ROWS,
        "a window ends where it starts",
    ),
    Mutant(
        "service/reading/wire.py",
        "_JSON_NUMBER = Context(prec=12)",
        "_JSON_NUMBER = Context(prec=6)",
        WIRE,
        "prices lose digits",
    ),
    Mutant(
        "service/reading/wire.py",
        "if isinstance(value, Number) else amount",
        "if isinstance(value, str) else amount",
        WIRE,
        "exact strings are rounded, and float noise is kept",
    ),
    Mutant(
        "service/reading/wire.py",
        "    if amount == unknown:\n        return None\n",
        "    if amount == unknown:\n        return Decimal(0)\n",
        WIRE,
        "what depends on the route is free",
    ),
    Mutant(
        "service/reading/wire.py",
        "    if amount < 0:\n",
        "    if amount < -1:\n",
        WIRE,
        "-0.5 is a price",
    ),
    Mutant(
        "service/reading/wire.py",
        "    if value is None:\n        return None\n    text",
        "    if value is None:\n        return Decimal(0)\n    text",
        WIRE,
        "what is not said is free",
    ),
    Mutant(
        "service/reading/price_keys.py",
        "if 2 * apart > max(steps) or",
        "if apart > max(steps) or",
        KEYS,
        "publications that differ by a whole unit agree",
    ),
    Mutant(
        "service/reading/price_keys.py",
        "(not coarser.amount and max(steps) > _FINEST_ZERO)",
        "False",
        KEYS,
        "a zero agrees with any small price",
    ),
    Mutant(
        "service/reading/price_keys.py",
        "return bool(prices) and not any(price.amount for price in prices)",
        "return bool(prices) and not all(price.amount for price in prices)",
        ZEROS,
        "one zero makes a model's other prices unknown",
    ),
    Mutant(
        "service/reading/price_keys.py",
        "if not axes or price.axis in axes]",
        "if price.axis in axes]",
        ZEROS,
        "what should be unknown is free",
    ),
    Mutant(
        "service/reading/price_keys.py",
        "coarser, better = (one, other) if steps[0] > steps[1]",
        "coarser, better = (one, other) if steps[0] < steps[1]",
        KEYS,
        "of two publications the coarser is charged",
    ),
    Mutant(
        "service/reading/whole_entry.py",
        "and may_cost(model.extra)",
        "and not may_cost(model.extra)",
        ("tests/service/providers/test_together.py",),
        "zeros beside a price that is not read are free",
    ),
    Mutant(
        "service/reading/whole_entry.py",
        "        require_dollars(words.currencies)\n",
        "        pass\n",
        WHOLE,
        "yuan are charged as dollars",
    ),
    Mutant(
        "service/reading/whole_entry.py",
        "    require_units(words.units, model)\n",
        "",
        WHOLE,
        "prices per 1K tokens are charged per token",
    ),
    Mutant(
        "service/reading/whole_entry.py",
        "        model = _without_prices_of_text(model)\n",
        "        pass\n",
        WHOLE,
        "a price of speech is charged for tokens",
    ),
    Mutant(
        "service/reading/entry_words.py",
        "where is _In.PRICES or says is KeySays.PRICE or _is_price(says, value)",
        "where is _In.PRICES",
        WHOLE,
        "a price beside the known object is left out",
    ),
    Mutant(
        "service/reading/not_understood.py",
        'or key.startswith("price_per_")',
        "",
        ("tests/service/providers/test_openrouter.py",),
        "a provider's word becomes a price under a condition",
    ),
    Mutant(
        "service/reading/said_free.py",
        'said.get("is_free") is True',
        'said.get("is_free")',
        ("tests/service/reading/test_said_free.py",),
        'is_free: "no" says that a model is free',
    ),
    Mutant(
        "service/reading/model_id.py",
        "if model_id != model_id.strip():",
        "if False:",
        WHOLE,
        "an id with a space at its end is a new model",
    ),
    Mutant(
        "service/prices/zeros.py",
        "or (costs and price.axis in FILLED)",
        "",
        ("tests/service/prices/test_zeros.py",),
        "a cache with a 0 that fills a field is free",
    ),
    Mutant(
        "service/reading/model_list.py",
        " or any(answer.get(key) for key in _MORE_FOLLOWS)",
        "",
        LISTS,
        "the first page of a list is taken for all of it",
    ),
    Mutant(
        "service/reading/model_list.py",
        "first.as_charged() != model.as_charged()",
        "first.name != model.name",
        LISTS,
        "of two prices for one model the first is charged",
    ),
    Mutant(
        "service/reading/model_list.py",
        'or answer.get("success") is False',
        "",
        LISTS,
        "a refusal is read as a list",
    ),
    Mutant(
        "service/reading/time_windows.py",
        "(-lengths[at], begins.get(at, 0))",
        "(lengths[at], begins.get(at, 0))",
        WINDOWS,
        "the price of the shortest window is the base",
    ),
    Mutant(
        "service/reading/time_windows.py",
        "if None in lengths or longest is None:",
        "if longest is None:",
        WINDOWS,
        "a window is charged in the gap beside it",
    ),
    Mutant(
        "service/reading/time_windows.py",
        "return clock // 100 * 60 + clock % 100",
        "return clock",
        WINDOWS,
        "an hour has a hundred minutes",
    ),
    Mutant(
        "service/sync/page_walk.py",
        "else self._entries == total",
        "else self._entries >= 1",
        WALK,
        "the first page is taken for the whole list",
    ),
    Mutant(
        "service/sync/page_walk.py",
        "            if not agrees:",
        "            if False:",
        WALK,
        "of two prices for one model the first is charged",
    ),
    Mutant(
        "service/prices/catalogue_price_keys.py",
        '"requests_kcount": (Axis.REQUEST, Unit.USD_PER_1K_REQUESTS)',
        '"requests_kcount": (Axis.REQUEST, Unit.USD_PER_REQUEST)',
        CATALOGUE,
        "a request costs what a thousand do",
    ),
    Mutant(
        "service/prices/catalogue_price_keys.py",
        '"output_mtok": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS)',
        '"output_mtok": (Axis.OUTPUT, Unit.USD_PER_1K_TOKENS)',
        CATALOGUE,
        "the catalogue's output costs a thousand times as much",
    ),
    Mutant(
        "service/prices/catalogue_price_set.py",
        "elif constraint is None or constraint.active(day):",
        "elif True:",
        CATALOGUE,
        "a price that has not begun is charged",
    ),
    Mutant(
        "service/prices/catalogue_price_set.py",
        "return standard, [*layers, *reversed(variants)]",
        "return standard, [*layers, *variants]",
        CATALOGUE,
        "of two variants of the catalogue the last is charged",
    ),
    Mutant(
        "service/prices/catalogue_prices.py",
        "effective_until=ends",
        "effective_until=None",
        CATALOGUE,
        "a condition of the catalogue outlives the price that it belongs to",
    ),
    Mutant(
        "service/prices/catalogue_ids.py",
        "if len(meanings[text]) == 1}",
        "if meanings[text]}",
        CATALOGUE,
        "an id that equals two models gets the price of one",
    ),
    Mutant(
        "service/prices/catalogue_conditions.py",
        '("processing", "batch"): "batch"',
        '("processing", "batch"): "flex"',
        CATALOGUE,
        "the price of batch requests is charged for flex",
    ),
)
