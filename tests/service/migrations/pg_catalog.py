"""Read what a database holds, to compare two databases that were made in different ways."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

OURS = "n.nspname in ('public', 'procrastinate')"

STRUCTURE = {
    "relations": f"""
        select c.oid::regclass::text, c.relkind::text, c.relrowsecurity, c.relforcerowsecurity,
            c.reloptions::text,
            case c.relkind when 'v' then pg_get_viewdef(c.oid) end
        from pg_class c join pg_namespace n on n.oid = c.relnamespace where {OURS}""",
    "columns": f"""
        select c.oid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
            a.attidentity::text, pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)
        from pg_attribute a join pg_class c on c.oid = a.attrelid
        join pg_namespace n on n.oid = c.relnamespace
        left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
        where a.attnum > 0 and not a.attisdropped and {OURS}""",
    "functions": f"""
        select p.oid::regprocedure::text, pg_get_functiondef(p.oid), obj_description(p.oid)
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace where {OURS}""",
    "triggers": f"""
        select pg_get_triggerdef(t.oid) from pg_trigger t join pg_class c on c.oid = t.tgrelid
        join pg_namespace n on n.oid = c.relnamespace where not t.tgisinternal and {OURS}""",
    "sequences": f"""
        select s.seqrelid::regclass::text, s.seqtypid, s.seqstart, s.seqincrement, s.seqmin,
            s.seqmax, s.seqcache, s.seqcycle, c.relpersistence::text, d.refobjid::regclass::text
        from pg_sequence s join pg_class c on c.oid = s.seqrelid
        join pg_namespace n on n.oid = c.relnamespace
        left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid
            and d.deptype in ('a', 'i') where {OURS}""",
    "switches": f"""
        select c.oid::regclass::text, t.tgconstraint <> 0, t.tgtype, t.tgenabled::text
        from pg_trigger t join pg_class c on c.oid = t.tgrelid
        join pg_namespace n on n.oid = c.relnamespace where {OURS}""",
    "constraints": f"""
        select k.conname, k.conrelid::regclass::text, pg_get_constraintdef(k.oid)
        from pg_constraint k join pg_namespace n on n.oid = k.connamespace where {OURS}""",
    "indexes": """
        select indexdef from pg_indexes where schemaname in ('public', 'procrastinate')""",
    "ledger": """
        select name, digest from public.pricing_schema_ledger
        where name not like 'db/awaits/%' and name <> 'db/compared'""",
}

RIGHTS = {
    "relation owners": f"""
        select c.oid::regclass::text, pg_get_userbyid(c.relowner), x.grantor::regrole::text,
            x.grantee::regrole::text, x.privilege_type
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        left join aclexplode(coalesce(
            c.relacl, acldefault(case c.relkind when 'S' then 's'::"char" else 'r' end, c.relowner)
        )) x on true where {OURS} and c.relkind <> 'i'""",
    "function owners": f"""
        select p.oid::regprocedure::text, pg_get_userbyid(p.proowner), x.grantor::regrole::text,
            x.grantee::regrole::text, x.privilege_type
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        left join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x on true
        where {OURS}""",
    "type owners": f"""
        select t.oid::regtype::text, pg_get_userbyid(t.typowner)
        from pg_type t join pg_namespace n on n.oid = t.typnamespace where {OURS}""",
    "engine schema": """
        select pg_get_userbyid(n.nspowner), x.grantee::regrole::text, x.privilege_type
        from pg_namespace n left join aclexplode(n.nspacl) x on true
        where n.nspname = 'procrastinate'""",
    "policies": "select tablename, policyname, roles::text, cmd, qual from pg_policies",
}

Dump = dict[str, list[str]]


def structure(url: str) -> Dump:
    """Relations, columns, functions and the rest, without their owners."""
    return _read(url, STRUCTURE)


def rights(url: str) -> Dump:
    """Owners, grants and policies."""
    return _read(url, RIGHTS)


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    """The rows of one query."""
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def execute(url: str, *statements: str) -> None:
    """Run statements, each in a transaction of its own."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def ledger_names(url: str) -> list[str]:
    """The names in the ledger, without the objects of db/ and the roles that it waits for."""
    query = "select name from public.pricing_schema_ledger where name not like 'db/%' order by name"
    return [str(name) for (name,) in rows(url, query)]


def _read(url: str, queries: dict[str, str]) -> Dump:
    with psycopg.connect(url) as connection:
        # Postgres then prints names with their schema, whatever the login's own setting.
        connection.execute("set search_path = pg_catalog")
        return {
            what: _lines(connection.execute(query.encode()).fetchall())
            for what, query in queries.items()
        }


def _lines(found: Iterable[tuple[object, ...]]) -> list[str]:
    return sorted(" | ".join(map(str, row)) for row in found)
