"""Roles and memberships that only a superuser can make."""

from __future__ import annotations

import psycopg

from service.migrations.steps.replay import MEMBER_ROLES, ROLES


def role_advice(connection: psycopg.Connection) -> tuple[str, ...]:
    """Statements for a superuser: create missing roles, grant those that this user lacks."""
    new = connection.info.server_version >= 160000
    options = " with inherit true, set true" if new else ""
    rows = connection.execute(
        """
        select r.rolname is null, format('create role %%I nologin;', wanted.name),
            wanted.name = any (%(members)s)
                and (r.oid is null or not pg_has_role(current_user, r.oid, 'usage')),
            format('grant %%I to %%I%%s;', wanted.name, current_user, %(options)s::text)
        from unnest(%(roles)s::text[]) with ordinality as wanted (name, position)
        left join pg_catalog.pg_roles r on r.rolname = wanted.name
        order by wanted.position
        """,
        {"roles": list(ROLES), "members": list(MEMBER_ROLES), "options": options},
    ).fetchall()
    creates = [create for missing, create, _, _ in rows if missing]
    grants = [grant for _, _, outside, grant in rows if outside]
    return (*creates, *grants)
