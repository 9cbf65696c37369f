"""The providers that are asked for their prices: one pure file each, named like the slug.

A file here is an adapter and nothing else, so a new provider is one file and one row of
``pricing_providers``. Adapters are imported when first asked for, so that a process that only wants
the names (the web process) loads none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from urllib.parse import urlsplit

from service.environment.credential_hosts import Host
from service.prices.price_list import PriceList
from service.prices.units import Axis, Unit

# The provider that fetches nothing: its list is a package, read by ``service/prices/catalogue.py``.
CATALOGUE = "catalogue"


class Evidence(StrEnum):
    """How the shape of a provider's list is known.

    A shape that nobody ever saw on the wire (``DOCUMENTED``, ``UNCONFIRMED``) may be wrong in every
    unit: such a provider starts with ``review_first``.
    """

    RECORDED = "recorded"
    DERIVED = "derived from a recorded one"
    DOCUMENTED = "documented, never seen"
    UNCONFIRMED = "read in other clients, not confirmed"

    @property
    def was_seen(self) -> bool:
        return self in {Evidence.RECORDED, Evidence.DERIVED}


@dataclass(frozen=True, slots=True)
class Pages:
    """How a list in pages is asked for: ``?<number>=1&<size_name>=<size>``, counting from 1."""

    number: str
    size_name: str
    size: int


@dataclass(frozen=True, slots=True)
class Adapter:
    """Where a provider publishes its prices, and how its answer is read.

    The list is at ``base_url`` (scheme, host, any prefix; the operator may change it) followed by
    ``path``, which may end in a query. ``credential_variable`` names the environment variable with
    the key, if the provider wants one; it may be sent to the host of ``base_url`` and to ``hosts``,
    over https, and nowhere else. ``parse`` reads one body, which is one page where there are
    ``pages``; it knows no network and no database; it raises ParseError for a list that cannot be
    used as a whole, and nothing else.

    ``price_keys`` says for each key on the wire (a dotted path for people) what it prices and in
    which unit. Without ``price_api`` the list has no prices, and the catalogue's are taken, by
    ``catalogue_id``: how the catalogue spells a model's id. ``note`` is the trap that one has to
    know, in a sentence for ``docs/providers.md``.
    """

    slug: str
    name: str
    base_url: str
    path: str
    credential_variable: str | None
    parse: Callable[[bytes], PriceList]
    evidence: Evidence
    price_keys: Mapping[str, tuple[Axis, Unit]] = field(default_factory=dict)
    pages: Pages | None = None
    price_api: bool = True
    catalogue_id: Callable[[str], str] = str
    hosts: tuple[str, ...] = ()
    note: str = ""

    def credential_hosts(self, variable: str) -> tuple[Host, ...]:
        """Where the adapter's own credential may be sent; no other variable may go anywhere."""
        if variable != self.credential_variable:
            return ()
        own = urlsplit(self.base_url).netloc
        return tuple(Host.parse(each) for each in (own, *self.hosts))


def adapter(slug: str | None) -> Adapter:
    """The adapter of a provider; LookupError, naming the known ones, if there is none."""
    if slug not in adapter_slugs():
        raise LookupError(f"there is no adapter {slug!r}; known: {', '.join(adapter_slugs())}")
    found = import_module(f"{__package__}.{_module_name(slug)}").ADAPTER
    if not isinstance(found, Adapter) or found.slug != slug:
        raise TypeError(f"{__package__}.{_module_name(slug)} declares no adapter {slug!r}")
    return found


def adapter_slugs() -> tuple[str, ...]:
    """Every slug that ``adapter`` knows, in order."""
    here = Path(__file__)
    names = (found.name for found in iter_modules([str(here.parent)]) if found.name != here.stem)
    return tuple(sorted(name.replace("_", "-") for name in names))


def _module_name(slug: str) -> str:
    return slug.replace("-", "_")
