"""Refuse an uninstall while web processes or workers run."""

from __future__ import annotations

import psycopg

from service.errors import MigrationError
from service.migrations.removal.installed_objects import existing_relations

# Sessions of our processes: by application name, or by their roles.
_SESSIONS = """
select a.pid, concat_ws(', ', nullif(a.application_name, ''), 'login ' || a.usename)
from pg_stat_activity a
left join pg_roles r on r.oid = a.usesysid
where a.datname = current_database() and a.pid <> pg_backend_pid()
    and (
        a.application_name like 'pricing-sync%'
        or not r.rolsuper and exists (
            select from pg_roles o
            where o.rolname in ('pricing_web', 'pricing_worker')
                and pg_has_role(r.oid, o.oid, 'member')
        )
        and not exists (
            select from pg_roles o
            where o.rolname = 'pricing_owner' and pg_has_role(r.oid, o.oid, 'member')
        )
    )
order by a.pid
"""


def refuse_running_processes(connection: psycopg.Connection) -> None:
    sessions = connection.execute(_SESSIONS.encode()).fetchall()
    if sessions:
        named = "; ".join(f"pid {pid} ({who})" for pid, who in sessions)
        raise MigrationError(
            f"Processes of pricing-sync are connected: {named}.",
            hint="Nothing was dropped. Stop web processes and workers first.",
        )
    if alive := _workers_alive(connection):
        raise MigrationError(
            f"Workers of pricing-sync are alive: {', '.join(alive)}.",
            hint="Nothing was dropped. Stop them first. A killed worker no longer counts once its"
            " lease has passed.",
        )


def _workers_alive(connection: psycopg.Connection) -> list[str]:
    """Workers by their heartbeats, because behind a pooler a session is the pooler's."""
    tables = ["public.pricing_settings", "procrastinate.procrastinate_workers"]
    if len(existing_relations(connection, tables)) < len(tables):
        return []
    found = connection.execute(
        "select format('worker %s (heartbeat %s)', w.id, w.last_heartbeat)"
        " from procrastinate.procrastinate_workers w cross join public.pricing_settings s"
        " where w.last_heartbeat > clock_timestamp() - s.lease order by w.id"
    ).fetchall()
    return [name for (name,) in found]
