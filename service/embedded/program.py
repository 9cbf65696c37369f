"""A process of a program that is named by its whole path: what runs never depends on PATH."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

PIPE = subprocess.PIPE


class Program(subprocess.Popen[bytes]):
    """Run by no shell, with the environment that is given and nothing of ours beside it.

    ``output`` takes what it prints, errors included. ``popen`` are further arguments of
    ``subprocess.Popen``. ValueError for a path that is not absolute.
    """

    def __init__(
        self,
        path: Path,
        *arguments: str,
        environment: Mapping[str, str],
        output: IO[bytes] | int = subprocess.DEVNULL,
        input: int = subprocess.DEVNULL,
        **popen: Any,
    ) -> None:
        if not path.is_absolute():
            raise ValueError(f"{path} is no absolute path")
        super().__init__(
            [str(path), *arguments],
            stdin=input,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            **popen,
        )
