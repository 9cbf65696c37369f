"""Write the table of ``docs/providers.md`` from the adapters in ``service/providers/``."""

from __future__ import annotations

import re
from pathlib import Path

from service.prices.units import Axis, Unit
from service.providers.adapter import Adapter, adapter, adapter_slugs
from tests.support.processes import ROOT

PAGE = ROOT / "docs" / "providers.md"
# People write the text above this line, ``make docs`` the text below.
MARK = "<!-- Written by `make docs` from service/providers/: edit the adapter instead. -->"
COLUMNS = ("Provider", "Price list", "Key", "Prices", "Known from", "To know")

UNITS = {
    Unit.USD_PER_TOKEN: "USD per token",
    Unit.USD_PER_1K_TOKENS: "USD per 1K tokens",
    Unit.USD_PER_1M_TOKENS: "USD per 1M tokens",
    Unit.CENTS_PER_TOKEN: "US cents per token",
    Unit.TEN_THOUSANDTHS_USD_PER_1M_TOKENS: "0.0001 USD per 1M tokens",
    Unit.USD_PER_IMAGE: "USD per image",
    Unit.USD_PER_REQUEST: "USD per request",
    Unit.USD_PER_1K_REQUESTS: "USD per 1K requests",
    Unit.USD_PER_SEARCH: "USD per search",
    Unit.USD_PER_1K_SEARCHES: "USD per 1K searches",
    Unit.USD_PER_CHARACTER: "USD per character",
    Unit.USD_PER_1M_CHARACTERS: "USD per 1M characters",
    Unit.USD_PER_AUDIO_SECOND: "USD per second of audio",
    Unit.USD_PER_AUDIO_HOUR: "USD per hour of audio",
    Unit.USD_PER_PAGE: "USD per page",
    Unit.USD_PER_1K_PAGES: "USD per 1K pages",
    Unit.USD_PER_VIDEO_SECOND: "USD per second of video",
}


def page(path: Path = PAGE) -> str:
    """The whole page: the text by people, the mark, the table."""
    written, mark, _ = path.read_text(encoding="utf-8").partition(MARK)
    if not mark:
        raise SystemExit(f"{path.name} has lost the line {MARK!r}; put it back above the table.")
    return f"{written}{MARK}\n\n{table()}"


def table() -> str:
    """One row for each provider, in the order of their slugs."""
    rows = [COLUMNS, ("---",) * len(COLUMNS)]
    rows += [_row(adapter(slug)) for slug in adapter_slugs()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(provider: Adapter) -> tuple[str, ...]:
    return (
        f"{provider.name}<br>`{provider.slug}`",
        _address(provider),
        f"`{provider.credential_variable}`" if provider.credential_variable else "none",
        _prices(provider),
        _evidence(provider),
        re.sub(r"([|*<])", r"\\\1", provider.note),
    )


def _address(provider: Adapter) -> str:
    address = f"`{provider.base_url}{provider.path}`"
    if provider.pages is None:
        return address
    pages = provider.pages
    return f"{address}<br>in pages: `{pages.number}=1`, `{pages.size_name}={pages.size}`"


def _prices(provider: Adapter) -> str:
    if not provider.price_api:
        return "none: models from the list, prices from the catalogue"
    by_unit: dict[Unit, list[str]] = {}
    for key, (axis, unit) in provider.price_keys.items():
        by_unit.setdefault(unit, []).append(f"`{key}` {_words(axis)}")
    return "<br>".join(f"{UNITS[unit]}: {', '.join(keys)}" for unit, keys in by_unit.items())


def _words(axis: Axis) -> str:
    words = axis.value.removeprefix("price_per_").replace("_", " ")
    return words.removesuffix(" token").replace("1h", "(1 hour)")


def _evidence(provider: Adapter) -> str:
    waits = provider.price_api and not provider.evidence.was_seen
    return provider.evidence.value + ("<br>**first list waits for a person**" if waits else "")
