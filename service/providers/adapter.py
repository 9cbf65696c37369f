"""Defines what an adapter is, and loads the adapter of a provider by its slug.

Every other file in this folder is one adapter, named like its slug, so a new provider is one file
and one row of ``pricing_providers``. Adapters are imported on demand: the web process needs only
their names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from urllib.parse import urlsplit

from service.environment.credential_hosts import Host
from service.prices.price_list import PriceList
from service.prices.units import Axis, Unit

# The provider without HTTP: ``service/prices/catalogue.py`` reads its list from a package.
CATALOGUE = "catalogue"


class Evidence(StrEnum):
    """How the shape of a provider's list is known.

    A shape that was never recorded from the wire (``DOCUMENTED``, ``UNCONFIRMED``) may be wrong in
    every unit, so such a provider starts with ``review_first``.
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
    """The query parameters of a list in pages: ``?<number>=1&<size_name>=<size>``, from page 1."""

    number: str
    size_name: str
    size: int


@dataclass(frozen=True, slots=True)
class Adapter:
    """Where a provider publishes its prices, and how the body is parsed.

    The list is at ``base_url`` (scheme, host, any prefix; the operator may change it) followed by
    ``path``, which may end in a query. ``credential_variable`` names the environment variable with
    the API key, if the provider needs one; it may be sent to the host of ``base_url`` and to
    ``hosts``, over https, and nowhere else. ``parse`` parses one body, which is one page if there
    are ``pages``; it uses neither network nor database; it raises ParseError for a list that cannot
    be used as a whole, and nothing else.

    ``by_entry``: each model is read from its own entry alone, and ``parse`` takes ``digests``,
    which it gives to ``read_models``. Entries that are as they were are then not read again.

    ``price_keys`` maps each wire key (a dotted path) to its axis and unit. Without ``price_api``
    the list has no prices, and the catalogue's are used. ``note`` describes the provider's trap for
    ``docs/providers.md``.
    """

    slug: str
    name: str
    base_url: str
    path: str
    credential_variable: str | None
    parse: Callable[..., PriceList]
    evidence: Evidence
    by_entry: bool = False
    price_keys: Mapping[str, tuple[Axis, Unit]] = field(default_factory=dict)
    pages: Pages | None = None
    price_api: bool = True
    hosts: tuple[str, ...] = ()
    note: str = ""

    def credential_hosts(self, variable: str) -> tuple[Host, ...]:
        """The hosts that the adapter's own variable may be sent to; none for another variable."""
        if variable != self.credential_variable:
            return ()
        own = urlsplit(self.base_url).netloc
        return tuple(Host.parse(each) for each in (own, *self.hosts))


@cache
def adapter(slug: str | None) -> Adapter:
    """The adapter with this slug; LookupError names the known ones if there is none."""
    if slug not in adapter_slugs():
        raise LookupError(f"there is no adapter {slug!r}; known: {', '.join(adapter_slugs())}")
    found = import_module(f"{__package__}.{_module_name(slug)}").ADAPTER
    if not isinstance(found, Adapter) or found.slug != slug:
        raise TypeError(f"{__package__}.{_module_name(slug)} declares no adapter {slug!r}")
    return found


def adapter_slugs() -> tuple[str, ...]:
    """The slugs of all adapters, sorted."""
    here = Path(__file__)
    names = (found.name for found in iter_modules([str(here.parent)]) if found.name != here.stem)
    return tuple(sorted(name.replace("_", "-") for name in names))


def _module_name(slug: str) -> str:
    return slug.replace("-", "_")
