"""The advisory lock that keeps two runs of ``migrate`` on one database apart."""

from __future__ import annotations

import logging

import psycopg

from service.migrations.do_block import do_block
from service.postgres.pinned_settings import BLOCK_PINS
from service.postgres.sql_text import fill

logger = logging.getLogger(__name__)

# The key of the advisory lock: "pricing" in ASCII.
LOCK_KEY = 0x70726963696E67

# Any login can take an advisory lock, so the wait for it is bounded.
LOCK_WAIT_SECONDS = 60
_PINS = ", ".join(f"('{name}', '{value}')" for name, value in BLOCK_PINS.items())

# A statement of a step's body. A shorter lock_timeout of the session stays in force.
TAKE_LOCK = fill(
    """
    perform set_config(pin.name, pin.value, true)
    from (values {pins}) as pin (name, value)
    where pin.name like '%.%' or current_setting(pin.name, true) <> pin.value;
    declare
        v_lock_timeout constant text := current_setting('lock_timeout');
        v_holders text;
        v_pid integer;
    begin
        if extract(epoch from v_lock_timeout::interval)
            not between 0.001 and {seconds}
        then
            perform set_config('lock_timeout', '{seconds}s', true);
        end if;
        perform pg_advisory_xact_lock({key});
        perform set_config('lock_timeout', v_lock_timeout, true);
    exception
        when lock_not_available then
            select string_agg(
                    concat(
                        'pid ', l.pid, ' (',
                        concat_ws(
                            ', ',
                            'login ' || a.usename,
                            'application ' || nullif(left(a.application_name, 60), ''),
                            a.state,
                            'connected since ' || a.backend_start,
                            'in a transaction since ' || a.xact_start
                        ),
                        ')'
                    ),
                    ' and ' order by l.pid
                ),
                min(l.pid)
            into v_holders, v_pid
            from pg_catalog.pg_locks l
            left join pg_catalog.pg_stat_activity a on a.pid = l.pid
            where l.locktype = 'advisory' and l.granted and l.objsubid = 1
                and l.classid = {key_high} and l.objid = {key_low}
                and l.database = (
                    select d.oid from pg_catalog.pg_database d where d.datname = current_database()
                );
            raise exception 'Another session has the lock that keeps two migrates apart: %.',
                coalesce(v_holders, 'it has released it meanwhile')
                using errcode = 'lock_not_available', hint = coalesce(
                    'Nothing was changed. If that session is no migrate, end it: '
                        || format('select pg_terminate_backend(%s);', v_pid),
                    'Nothing was changed. Migrate again.'
                );
    end;
""",
    pins=_PINS,
    seconds=str(LOCK_WAIT_SECONDS),
    key=str(LOCK_KEY),
    key_high=str(LOCK_KEY >> 32),
    key_low=str(LOCK_KEY & 0xFFFFFFFF),
).strip()


def take_lock(connection: psycopg.Connection) -> None:
    # An API role's statement timeout is far shorter than a wait for another migrate.
    connection.execute("set local statement_timeout = 0")
    row = connection.execute("select pg_try_advisory_xact_lock(%s)", [LOCK_KEY]).fetchone()
    if row != (True,):
        logger.info("another migrate runs on this database: waiting for its lock")
        connection.execute(do_block(f"begin\n    {TAKE_LOCK}\nend").encode())
