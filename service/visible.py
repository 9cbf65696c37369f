"""Text of others, made so that it steers no terminal and forges no line.

Every control character counts: line breaks of any kind, ESC, C1, and what turns the direction of
writing round. Names of models, messages of providers and of Postgres, and what anybody NOTIFYs all
come from outside.
"""

from __future__ import annotations

import codecs

# Loaded now: a process without a free descriptor must still be able to log that it has none.
codecs.lookup("unicode_escape")


def visible(text: str) -> str:
    """For a cell or a line on a terminal: blanks stay blanks, the rest is replaced."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else " " if each.isspace() else "�" for each in text)


def escaped(text: str) -> str:
    """For a log, where it should still be seen what it was: ``\\n``, ``\\x1b``, ``\\u202e``."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def escaped_json(document: str) -> str:
    """A JSON document that says the same: what is not printable in its strings as ``\\uXXXX``."""
    if document.replace("\n", "").isprintable():
        return document
    return "".join(
        # Outside of strings there are no others than line breaks.
        each if each.isprintable() or each == "\n" else _as_json(each)
        for each in document
    )


def _as_json(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[n]:02x}{units[n + 1]:02x}" for n in range(0, len(units), 2))
