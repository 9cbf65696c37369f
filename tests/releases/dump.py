"""Write and restore a version's schema and data as one SQL text, without the engine's schema.

The engine's text is another project's and is never stored here: ``restore`` builds it from the
installed package, step by step, as that version had it. Dumps are compressed (``xzcat`` shows one).
"""

from __future__ import annotations

import lzma
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg

from service import __version__
from service.migrations.schema_files import read_schema
from tests.support.postgres import installed_programs
from tests.support.server_versions import client_directories

RELEASES = Path(__file__).resolve().parent
SUFFIX = ".sql.xz"
ENGINE = "procrastinate"

# pg_dump's header of each object; the text before the first header is session settings.
HEAD = re.compile(
    r"^--\n-- (?:Data for )?Name: (.+); Type: (.+); Schema: (.+); Owner: .*\n--\n\n", re.MULTILINE
)
END = "\n--\n-- PostgreSQL database dump complete\n"
OWNER = re.compile(r"^ALTER .+ OWNER TO .+;$", re.MULTILINE)
# Each function of the engine has a unique name, so the parameters can be left out.
PARAMETERS = re.compile(rf"(FUNCTION {ENGINE}\.\w+)\(.*\)(?= (?:OWNER|FROM|TO) )")
SESSION = re.compile(r"^SET default_\w+ = .*;\n", re.MULTILINE)

# What to dump of the engine's schema: rows and rights, and objects with our prefix (below).
OURS = ("TABLE DATA", "SEQUENCE SET", "ACL")


def versions() -> list[str]:
    """Every version that has a dump, the newest last."""
    names = (path.name.removesuffix(SUFFIX) for path in RELEASES.glob(f"*{SUFFIX}"))
    return sorted(names, key=lambda name: [int(part) for part in name.split(".")])


def read_dump(version: str) -> str:
    """The statements of a version's dump."""
    return lzma.decompress(path_of(version).read_bytes()).decode()


def write_dump(version: str, text: str) -> int:
    """Keep a dump; returns how many bytes it takes."""
    return path_of(version).write_bytes(lzma.compress(text.encode(), preset=9))


def path_of(version: str) -> Path:
    """Where the dump of a version is."""
    return RELEASES / f"{version}{SUFFIX}"


def dump(url: str) -> str:
    """The database as statements for ``restore``; CalledProcessError: stderr has the reason."""
    with psycopg.connect(url) as connection:
        major = connection.info.server_version // 10000
    # Columns by name: the engine's tables may have another column order after upgrades.
    options = ["--column-inserts", "--rows-per-insert=50", f"--dbname={url}"]
    command = [str(client_program("pg_dump", major)), *options]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    head = (
        f"-- pricing-sync {__version__} on Postgres {major}: its schema, and a small sample.\n"
        "-- Written by `make release`. Without the engine's schema: see tests/releases/dump.py.\n"
    )
    return "\n".join([head, *_statements(text)])


def restore(url: str, version: str) -> None:
    """Restore a version's dump into an empty database."""
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
            # Functions come before the objects that they name; rows must not fire the engine's
            # triggers.
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


def _version(program: Path) -> int:
    answer = subprocess.run([str(program), "--version"], check=True, capture_output=True, text=True)
    found = re.search(r"\d+", answer.stdout)
    assert found is not None, answer.stdout
    return int(found.group())
