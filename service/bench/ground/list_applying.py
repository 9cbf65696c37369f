"""Applies a list as a worker does, without a worker: its statements, timed one by one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.rows import DictRow

from service.bench.turns import milliseconds
from service.errors import BenchFailed
from service.providers.adapter import adapter
from service.reading.entry_digests import DIGEST_BYTES
from service.sync.list_reader import ListReader, ProviderList

Connection = psycopg.Connection[DictRow]

APPLY = """
select status from public.apply_provider_list(
    %(row)s, %(attempt)s, %(prices)s::jsonb, skipped => '[]', reference => %(reference)s::jsonb,
    reference_version => %(reference_version)s, unchanged => %(unchanged)s
)
"""
DIGESTS = "select public.pricing_unchanged_digests(%s, %s) as digests"
FETCH = """
select id, attempts + 1 as attempt from fetch_queue_rows(null,
    (select worker_id from procrastinate.procrastinate_register_worker_v1()), 1)
"""


def read_list(body: bytes, slug: str, unchanged: bytes = b"") -> ProviderList:
    """A list in OpenRouter's form; ``unchanged``: the digests of entries that need no reading."""
    starts = range(0, len(unchanged), DIGEST_BYTES)
    known = frozenset(unchanged[start : start + DIGEST_BYTES] for start in starts)
    reader = ListReader(adapter("openrouter"), slug, known)
    reader.take(body, datetime.now(UTC))
    return reader.result()


def timed_apply(connection: Connection, body: bytes, slug: str = "openrouter") -> float:
    """Milliseconds of the apply alone; trigger, fetch and reading come before."""
    connection.execute("select trigger_pricing_sync(array[%s], 'bench')", [slug])
    fetched = connection.execute(FETCH).fetchone()
    if fetched is None:
        raise BenchFailed("The sync was not fetched.")
    found = connection.execute(DIGESTS, [fetched["id"], fetched["attempt"]]).fetchone()
    provider_list = read_list(body, slug, found["digests"] if found is not None else b"")
    parameters = apply_parameters(provider_list, fetched["id"], fetched["attempt"])
    return milliseconds(lambda: connection.execute(APPLY, parameters).fetchone())


def apply_parameters(provider_list: ProviderList, row: int, attempt: int) -> dict[str, Any]:
    return {
        "row": row,
        "attempt": attempt,
        "prices": provider_list.rows,
        "reference": provider_list.reference,
        "reference_version": provider_list.reference_version,
        "unchanged": provider_list.unchanged,
    }
