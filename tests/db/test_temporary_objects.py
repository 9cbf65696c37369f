"""No function of ours uses a caller's temporary types, tables or views instead of the real ones.

``pg_temp`` is searched first for types and relations wherever a search_path does not name it. Each
temporary object here calls a function of the caller's, which records the role it ran as.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.db.pricing import Pricing, price
from tests.support.postgres import Cluster

ROLES = ("pricing_web", "pricing_worker", "service_role", "authenticated", "anon")

_SPY = """
create function pg_temp.spy() returns boolean language plpgsql as $$
begin
    if current_user <> session_user and not pg_has_role(session_user, current_user, 'member') then
        raise warning 'ran as %', current_user;
    end if;
    return true;
end
$$;
"""

# Named like every type that a column, an argument or a cast may have, and like every relation.
_TRAPS = """
select
    format('create domain pg_temp.%1$I as pg_catalog.%1$I check (pg_temp.spy())', t.typname)
from pg_catalog.pg_type t
where t.typnamespace = 'pg_catalog'::regnamespace and t.typtype in ('b', 'r', 'm')
    and t.typname !~ '^_' and t.typcategory <> 'Z'
union all
select format('create domain pg_temp.%I as text check (pg_temp.spy())', t.typname)
from pg_catalog.pg_type t
where t.typnamespace in ('public'::regnamespace, 'procrastinate'::regnamespace)
    and t.typtype in ('d', 'e')
union all
select format(
    'create view pg_temp.%I as select %s where pg_temp.spy()',
    c.relname,
    (
        select string_agg(
            format('null::%s as %I', pg_catalog.format_type(a.atttypid, null), a.attname),
            ', '
            order by a.attnum
        )
        from pg_catalog.pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    )
)
from pg_catalog.pg_class c
where c.relnamespace in (
        'public'::regnamespace, 'procrastinate'::regnamespace, 'pg_catalog'::regnamespace
    )
    and c.relkind in ('r', 'v')
    and c.relname !~ '^pg_statistic'
    and not exists (
        select
        from pg_catalog.pg_attribute a
        where a.attrelid = c.oid and a.atttypid = 'anyarray'::regtype
    )
"""

_ARGUMENTS = {
    "text": "'openrouter'",
    "text[]": "'{openrouter}'",
    "uuid": "'%(job_id)s'",
    "jsonb": "'[]'",
    "boolean": "true",
    "bigint": "1",
    "integer": "1",
    "numeric": "20",
    "double precision": "20",
    "interval": "'1 day'",
    "timestamp with time zone": "now() + interval '1 day'",
    "character varying[]": "null",
}


@contextmanager
def trapped(cluster: Cluster, database: str, role: str) -> Iterator[tuple[Pricing, list[str]]]:
    """A login that is only a member of the role, with its traps; and the roles they recorded."""
    with cluster.login_role(can_create_roles=False) as (user, password):
        cluster.execute("grant {} to {}", role, user)
        name = database.rpartition("/")[2]
        url = cluster.url_of(name, user=user, password=password)
        caught: list[str] = []
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            connection.add_notice_handler(
                lambda said: caught.append(f"{said.message_primary}: {said.context}")
            )
            connection.execute("set search_path = pg_catalog")
            connection.execute(_SPY.encode())
            for (trap,) in [tuple(row.values()) for row in connection.execute(_TRAPS.encode())]:
                # Types of a schema that the role may not use cannot be copied.
                with suppress(psycopg.errors.InsufficientPrivilege):
                    connection.execute(trap.encode())
            connection.execute("set search_path = public")
            yield Pricing(connection), caught


def executable(login: Pricing, role: str) -> list[str]:
    """A call of every function that the role may execute, with nulls and with likely arguments."""
    functions = login.rows(
        "select p.oid::regproc::text as name, array(select pg_catalog.format_type(a, null)"
        " from unnest(p.proargtypes) as a) as arguments"
        " from pg_catalog.pg_proc p where p.pronamespace in ('public'::regnamespace,"
        " (select n.oid from pg_catalog.pg_namespace n where n.nspname = 'procrastinate'))"
        " and pg_catalog.has_function_privilege(%s, p.oid, 'execute')"
        " and p.prorettype <> 'trigger'::regtype order by 1",
        role,
    )
    calls = []
    for function in functions:
        likely = [_ARGUMENTS.get(of, "null") for of in function["arguments"]]
        for given in (likely, ["null"] * len(likely)):
            calls.append(f"select * from {function['name']}({', '.join(given)})")
    return calls


def attempt_all(login: Pricing, statements: list[str]) -> None:
    for statement in statements:
        with suppress(psycopg.Error):
            login.do(statement)


@pytest.mark.parametrize("role", ROLES)
def test_nothing_of_a_caller_runs_as_another_role(
    role: str, own_database: Pricing, database: str, migrated_cluster: Cluster
) -> None:
    owner = own_database
    owner.sync("openrouter", [price("a"), price("b")])
    with trapped(migrated_cluster, database, role) as (login, caught):
        if role == "pricing_worker":
            # Fires every trigger of the queue's table, the projection and apply.
            for _ in range(2):
                login.do(
                    "insert into procrastinate.procrastinate_jobs (queue_name, task_name, args)"
                    " values ('pricing', 'sync_provider', '{\"provider\": \"deepinfra\"}')"
                )
            first = login.fetch()
            assert first is not None
            login.apply(first, [price(source="api:deepinfra")])
            second = login.fetch()
            assert second is not None
            login.end(second)
        job_id = owner.trigger("openrouter")["job_id"]
        calls = [call.replace("%(job_id)s", str(job_id)) for call in executable(login, role)]
        assert bool(calls) is (role not in ("anon", "authenticated"))
        attempt_all(
            login,
            [
                *calls,
                "delete from public.pricing_sync_lock",
                "update procrastinate.procrastinate_jobs set status = 'doing'",
                "delete from procrastinate.procrastinate_jobs",
                "select * from public.set_price_override('openrouter', 'a', reason => 'x',"
                " input_per_1m => 0.3, prices => '{\"per_image\": 1}')",
                "select * from public.clear_price_override('openrouter', 'a')",
                "select * from public.model_price_at('openrouter', 'a', now())",
                f"select * from public.rollback_pricing_sync('{job_id}', true)",
                *(f"select * from public.{view}" for view in ("model_prices", "pricing_sync_lock")),
            ],
        )
        assert caught == []


def test_the_traps_work(own_database: Pricing, database: str, migrated_cluster: Cluster) -> None:
    """One function without pg_temp in its path is enough to be caught."""
    own_database.do(
        "alter function public.trigger_pricing_sync(text[], text, boolean, text, text)"
        " set search_path = ''"
    )
    with trapped(migrated_cluster, database, "pricing_web") as (login, caught):
        attempt_all(login, ["select * from public.trigger_pricing_sync()"])
        assert caught and caught[0].startswith("ran as pricing_owner")
