"""Checks that a model's id looks like what it is: no two ids may look the same to a person.

An id with a space at its end or a Cyrillic letter among Latin ones would be a new model, and the
old one would look as if it were removed.
"""

from __future__ import annotations

import unicodedata
from itertools import pairwise

from service.reading.wire import InvalidEntry, is_printable, shown

MAX_ID_LENGTH = 512


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Letters in these scripts look like Latin ones.
_LOOK_ALIKE = _words(
    "CYRILLIC GREEK COPTIC ARMENIAN CHEROKEE LISU GEORGIAN GOTHIC TIFINAGH DESERET CANADIAN"
)
# Phonetic letters, and signs, that look like those of ASCII: g, a, l, ', -, /, :.
_LIKE_ASCII = frozenset(
    "\u0261\u0251\u01c0\ua78c\u2010\u2012\u2013\u2212\u2043\u2044\u2215\u2236\ua789\u05c3\u0589"
)
# Cyrillic and Greek letters of which whole words look like Latin ones: "o1".
_LIKE_LATIN = frozenset(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u051b\u051d\u04bb\u0501"
    "\u04cf\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0423\u0405"
    "\u0406\u0408\u03bf\u03b1\u03bd\u03b9\u03ba\u03c1\u03c5\u03c7\u0391\u0392\u0395\u0396"
    "\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
)
# As Chinese and Japanese texts are spelt.
_WIDE = str.maketrans("\uff08\uff09", "()")
_CHINESE_OR_JAPANESE = _words("CJK HIRAGANA KATAKANA")
# Drawn as nothing or as a blank, and neither a space nor a format character by their category.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def read_id(model_id: object) -> str:
    """A model's id as spelt; InvalidEntry for a value that cannot be one."""
    if isinstance(model_id, str) and _is_ordinary(model_id):
        return model_id
    if not isinstance(model_id, str) or not model_id.strip():
        raise InvalidEntry(f"its id is {shown(model_id)}")
    if len(model_id) > MAX_ID_LENGTH:
        raise InvalidEntry(f"its id has {len(model_id)} characters: {shown(model_id)}")
    if not is_printable(model_id):
        raise InvalidEntry(f"its id has control characters: {shown(model_id)}")
    if model_id != model_id.strip():
        raise InvalidEntry(f"its id has white space around it: {_escaped(model_id)}")
    if not model_id.isascii():
        _require_plain(model_id)
    return model_id


def _is_ordinary(model_id: str) -> bool:
    """Whether none of the rules concerns it, which is so for nearly every id."""
    return (
        0 < len(model_id) <= MAX_ID_LENGTH
        and model_id.isascii()
        and model_id.isprintable()
        and " " not in model_id
    )


def _require_plain(model_id: str) -> None:
    for before, character in pairwise(f" {model_id}"):
        if _is_invisible(character) or (before.isascii() and unicodedata.combining(character)):
            raise InvalidEntry(f"its id has an invisible character: {_escaped(model_id)}")
    scripts = {_script(character) for character in model_id if character.isalpha()}
    text = model_id.translate(_WIDE) if scripts & _CHINESE_OR_JAPANESE else model_id
    if unicodedata.normalize("NFKC", text) != text or not _LIKE_ASCII.isdisjoint(text):
        raise InvalidEntry(f"its id has characters in an unusual form: {_escaped(model_id)}")
    if "LATIN" in scripts and any(each.isdigit() and not each.isascii() for each in text):
        raise InvalidEntry(f"its id has digits of another script: {_escaped(model_id)}")
    letters = {character for character in model_id if character.isalpha()}
    looks_latin = "LATIN" in scripts or (bool(letters) and letters <= _LIKE_LATIN)
    mixed = sorted(scripts & _LOOK_ALIKE) if looks_latin else []
    if mixed:
        named = ", ".join(script.capitalize() for script in mixed)
        raise InvalidEntry(f"its id has {named} letters that look Latin: {_escaped(model_id)}")


def _is_invisible(character: str) -> bool:
    category = unicodedata.category(character)
    return (
        category in {"Cf", "Zl", "Zp", "Co", "Cn"}
        or (category == "Zs" and character != " ")
        or character in _BLANK
        # Variation selectors.
        or "\ufe00" <= character <= "\ufe0f"
        or "\u180b" <= character <= "\u180f"
        or "\U000e0000" <= character <= "\U000e0fff"
    )


def _script(character: str) -> str:
    return "LATIN" if character.isascii() else unicodedata.name(character, "").partition(" ")[0]


def _escaped(model_id: str) -> str:
    return shown(model_id.encode("ascii", "backslashreplace").decode())
