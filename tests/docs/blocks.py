"""Read the fenced blocks of a document."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    language: str
    text: str


def blocks(document: str, *, section: str | None = None) -> list[Block]:
    """The fenced blocks of a document, or of one of its sections."""
    text = (ROOT / document).read_text()
    if section is not None:
        assert f"\n## {section}\n" in text, f"{document} has no section {section!r}"
        text = text.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return [Block(language, body) for language, body in _FENCE.findall(text)]
