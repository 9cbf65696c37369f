"""Write the table of rights in ``docs/security.md`` from a migrated database's catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import psycopg

from tests.support.processes import ROOT

PAGE = ROOT / "docs" / "security.md"
# People write the text above this line, ``make docs`` the text below.
MARK = (
    "<!-- Written by `make docs` from the catalogue: edit db/views/pricing_rights.sql instead. -->"
)
ROLES = ("pricing_web", "pricing_worker", "service_role")
# The column of the roles that this setting names.
READERS = "api_readers"
READER = "authenticated"
WORDS = {
    "SELECT": "read",
    "INSERT": "insert",
    "UPDATE": "update",
    "DELETE": "delete",
    "EXECUTE": "call",
    "USAGE": "use",
}

# Object, role, right.
Right = tuple[str, str, str]

# Every right of a role on an object of ours that another role owns. The engine's objects are one
# row for each kind, because their names are not ours.
_RIGHTS = """
with granted as (
    select
        case
            when n.nspname = 'procrastinate' then 'procrastinate: '
                || case c.relkind when 'S' then 'sequences' else 'tables' end
            else c.relname
        end as object,
        a.grantee, c.relowner as owner, a.privilege_type, c.oid
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    cross join lateral aclexplode(coalesce(
        c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner)
    )) a
    where n.nspname in ('public', 'procrastinate') and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    union all
    select c.relname || '.' || t.attname, a.grantee, c.relowner, a.privilege_type, c.oid
    from pg_attribute t
    join pg_class c on c.oid = t.attrelid
    cross join lateral aclexplode(t.attacl) a
    where c.relnamespace in ('public'::regnamespace, 'procrastinate'::regnamespace)
    union all
    select
        case
            when n.nspname = 'procrastinate' then 'procrastinate: functions' else p.proname || '()'
        end,
        a.grantee, p.proowner, a.privilege_type, p.oid
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    where n.nspname in ('public', 'procrastinate')
    union all
    select 'procrastinate: schema', a.grantee, n.nspowner, a.privilege_type, n.oid
    from pg_namespace n
    cross join lateral aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
    where n.nspname = 'procrastinate'
)
select distinct object, coalesce(r.rolname, 'public') as role, privilege_type
from granted g
left join pg_roles r on r.oid = g.grantee
where g.grantee <> g.owner
"""


def granted(url: str) -> set[Right]:
    """The rights in the catalogue, and those that a role gets by the setting."""
    with psycopg.connect(url) as connection:
        rights = _read(connection)
        connection.execute(f"update pricing_settings set {READERS} = array['{READER}']".encode())
        given = _read(connection) - rights
        connection.rollback()
    return rights | {(name, READERS, right) for name, role, right in given if role == READER}


def _read(connection: psycopg.Connection) -> set[Right]:
    rows = connection.execute(_RIGHTS.encode()).fetchall()
    return {(name, role, WORDS.get(right, right.lower())) for name, role, right in rows}


def written(path: Path = PAGE) -> set[Right]:
    """The rights in the page."""
    _, _, below = path.read_text(encoding="utf-8").partition(MARK)
    rights: set[Right] = set()
    columns: list[str] = []
    for line in below.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or set(line) <= set("| -"):
            continue
        if not columns:
            columns = [cell.strip("`") for cell in cells[1:]]
            continue
        for role, cell in zip(columns, cells[1:], strict=True):
            for name in re.findall("`([^`]+)`", cells[0]):
                rights |= {(name, role, word) for word in filter(None, cell.split(", "))}
    return rights


def page(rights: Iterable[Right], path: Path = PAGE) -> str:
    """The whole page: the text by people, the mark, the table."""
    text, mark, _ = path.read_text(encoding="utf-8").partition(MARK)
    if not mark:
        raise SystemExit(f"{path.name} has lost the line {MARK!r}; put it back above the table.")
    return f"{text}{MARK}\n\n{table(set(rights))}"


def table(rights: set[Right]) -> str:
    """One row for each object, with what each role may do; roles without rights have no column."""
    known = [*ROLES, READERS]
    roles = [*known, *sorted({role for _, role, _ in rights} - set(known))]
    rows = [("object", *(f"`{role}`" for role in roles)), ("---",) * (len(roles) + 1)]
    # Columns of a table with the same rights are one row.
    found: dict[tuple[str, ...], list[str]] = {}
    for name in sorted({name for name, _, _ in rights}, key=_place):
        words = tuple(
            ", ".join(w for w in _words(rights) if (name, role, w) in rights) for role in roles
        )
        table = name.partition(".")[0] if "." in name else name
        found.setdefault((table, *words), []).append(f"`{name}`")
    rows += [(", ".join(names), *words) for (_, *words), names in found.items()]
    lines = (f"| {' | '.join(row)} |\n" for row in rows)
    # Markdown formatters write an empty cell with one space.
    return "".join(re.sub(r"\|  (?=\|)", "| ", line) for line in lines)


def _words(rights: set[Right]) -> list[str]:
    known = list(WORDS.values())
    return [*known, *sorted({word for _, _, word in rights} - set(known))]


def _place(name: str) -> tuple[bool, bool, str]:
    """Sort relations first, then functions, then the engine's objects."""
    return name.startswith("procrastinate:"), name.endswith("()"), name
