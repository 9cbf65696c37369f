"""Reads whether a provider says in words that a model is free: a 0 alone does not say so."""

from __future__ import annotations

import re
from collections.abc import Mapping

_IN_ID = re.compile(r"[:/_-]free$", re.IGNORECASE)
_IN_NAME = re.compile(r"(?<![a-z0-9])free(?![a-z0-9])", re.IGNORECASE)


def says_free(model_id: str, name: str | None, entry: Mapping[str, object]) -> bool:
    """Whether the id ends in ``free``, the name or a tag has that word, or ``is_free`` is true."""
    tags, pricing = entry.get("tags"), entry.get("pricing")
    return (
        # The look for the letters alone is several times as fast.
        ("free" in model_id.lower() and _IN_ID.search(model_id) is not None)
        or (name is not None and "free" in name.lower() and _IN_NAME.search(name) is not None)
        or (isinstance(tags, list) and ("free" in tags or "Free" in tags))
        or _is_true(entry)
        or (isinstance(pricing, dict) and _is_true(pricing))
    )


def _is_true(said: Mapping[str, object]) -> bool:
    return said.get("is_free") is True or said.get("isFree") is True or said.get("free") is True
