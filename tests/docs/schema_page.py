"""Write the tables and views of ``docs/schema.md`` from a migrated database's catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.support.processes import ROOT

PAGE = ROOT / "docs" / "schema.md"
# People write the text above this line, ``make docs`` the text below.
MARK = "<!-- Written by `make docs` from the catalogue: edit db/ and migrations/ instead. -->"
# Each relation belongs to one group.
GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "Prices",
        "The price in force, its history, and the views of both for people.",
        (
            "model_prices",
            "model_price_conditions",
            "pricing_history",
            "pricing_announced",
            "pricing_changes",
            "pricing_unpriced",
            "pricing_stale",
            "pricing_incomplete",
            "pricing_drift",
            "model_pricing",
            "model_pricing_history",
            "pricing_catalogue_prices",
            "pricing_catalogue_by_id",
            "pricing_model_aliases",
            "pricing_searched_models",
            "pricing_model_search",
            "pricing_model_numbers",
            "pricing_model_counts",
        ),
    ),
    (
        "Review",
        "Changes that wait for a person, rules that accept changes beforehand, and overrides.",
        (
            "pricing_held",
            "pricing_rejected",
            "pricing_waiting",
            "pricing_held_all",
            "pricing_active_rules",
            "pricing_active_overrides",
            "pricing_held_changes",
            "pricing_said_again",
            "pricing_list_digests",
            "pricing_listed_models",
            "pricing_miscounted_models",
            "pricing_listed_entries",
            "pricing_change_rules",
            "pricing_overrides",
        ),
    ),
    (
        "Jobs and attempts",
        "What was triggered, and how each provider sync goes. The queue itself is a table of the"
        " engine, `procrastinate.procrastinate_jobs`.",
        (
            "pricing_sync_progress",
            "pricing_provider_syncs",
            "pricing_sync_lock",
            "pricing_sync_expiry",
            "pricing_sync_jobs",
            "pricing_sync_log",
            "pricing_idempotency_keys",
            "pricing_given_up_syncs",
            "pricing_metric_totals",
            "pricing_low_water_mark",
            "pricing_rows_below_mark",
        ),
    ),
    (
        "Providers and schedule",
        "Which providers are synced, when, and with which settings.",
        (
            "pricing_provider_status",
            "pricing_freshness",
            "pricing_confirmations",
            "pricing_overdue_models",
            "pricing_providers",
            "pricing_syncable_providers",
            "pricing_missing_credentials",
            "pricing_settings",
            "pricing_scheduler_ticks",
            "pricing_cron_jobs",
        ),
    ),
    (
        "Workers",
        "Which workers there are, and what they read of themselves.",
        ("pricing_workers", "pricing_worker_heartbeats", "pricing_worker_settings"),
    ),
    (
        "Keys and audit log",
        "Keys of the HTTP interface, and what people decided.",
        ("pricing_audit", "pricing_keys", "pricing_api_keys", "pricing_audit_log"),
    ),
    (
        "The schema itself",
        "What `migrate` keeps, and what the functions lock.",
        ("pricing_schema_ledger", "pricing_rights", "pricing_locks"),
    ),
)
KINDS = {"r": "table", "v": "view"}
TYPES = {"timestamp with time zone": "timestamptz"}

# Reads only what PostgreSQL 15 and later print alike, without the objects of extensions.
_COLUMNS = """
select
    c.relname, c.relkind::text, obj_description(c.oid, 'pg_class'), a.attname,
    format_type(a.atttypid, a.atttypmod),
    a.attnotnull,
    a.attidentity <> '',
    a.attgenerated <> '',
    pg_get_expr(d.adbin, d.adrelid),
    exists (
        select from pg_constraint k
        where k.conrelid = c.oid and k.contype = 'p' and a.attnum = any (k.conkey)
    ),
    (
        select min(k.confrelid::regclass::text)
        from pg_constraint k
        where k.conrelid = c.oid and k.contype = 'f' and k.conkey = array[a.attnum]
    ),
    col_description(c.oid, a.attnum)
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v')
    and not exists (
        select from pg_depend e
        where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e'
    )
order by c.relname, a.attnum
"""


@dataclass
class Relation:
    """A table or view; ``columns`` are rows of name, type and comment."""

    kind: str
    comment: str
    columns: list[tuple[str, str, str]] = field(default_factory=list)


def relations(url: str) -> dict[str, Relation]:
    """The tables and views in the catalogue."""
    found: dict[str, Relation] = {}
    with psycopg.connect(url) as connection:
        connection.execute("set search_path = public")
        for name, kind, comment, column, *details, text in connection.execute(_COLUMNS.encode()):
            relation = found.setdefault(name, Relation(KINDS[kind], comment or ""))
            relation.columns.append((column, _type(*details), text or ""))
    return found


def page(found: dict[str, Relation], path: Path = PAGE) -> str:
    """The whole page: the text by people, the mark, the groups."""
    text, mark, _ = path.read_text(encoding="utf-8").partition(MARK)
    if not mark:
        raise SystemExit(f"{path.name} has lost the line {MARK!r}; put it back above the tables.")
    lost = found.keys() - {name for _, _, names in GROUPS for name in names}
    if lost:
        raise SystemExit(f"Give each of these a group in {Path(__file__).name}: {sorted(lost)}")
    groups = (_group(heading, sentence, names, found) for heading, sentence, names in GROUPS)
    return f"{text}{MARK}\n\n" + "\n".join(groups)


def _group(heading: str, sentence: str, names: Iterable[str], found: dict[str, Relation]) -> str:
    parts = [f"## {heading}\n\n{sentence}\n"]
    parts += [_section(name, found[name]) for name in names if name in found]
    return "\n".join(parts)


def _section(name: str, relation: Relation) -> str:
    rows = [("column", "type", "what it is"), ("---", "---", "---")]
    rows += [(f"`{column}`", kind, text) for column, kind, text in relation.columns]
    lines = "".join(f"| {' | '.join(_cell(word) for word in row)} |\n" for row in rows)
    return f"### {name}\n\n{relation.kind.capitalize()}. {relation.comment}\n\n{lines}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _type(
    name: str,
    is_required: bool,
    is_identity: bool,
    is_generated: bool,
    default: str | None,
    is_key: bool,
    references: str | None,
) -> str:
    """A column's type, such as ``text, not null, default 'ok'``, without Postgres's casts."""
    words = [TYPES.get(name, name)]
    if is_key:
        words.append("primary key")
    elif is_required:
        words.append("not null")
    if is_identity:
        words.append("identity")
    elif is_generated:
        words.append("generated")
    elif default is not None:
        words.append(
            f"default `{default.partition('::')[0] if default[0] == chr(39) else default}`"
        )
    if references is not None:
        words.append(f"references {references}")
    return ", ".join(words)
