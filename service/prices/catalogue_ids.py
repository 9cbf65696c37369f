"""Finds a model of the catalogue by its id, or by another id that a clause says to be exactly it.

Other clauses of the package (prefixes, patterns) can match another model, and are not used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from genai_prices.types import ClauseEquals, ClauseOr, MatchLogic, ModelInfo


def exact_ids(models: Iterable[ModelInfo]) -> Mapping[str, str]:
    """Each id of an equality clause, in lower case, to the catalogue's id of its model.

    The package compares in lower case. An id with two meanings, which another model has as its own
    id or by a clause too, is left out.
    """
    models = list(models)
    meanings: dict[str, set[str]] = {}
    for model in models:
        for text in (model.id, *_equal_to(model.match)):
            meanings.setdefault(text.lower(), set()).add(model.id)
    clauses = {text.lower() for model in models for text in _equal_to(model.match)}
    return {text: min(meanings[text]) for text in sorted(clauses) if len(meanings[text]) == 1}


def aliases(models: Iterable[ModelInfo]) -> Mapping[str, tuple[str, ...]]:
    """The other ids of each model, by its own id, as the catalogue spells them."""
    models = list(models)
    exact = exact_ids(models)
    return {
        model.id: tuple(
            dict.fromkeys(
                text
                for text in _equal_to(model.match)
                if text != model.id and exact.get(text.lower()) == model.id
            )
        )
        for model in models
    }


def _equal_to(clause: MatchLogic) -> Iterator[str]:
    """Every text that alone satisfies the clause."""
    if isinstance(clause, ClauseEquals):
        yield clause.equals
    elif isinstance(clause, ClauseOr):
        for member in clause.or_:
            yield from _equal_to(member)
