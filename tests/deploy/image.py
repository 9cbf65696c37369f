"""The image, made without a container engine from what the Dockerfile copies and runs."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import ROOT

IGNORED = shutil.ignore_patterns("__pycache__")


@dataclass(frozen=True)
class Image:
    """``files`` is the content of its WORKDIR."""

    files: Path
    instructions: tuple[tuple[str, str], ...]

    def only(self, name: str) -> str:
        (value,) = (value for each, value in self.instructions if each == name)
        return value

    @property
    def entrypoint(self) -> list[str]:
        return list(json.loads(self.only("ENTRYPOINT")))

    def environment(self) -> dict[str, str]:
        """The variables of ENV, with the local directory in place of the image's."""
        words = self.only("ENV").replace(self.only("WORKDIR"), str(self.files)).split()
        return dict(word.split("=", 1) for word in words)

    def arguments(self, command: str) -> list[str]:
        """The arguments for ``service`` in a start command that replaces ENTRYPOINT."""
        words = command.split()
        assert words[:3] == self.entrypoint == ["python", "-m", "service"]
        return words[3:]


def build_image(directory: Path) -> Image:
    """AssertionError: the Dockerfile copies what is not there, or what its context leaves out."""
    sent = [
        line[1:]
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    instructions = read_dockerfile(ROOT / "Dockerfile")
    directory.mkdir()
    for name, value in instructions:
        if name == "COPY":
            source, target = value.split()
            assert source in sent, f".dockerignore leaves out {source}"
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, directory / target, ignore=IGNORED)
            else:
                shutil.copy(ROOT / source, directory / target)
    return Image(directory, tuple(instructions))


def read_dockerfile(path: Path) -> list[tuple[str, str]]:
    text = re.sub(r"\\\n", " ", path.read_text())
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return [(name, value.strip()) for name, _, value in (line.partition(" ") for line in lines)]
