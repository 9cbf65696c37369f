"""History and audit rows can only be added, also by their owner."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.db.price_decisions import audit, override, prices, said
from tests.db.pricing import Pricing, refused
from tests.support.postgres import Cluster


@contextmanager
def restored_into(pricing: Pricing, cluster: Cluster, *more: str) -> Iterator[Pricing]:
    """Prices, history and audit restored into another database from a data-only dump."""
    with (
        cluster.database(template=cluster.template) as name,
        psycopg.connect(cluster.url_of(name), autocommit=True, row_factory=dict_row) as connection,
    ):
        for table in ("model_pricing", "model_pricing_history", "pricing_audit_log", *more):
            # As a dump does, without generated columns.
            source = f"copy public.{table} to stdout".encode()
            target = f"copy public.{table} from stdin".encode()
            with (
                pricing.connection.cursor().copy(source) as rows,
                connection.cursor().copy(target) as into,
            ):
                for row in rows:
                    into.write(row)
        yield Pricing(connection)


@pytest.mark.parametrize("owner", [False, True], ids=["superuser", "pricing_owner"])
@pytest.mark.parametrize("table", ["model_pricing_history", "pricing_audit_log"])
@pytest.mark.parametrize(
    "statement",
    [
        "update {} set {} = 'x'",
        "update {} set {} = 'x' where false",
        "delete from {}",
        "truncate {}",
    ],
)
def test_what_was_recorded_stays(pricing: Pricing, table: str, statement: str, owner: bool) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=3)
    column = "changed_by" if table == "model_pricing_history" else "who"
    with pricing.nothing_written(), refused("PT409") as info:
        if owner:
            pricing.do("set role pricing_owner")
        try:
            pricing.do(statement.format(f"public.{table}", column))
        finally:
            pricing.do("reset role")
    assert table in str(info.value.diag.message_primary)


def test_not_even_a_foreign_key_removes_history(own_database: Pricing) -> None:
    pricing = own_database
    said(pricing, {"m": prices(1, 2)})
    pricing.do(
        "alter table model_pricing_history drop constraint model_pricing_history_model_id_fkey"
    )
    pricing.do(
        "alter table model_pricing_history add foreign key (model_id) references model_pricing"
        " on delete cascade"
    )
    with refused("PT409"), pricing.connection.transaction():
        pricing.do("set local pricing.writer = 'on'")
        pricing.do("delete from model_pricing")
    assert len(pricing.history("m")) == 1


def test_maintenance_is_audited_and_ends_with_its_transaction(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    with pricing.connection.transaction():
        pricing.do("set local pricing.maintenance = 'on'")
        pricing.do("delete from pricing_audit_log")
        pricing.do("delete from model_pricing_history")
        pricing.do("delete from model_pricing")
    assert pricing.rows(
        "select subject, details ->> 'statement' as did from pricing_audit_log"
    ) == [
        # The first delete adds its own audit row after those it has deleted.
        {"subject": "pricing_audit_log", "did": "delete"},
        {"subject": "model_pricing_history", "did": "delete"},
        {"subject": "model_pricing", "did": "delete"},
    ]
    with refused("PT409"):
        pricing.do("delete from pricing_audit_log")
    with pricing.connection.transaction():
        pricing.do("set local pricing.maintenance = 'on'")
        pricing.do("truncate pricing_audit_log")
    assert [row["subject"] for row in audit(pricing)] == ["pricing_audit_log"]
