"""Defines which keys of an entry an adapter reads or knows not to be a price."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

_Tree: TypeAlias = "dict[str, _Tree]"


@dataclass(frozen=True, slots=True)
class KnownKeys:
    """A tree of keys; ``*`` is any key. A key without keys below it is known with all it holds.

    Lists have no level of their own: ``providers[].pricing`` is ``providers`` and ``pricing``.
    """

    below: Mapping[str, KnownKeys] = field(default_factory=dict)
    leaves: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        leaves = frozenset(key for key, each in self.below.items() if not each.below)
        object.__setattr__(self, "leaves", leaves)

    @classmethod
    def of(cls, *paths: str | Iterable[str]) -> KnownKeys:
        """From dotted paths: ``pricing.prompt``, ``price.*.usd``, ``providers[].pricing.input``."""
        tree: _Tree = {}
        for path in _each(paths):
            at = tree
            for key in path.replace("[]", "").split("."):
                at = at.setdefault(key, {})
        return _known(tree)

    @property
    def both(self) -> tuple[Mapping[str, KnownKeys], frozenset[str]]:
        """The keys, and those of them without keys below."""
        return self.below, self.leaves

    def beneath(self, key: str) -> KnownKeys:
        """What is known below ``key``, as a tree of its own."""
        return self.get(key) or KnownKeys()

    def without(self, key: str) -> KnownKeys:
        """The same keys, with all below ``key`` known."""
        return KnownKeys({**self.below, key: KnownKeys()})

    def get(self, key: str) -> KnownKeys | None:
        """What is known below ``key``; None for an unknown key."""
        found = self.below.get(key)
        return self.below.get("*") if found is None else found


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
