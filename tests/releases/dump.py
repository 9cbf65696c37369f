"""A version's schema and data as one SQL text, without the engine's own schema; and back.

The engine's text is another project's: it is never stored here, but built anew from the installed
package, step by step, as that version had it. A statement that an earlier dump has is named by its
place there: a dump shows what its version changed.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg

from service import __version__
from service.migrations.schema import read_schema
from tests.support.postgres import installed_programs
from tests.support.server_versions import client_directories

RELEASES = Path(__file__).resolve().parent
ENGINE = "procrastinate"

# How pg_dump heads each object; what stands before the first are settings of its session.
HEAD = re.compile(
    r"^--\n-- (?:Data for )?Name: (.+); Type: (.+); Schema: (.+); Owner: .*\n--\n\n", re.MULTILINE
)
END = "\n--\n-- PostgreSQL database dump complete\n"
OWNER = re.compile(r"^ALTER .+ OWNER TO .+;$", re.MULTILINE)
# Each of the engine's functions has a name of its own, and its parameters are its own affair.
PARAMETERS = re.compile(rf"(FUNCTION {ENGINE}\.\w+)\(.*\)(?= (?:OWNER|FROM|TO) )")
SESSION = re.compile(r"^SET default_\w+ = .*;\n", re.MULTILINE)

# A statement as an earlier dump has it; the end of the line is for the reader.
PLACE = re.compile(r"^-- As in (\S+)\.sql from (\d+) to (\d+): .*$", re.MULTILINE)
# A shorter statement is as short as its place.
WORTH_A_PLACE = 160

# What is ours of the engine's schema: rows and rights, and further down what bears our prefix.
OURS = ("TABLE DATA", "SEQUENCE SET", "ACL")


def path_of(version: str) -> Path:
    """Where the dump of a version is."""
    return RELEASES / f"{version}.sql"


def dump(url: str) -> str:
    """The database as statements for ``restore``; a CalledProcessError has said why on stderr."""
    with psycopg.connect(url) as connection:
        major = connection.info.server_version // 10000
    # Columns by name: the engine's tables may have another order when they grew step by step.
    options = ["--column-inserts", "--rows-per-insert=50", f"--dbname={url}"]
    command = [str(client_program("pg_dump", major)), *options]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    head = (
        f"-- pricing-sync {__version__} on Postgres {major}: its schema, and a small sample.\n"
        "-- Written by `make release`. Without the engine's schema: see tests/releases/dump.py.\n"
    )
    earlier = _earlier_dumps()
    return "\n".join([head, *(_placed(each, earlier) for each in _statements(text))])


def read_dump(version: str) -> str:
    """All statements of a version's dump, those of earlier dumps in their places."""

    def statement(place: re.Match[str]) -> str:
        origin, start, end = place.groups()
        return path_of(origin).read_text(encoding="utf-8")[int(start) : int(end)]

    return PLACE.sub(statement, path_of(version).read_text(encoding="utf-8"))


def restore(url: str, version: str) -> None:
    """Make an empty database what it was at a version."""
    schema = read_schema()
    release = schema.releases[version]
    steps = [step for step in schema.engine_steps if step.name in release.engine]
    lost = release.engine - {step.name for step in steps}
    assert not lost, f"the installed engine cannot be built as {version} had it: no {sorted(lost)}"
    before = {file.path: file.text for file in schema.db if file.kind == "before"}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(before["db/roles.sql"].encode())
        connection.execute(f"create schema {ENGINE}".encode())
        connection.execute(f"set search_path = {ENGINE}, public, pg_temp".encode())
        for step in steps:
            connection.execute(step.text.encode())
        connection.execute(before["db/engine.sql"].encode())
        with connection.transaction():
            # Functions come before what they name, and rows must not set off the engine's triggers.
            connection.execute("set local check_function_bodies = off")
            connection.execute("set local session_replication_role = replica")
            connection.execute("set local search_path = ''")
            connection.execute(read_dump(version).encode())


def client_program(name: str, major: int) -> Path:
    """``pg_dump`` or ``psql`` for a server of this version; the installed one first."""
    places = [installed_programs(), *client_directories()]
    for program in (place / name for place in places if place is not None):
        if program.exists() and _version(program) >= major:
            return program
    raise FileNotFoundError(f"There is no {name} here for a server of version {major}.")


def _statements(text: str) -> Iterator[str]:
    text, end, _ = text.partition(END)
    assert end, "pg_dump did not finish"
    heads = list(HEAD.finditer(text))
    ends = [*(head.start() for head in heads[1:]), len(text)]
    for head, stop in zip(heads, ends, strict=True):
        name, kind, schema = head.groups()
        body = SESSION.sub("", text[head.end() : stop]).strip()
        if ENGINE in (schema, name) and kind not in OURS and "pricing_" not in name:
            body = "\n".join(OWNER.findall(body))
        if body:
            yield PARAMETERS.sub(r"\1", body) + "\n"


def _earlier_dumps() -> dict[str, str]:
    """The text of each dump but this version's, the newest first."""
    paths = [path for path in RELEASES.glob("*.sql") if path.stem != __version__]
    paths.sort(key=lambda path: [int(part) for part in path.stem.split(".")], reverse=True)
    return {path.stem: path.read_text(encoding="utf-8") for path in paths}


def _placed(statement: str, earlier: dict[str, str]) -> str:
    if len(statement) < WORTH_A_PLACE:
        return statement
    for version, text in earlier.items():
        start = text.find(f"\n{statement}")
        if start >= 0:
            start += 1
            first = statement.partition("\n")[0][:WORTH_A_PLACE]
            return f"-- As in {version}.sql from {start} to {start + len(statement)}: {first}"
    return statement


def _version(program: Path) -> int:
    answer = subprocess.run([str(program), "--version"], check=True, capture_output=True, text=True)
    found = re.search(r"\d+", answer.stdout)
    assert found is not None, answer.stdout
    return int(found.group())
