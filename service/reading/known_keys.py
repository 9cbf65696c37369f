"""Defines which keys of an entry an adapter reads or knows not to be a price."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

_Tree: TypeAlias = "dict[str, _Tree]"


@dataclass(frozen=True, slots=True, eq=False)
class KnownKeys:
    """A tree of keys; ``*`` is any key. A key without keys below it is known with all it holds.

    Lists have no level of their own: ``providers[].pricing`` is ``providers`` and ``pricing``. Two
    trees are never equal, so that each is a key of what was found out about it.
    """

    below: Mapping[str, KnownKeys] = field(default_factory=dict)

    @classmethod
    def of(cls, *paths: str | Iterable[str]) -> KnownKeys:
        """From dotted paths: ``pricing.prompt``, ``price.*.usd``, ``providers[].pricing.input``."""
        tree: _Tree = {}
        for path in _each(paths):
            at = tree
            for key in path.replace("[]", "").split("."):
                at = at.setdefault(key, {})
        return _known(tree)

    def beneath(self, key: str) -> KnownKeys:
        """What is known below ``key``, as a tree of its own."""
        return self.get(key) or NONE_KNOWN

    def without(self, key: str) -> KnownKeys:
        """The same keys, with all below ``key`` known."""
        return _without(self, key)

    def get(self, key: str) -> KnownKeys | None:
        """What is known below ``key``; None for an unknown key."""
        found = self.below.get(key)
        return self.below.get("*") if found is None else found


NONE_KNOWN = KnownKeys()


# Asked for each entry of a list.
@lru_cache(maxsize=64)
def _without(known: KnownKeys, key: str) -> KnownKeys:
    return KnownKeys({**known.below, key: NONE_KNOWN})


def _each(paths: Iterable[str | Iterable[str]]) -> Iterator[str]:
    for path in paths:
        if isinstance(path, str):
            yield path
        else:
            yield from path


def _known(tree: _Tree) -> KnownKeys:
    of_any = tree.get("*", {})
    return KnownKeys(
        {
            key: _known(_merged(inner, of_any) if key != "*" else inner)
            for key, inner in tree.items()
        }
    )


def _merged(one: _Tree, other: _Tree) -> _Tree:
    return one | {key: _merged(one.get(key, {}), inner) for key, inner in other.items()}
