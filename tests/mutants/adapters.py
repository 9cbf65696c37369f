"""Mutants of the adapters: another unit, another axis, or a placeholder taken for a price."""

from __future__ import annotations

from tests.mutants.mutant import Mutant


def _mutant(slug: str, text: str, instead: str, why: str) -> Mutant:
    """A mutant that the adapter's own tests must kill."""
    module = slug.replace("-", "_")
    tests = (f"tests/service/providers/test_{module}.py",)
    return Mutant(f"service/providers/{module}.py", text, instead, tests, why)


ADAPTERS = (
    _mutant(
        "openrouter",
        '"prompt": (Axis.INPUT, Unit.USD_PER_TOKEN)',
        '"prompt": (Axis.INPUT, Unit.USD_PER_1M_TOKENS)',
        "prompt is a millionth of what it is",
    ),
    _mutant(
        "openrouter",
        '"completion": (Axis.OUTPUT, Unit.USD_PER_TOKEN)',
        '"completion": (Axis.OUTPUT, Unit.CENTS_PER_TOKEN)',
        "completion is taken for cents",
    ),
    _mutant(
        "openrouter",
        '"input_cache_read": (Axis.CACHE_READ,',
        '"input_cache_read": (Axis.CACHE_WRITE,',
        "a cache read costs what a write does",
    ),
    _mutant(
        "openrouter",
        '"input_cache_write_1h": (Axis.CACHE_WRITE_1H,',
        '"input_cache_write_1h": (Axis.CACHE_WRITE,',
        "an hour in the cache is taken for five minutes",
    ),
    _mutant(
        "openrouter",
        '"web_search": (Axis.WEB_SEARCH, Unit.USD_PER_SEARCH)',
        '"web_search": (Axis.WEB_SEARCH, Unit.USD_PER_1K_SEARCHES)',
        "a search costs a thousandth",
    ),
    _mutant(
        "openrouter",
        '"request": (Axis.REQUEST, Unit.USD_PER_REQUEST)',
        '"request": (Axis.REQUEST, Unit.USD_PER_1K_REQUESTS)',
        "a request costs a thousandth",
    ),
    _mutant(
        "openrouter",
        '"image_output": (Axis.OUTPUT_IMAGE,',
        '"image_output": (Axis.INPUT_IMAGE,',
        "an image that comes out is taken for one that goes in",
    ),
    _mutant(
        "openrouter",
        "DYNAMIC = -1",
        "DYNAMIC = -2",
        "a model whose price depends on the route is skipped",
    ),
    _mutant(
        "openrouter",
        "return bool(amount) and amount == ",
        "return bool(amount) and amount != ",
        "the price of an image is taken for that of one token of it",
    ),
    _mutant(
        "openrouter",
        'any(modality != "text"',
        'all(modality != "text"',
        "a song is free because no key says what it costs",
    ),
    _mutant(
        "openrouter",
        "only_zeros([*read.prices, *more])",
        "True",
        "a known price is dropped where more than text comes out",
    ),
    _mutant(
        "openrouter",
        "prices=resolve_base(read.prices, conditions)",
        "prices=read.prices",
        "the price changes whenever the clock turns",
    ),
    _mutant(
        "deepinfra",
        '"input_tokens": (Axis.INPUT, Unit.USD_PER_1M_TOKENS)',
        '"input_tokens": (Axis.INPUT, Unit.USD_PER_1K_TOKENS)',
        "input costs a thousand times as much",
    ),
    _mutant(
        "deepinfra",
        '"output_tokens": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS)',
        '"output_tokens": (Axis.OUTPUT, Unit.USD_PER_TOKEN)',
        "output costs a million times as much",
    ),
    _mutant(
        "deepinfra",
        '"cache_read_tokens": (Axis.CACHE_READ,',
        '"cache_read_tokens": (Axis.CACHE_WRITE,',
        "reading from the cache costs what writing does",
    ),
    _mutant(
        "featherless",
        '"prompt": (Axis.INPUT, Unit.USD_PER_TOKEN)',
        '"prompt": (Axis.INPUT, Unit.USD_PER_1M_TOKENS)',
        "the two publications never agree",
    ),
    _mutant(
        "featherless",
        '"output": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS)',
        '"output": (Axis.OUTPUT, Unit.USD_PER_TOKEN)',
        "a price that stands there once costs a million times as much",
    ),
    _mutant(
        "featherless",
        "agreed([*read.prices, *again.prices])",
        "tuple({p.axis: p for p in [*again.prices, *read.prices]}.values())",
        "two publications that differ are believed",
    ),
    _mutant(
        "featherless",
        "return as_unknown(read) if only_zeros(read.prices) else read",
        "return read",
        "a model of the subscription is free for all",
    ),
    _mutant(
        "featherless",
        'pagination.get("total_pages")',
        'pagination.get("current_page")',
        "the first page is taken for the whole list",
    ),
    _mutant(
        "nearai",
        '"pricing.prompt": (Axis.INPUT, Unit.USD_PER_TOKEN)',
        '"pricing.prompt": (Axis.INPUT, Unit.USD_PER_1K_TOKENS)',
        "input costs a thousandth",
    ),
    _mutant(
        "nearai",
        '"pricing.output": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS)',
        '"pricing.output": (Axis.OUTPUT, Unit.USD_PER_TOKEN)',
        "a price per 1M tokens is taken for one per token",
    ),
    _mutant(
        "nearai",
        "prices = agreed(exact_first)",
        "prices = tuple({price.axis: price for price in exact_first}.values())",
        "two publications that differ are believed",
    ),
    _mutant(
        "alibaba-cloud",
        "size is None or not size.is_that_of(meaning[1])",
        "size is None",
        "any unit is taken for the one that is expected",
    ),
    _mutant(
        "alibaba-cloud",
        'when={"thinking": True},',
        "when={},",
        "all output costs what it does in thinking mode",
    ),
    _mutant(
        "alibaba-cloud",
        '"k": 1_000,',
        '"k": 1_024,',
        "32k is 32,768 tokens",
    ),
    _mutant(
        "alibaba-cloud",
        "lower != end\n            or",
        "False\n            or",
        "a range that is missing is charged as the one below it",
    ),
    _mutant(
        "alibaba-cloud",
        "RawCondition(prices=tier, min_prompt_tokens=each.lower)",
        "RawCondition(prices=tier, min_prompt_tokens=each.upper)",
        "a long prompt is charged as a short one",
    ),
    _mutant(
        "together",
        '"input": (Axis.INPUT, Unit.USD_PER_1M_TOKENS)',
        '"input": (Axis.INPUT, Unit.USD_PER_1K_TOKENS)',
        "input costs a thousand times as much",
    ),
    _mutant(
        "together",
        '"cached_input": (Axis.CACHE_READ,',
        '"cached_input": (Axis.CACHE_WRITE,',
        "the cached price is taken for writing",
    ),
    _mutant(
        "together",
        "        costs_otherwise or is_not_served or entry.get",
        "        is_not_served or entry.get",
        "a dedicated model at a price by the hour is free",
    ),
    _mutant(
        "together",
        'entry.get("running") is False and',
        "False and",
        "a model that is not served is free",
    ),
    _mutant(
        "fireworks",
        "price_api=False",
        "price_api=True",
        "no model gets the catalogue's price",
    ),
    _mutant(
        "groq",
        "price_api=False",
        "price_api=True",
        "no model gets the catalogue's price",
    ),
    _mutant(
        "cerebras",
        '"prompt": (Axis.INPUT, Unit.USD_PER_TOKEN)',
        '"prompt": (Axis.INPUT, Unit.USD_PER_1M_TOKENS)',
        "input is a millionth of what it is",
    ),
    _mutant(
        "cerebras",
        '"completion": (Axis.OUTPUT,',
        '"completion": (Axis.INPUT,',
        "the price of output is charged for input",
    ),
    _mutant(
        "novita",
        "(axis, Unit.TEN_THOUSANDTHS_USD_PER_1M_TOKENS)",
        "(axis, Unit.USD_PER_1M_TOKENS)",
        "630 is $630 per 1M tokens",
    ),
    _mutant(
        "novita",
        "UNKNOWN = -1",
        "UNKNOWN = -2",
        "a model without a price is skipped",
    ),
    _mutant(
        "novita",
        "        read = zeros_as_unknown(read)\n",
        "        pass\n",
        "a model with tiers is free",
    ),
    _mutant(
        "novita",
        "min_prompt_tokens=start - 1 if",
        "min_prompt_tokens=start if",
        "a tier begins one token too late",
    ),
    _mutant(
        "requesty",
        "min_prompt_tokens=tier.min_prompt_tokens or None",
        "min_prompt_tokens=None",
        "long prompts set the price of all",
    ),
    _mutant(
        "requesty",
        "if only_zeros(read.prices) and not has_tiers:",
        "if only_zeros(read.prices):",
        "a model whose tiers are all free is unknown",
    ),
    _mutant(
        "nearai",
        '"priority": ("priority", "fast")',
        '"priority": ("priority",)',
        "a fast request is charged as an ordinary one",
    ),
    _mutant(
        "novita",
        "prices = agreed(",
        "prices = tuple(",
        "two publications that differ are believed",
    ),
    _mutant(
        "nebius",
        '"completion": (Axis.OUTPUT, Unit.USD_PER_TOKEN)',
        '"completion": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS)',
        "output is a millionth of what it is",
    ),
    _mutant(
        "nebius",
        "if not has_pricing:",
        "if False:",
        "the list without prices makes all of them unknown",
    ),
    _mutant(
        "aihubmix",
        '"input": (Axis.INPUT, Unit.USD_PER_1M_TOKENS)',
        '"input": (Axis.INPUT, Unit.USD_PER_1K_TOKENS)',
        "input costs a thousand times as much",
    ),
    _mutant(
        "aihubmix",
        "if only_zeros(read.prices) and not _is_charged_by_token",
        "if only_zeros(read.prices) and _is_charged_by_token",
        "an image model with zeros for tokens is free",
    ),
    _mutant(
        "aihubmix",
        'id_key="model_id"',
        'id_key="id"',
        "models are known under another list's ids",
    ),
    _mutant(
        "chutes",
        '"prompt": (Axis.INPUT, Unit.USD_PER_1M_TOKENS)',
        '"prompt": (Axis.INPUT, Unit.USD_PER_TOKEN)',
        "OpenRouter's unit is read for OpenRouter's key",
    ),
    _mutant(
        "chutes",
        "agreed([*read.prices, *again.prices])",
        "tuple({p.axis: p for p in [*again.prices, *read.prices]}.values())",
        "two publications that differ are believed",
    ),
    _mutant(
        "chutes",
        '.get("usd")',
        '.get("tao")',
        "the coin is taken for dollars",
    ),
    _mutant(
        "huggingface",
        '"output": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS)',
        '"output": (Axis.OUTPUT, Unit.USD_PER_TOKEN)',
        "output costs a million times as much",
    ),
    _mutant(
        "huggingface",
        "if not is_free and only_zeros",
        "if is_free and only_zeros",
        "0 and 0 are free where nobody said so",
    ),
    _mutant(
        "vercel",
        '"input": (Axis.INPUT, Unit.USD_PER_TOKEN)',
        '"input": (Axis.INPUT, Unit.USD_PER_1M_TOKENS)',
        "input is a millionth of what it is",
    ),
    _mutant(
        "vercel",
        "yield start - 1, price",
        "yield start, price",
        "a tier begins one token too late",
    ),
    _mutant(
        "vercel",
        "agreed([*found.read.prices, *lowest])",
        "tuple({p.axis: p for p in [*lowest, *found.read.prices]}.values())",
        "a first tier that differs from the flat price is believed",
    ),
    _mutant(
        "vercel",
        "(others or costs or pricing.get(VARIES))",
        "(costs or pricing.get(VARIES))",
        "an image model with zeros for tokens is free",
    ),
    _mutant(
        "vercel",
        "unknown=axes)",
        ")",
        "a service tier in a region costs what it does elsewhere",
    ),
    _mutant(
        "vercel",
        "                unknown=tuple(sorted(missing)),\n",
        "",
        "a long prompt of a service tier is charged as a short one",
    ),
    _mutant(
        "requesty",
        '"caching_price": (Axis.CACHE_WRITE,',
        '"caching_price": (Axis.CACHE_READ,',
        "writing to the cache costs what reading does",
    ),
    _mutant(
        "requesty",
        '"input_price": (Axis.INPUT, Unit.USD_PER_TOKEN)',
        '"input_price": (Axis.INPUT, Unit.USD_PER_1K_TOKENS)',
        "input costs a thousandth",
    ),
    _mutant(
        "requesty",
        "return read if supports_caching else",
        "return read if not supports_caching else",
        "a cache that is not there is free",
    ),
    _mutant(
        "ovhcloud",
        '"prompt": (Axis.INPUT, Unit.USD_PER_TOKEN)',
        '"prompt": (Axis.INPUT, Unit.CENTS_PER_TOKEN)',
        "dollars are taken for cents",
    ),
    _mutant(
        "ovhcloud",
        'not pricing.get("currency_unit")',
        "False",
        "a model without a currency is charged in dollars",
    ),
    _mutant(
        "ovhcloud",
        "        read = as_unknown(read)\n",
        "        pass\n",
        "a speech model with zeros only is free",
    ),
)
