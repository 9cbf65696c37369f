"""Checkouts of two versions, each with its own interpreter and databases.

The other version runs its own code: its ``.venv`` migrates its databases and runs the Python work.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.rows import DictRow, dict_row

from tests.support.postgres import Cluster

Connection = psycopg.Connection[DictRow]

HERE = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("python_work.py")


@dataclass(frozen=True)
class Tree:
    """A checkout in which ``make install`` was run; ``name`` is what the figures call it."""

    name: str
    directory: Path

    @contextmanager
    def database(self, cluster: Cluster) -> Iterator[str]:
        """The URL of a database that this version has migrated."""
        with cluster.database() as name:
            url = cluster.url_of(name)
            self._run(["-m", "service", "migrate"], DATABASE_URL=url)
            yield url

    @contextmanager
    def connection(self, cluster: Cluster) -> Iterator[Connection]:
        """A connection to such a database, with the schedule off."""
        with (
            self.database(cluster) as url,
            psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection,
        ):
            connection.execute("update pricing_settings set scheduler_enabled = false")
            yield connection

    def milliseconds(self, work: str, url: str) -> float:
        """Time one round of a piece of work of ``python_work.py``, run by this version's code."""
        return float(json.loads(self._run([str(SCRIPT), work, url])))

    def _run(self, arguments: list[str], **more: str) -> str:
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        done = subprocess.run(
            [self.directory / ".venv" / "bin" / "python", *arguments],
            cwd=self.directory,
            env=kept | more,
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        return done.stdout
