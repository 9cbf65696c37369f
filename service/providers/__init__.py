"""The providers that are asked for their prices: one pure adapter each.

Adapters are imported when first asked for, so that a process that only wants the names (the web
process) loads none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from service.price_list import PriceList

# The provider that fetches nothing: its list is a package, read by ``providers/catalogue.py``.
CATALOGUE = "catalogue"

_MODULES = {
    "openrouter": "service.providers.openrouter",
    "deepinfra": "service.providers.deepinfra",
}


@dataclass(frozen=True, slots=True)
class Adapter:
    """Where a provider publishes its prices, and how its answer is read.

    The list is at ``base_url`` (scheme, host, any prefix; the operator may change it) followed by
    ``path``. ``credential_variable`` names the environment variable with the key, if the provider
    wants one. ``parse`` knows no network and no database; it raises ParseError for a list that
    cannot be used as a whole, and nothing else.
    """

    slug: str
    name: str
    base_url: str
    path: str
    credential_variable: str | None
    parse: Callable[[bytes], PriceList]


def adapter(slug: str | None) -> Adapter:
    """The adapter of a provider; LookupError, naming the known ones, if there is none."""
    if slug not in _MODULES:
        raise LookupError(f"there is no adapter {slug!r}; known: {', '.join(adapter_slugs())}")
    found = import_module(_MODULES[slug]).ADAPTER
    assert isinstance(found, Adapter)
    return found


def adapter_slugs() -> tuple[str, ...]:
    """Every slug that ``adapter`` knows."""
    return tuple(_MODULES)
