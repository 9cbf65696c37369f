"""Starts a program by its absolute path, so that PATH does not decide what runs."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

PIPE = subprocess.PIPE


class Program(subprocess.Popen[bytes]):
    """A child process without a shell, with only the given environment.

    ``output`` receives stdout and stderr. ``popen`` are further arguments of ``subprocess.Popen``.
    ValueError for a path that is not absolute.
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
