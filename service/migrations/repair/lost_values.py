"""Report the values that a column lost when it was made again."""

from __future__ import annotations

import psycopg

from service.migrations.comparison.difference import Difference


def has_rows(connection: psycopg.Connection, column: Difference) -> bool:
    table = column.object.removeprefix("column ").rpartition(".")[0]
    return connection.execute(f"select from {table} limit 1".encode()).fetchone() is not None


def describe_lost_values(connection: psycopg.Connection, column: Difference) -> list[str]:
    """Say what a column lost; restore the states of queue rows, lest a finished one run again."""
    if not has_rows(connection, column):
        return []
    if column.object == "column procrastinate.procrastinate_jobs.status":
        for statement in _STATUSES:
            connection.execute(statement)
        return ["the states of queue rows are gone: each has the state of its log row, or failed"]
    return [f"{column.object} is made again: the values that it had are gone"]


_STATUSES = (
    b"alter table procrastinate.procrastinate_jobs disable trigger user",
    b"""
    update procrastinate.procrastinate_jobs q
    set status = coalesce(
        (
            select case l.status
                    when 'success' then 'succeeded'
                    when 'failed' then 'failed'
                    when 'cancelled' then 'cancelled'
                    else 'todo'
                end
            from public.pricing_sync_log l
            where l.queue_job_id = q.id
            order by l.attempt desc
            limit 1
        ),
        'failed'
    )::procrastinate.procrastinate_job_status
    """,
    b"alter table procrastinate.procrastinate_jobs enable trigger user",
)
