"""Replaces control characters in text from outside, so that it can neither steer a terminal nor
forge a log line.

That is: line breaks of any kind, ESC, C1, and characters that reverse the direction of writing.
Names of models, messages of providers and of Postgres, and payloads of NOTIFY come from outside.
"""

from __future__ import annotations

import codecs

# Loaded at import: a process without a free file descriptor must still be able to log that.
codecs.lookup("unicode_escape")


def printable(text: str) -> str:
    """For a terminal: white space becomes a blank, other control characters U+FFFD."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else " " if each.isspace() else "�" for each in text)


def one_line(error: BaseException) -> str:
    """The text of an error in one line; the name of its class if it has none."""
    return " ".join(str(error).split()) or type(error).__name__


def escaped(text: str) -> str:
    """For a log, which shows the character as an escape: ``\\n``, ``\\x1b``, ``\\u202e``."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def escaped_json(document: str) -> str:
    """An equal JSON document, with control characters in its strings as ``\\uXXXX``."""
    if document.replace("\n", "").isprintable():
        return document
    return "".join(
        # Outside of strings line breaks are the only ones.
        each if each.isprintable() or each == "\n" else _as_json(each)
        for each in document
    )


def _as_json(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[n]:02x}{units[n + 1]:02x}" for n in range(0, len(units), 2))
