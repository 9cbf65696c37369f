"""The mark spares a fetch the rows that have ended, and hides none that is open."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from tests.db.clock import time_passes
from tests.db.conftest import Another
from tests.db.pricing import Pricing

CLEAN_UP = "select from public.cleanup_stuck_pricing_syncs()"
ADD = """
insert into procrastinate.procrastinate_jobs (queue_name, task_name, args, lock)
values ('other', 'other', '{}', %s) returning id
"""
ENTRIES_READ = """
select sum(pg_stat_get_xact_tuples_returned(indexrelid))::integer
from pg_index where indrelid = 'procrastinate.procrastinate_jobs'::regclass
"""


def clean_up(pricing: Pricing) -> int:
    """Once, ten seconds after the last time; returns the mark."""
    pricing.do("update public.pricing_low_water_mark set checked_at = checked_at - interval '11 s'")
    pricing.do(CLEAN_UP)
    return mark(pricing)


def mark(pricing: Pricing) -> int:
    return int(pricing.value("select lowest_id from public.pricing_low_water_mark"))


def settle(pricing: Pricing) -> int:
    """As often as a mark needs to rise as far as it can."""
    return [clean_up(pricing) for _ in range(6)][-1]


def add(pricing: Pricing, lock: str | None = "a") -> int:
    return int(pricing.value(ADD, lock))


def fetched(pricing: Pricing) -> list[int]:
    rows = pricing.rows("select id from public.fetch_queue_rows(null, %s, 9)", pricing.worker())
    return [row["id"] for row in rows]


def end(pricing: Pricing, *rows: int) -> None:
    pricing.do(
        "update procrastinate.procrastinate_jobs set status = 'failed' where id = any (%s)",
        list(rows),
    )


def ended(pricing: Pricing) -> int:
    row = add(pricing)
    end(pricing, row)
    return row


def test_it_rises_to_the_first_open_row(pricing: Pricing) -> None:
    last = ended(pricing)
    assert settle(pricing) == last
    running = add(pricing)
    assert fetched(pricing) == [running]
    waiting = add(pricing)
    assert settle(pricing) == running
    end(pricing, running)
    assert settle(pricing) == waiting
    assert fetched(pricing) == [waiting]


def test_a_fetch_beside_an_open_snapshot_passes_no_ended_row(
    pricing: Pricing, another: Another
) -> None:
    """Counted in index entries, of which vacuum removes none: two for each row that has ended."""
    holder = another()
    holder.connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with holder.connection.transaction():
        holder.value("select count(*) from procrastinate.procrastinate_jobs")
        for _ in range(100):
            row = add(pricing)
            assert fetched(pricing) == [row]
            end(pricing, row)
        settle(pricing)
        waiting = add(pricing)
        with pricing.connection.transaction():
            before = pricing.value(ENTRIES_READ)
            assert fetched(pricing) == [waiting]
            assert pricing.value(ENTRIES_READ) - before <= 10


def queue_again(pricing: Pricing, row: int) -> None:
    pricing.do("update procrastinate.procrastinate_jobs set status = 'todo' where id = %s", row)


def restore(pricing: Pricing, row: int) -> None:
    pricing.do("delete from procrastinate.procrastinate_jobs where id = %s", row)
    pricing.do(
        "insert into procrastinate.procrastinate_jobs (id, queue_name, task_name, args, lock)"
        " values (%s, 'other', 'other', '{}', 'a')",
        row,
    )


@pytest.mark.parametrize("open_again", [queue_again, restore])
@pytest.mark.parametrize(
    "isolation", [psycopg.IsolationLevel.READ_COMMITTED, psycopg.IsolationLevel.REPEATABLE_READ]
)
def test_an_old_row_that_opens_again_is_fetched_at_once(
    pricing: Pricing,
    another: Another,
    open_again: Callable[[Pricing, int], None],
    isolation: psycopg.IsolationLevel,
) -> None:
    old, new = ended(pricing), ended(pricing)
    meanwhile = another()
    meanwhile.connection.isolation_level = isolation
    with meanwhile.connection.transaction():
        meanwhile.value("select count(*) from public.pricing_settings")
        assert settle(pricing) == new
        open_again(meanwhile, old)
        settle(pricing)
    assert fetched(pricing) == [old]
    assert settle(pricing) == old
    end(pricing, old)
    assert settle(pricing) == new
    assert pricing.rows("table public.pricing_rows_below_mark") == []


def test_a_row_of_an_open_transaction_holds_it(pricing: Pricing, another: Another) -> None:
    """Newer rows come and go, and nobody sees the row before the commit."""
    writer = another()
    with writer.connection.transaction():
        hidden = add(writer, "b")
        for _ in range(6):
            ended(pricing)
            assert clean_up(pricing) <= hidden
    assert fetched(pricing) == [hidden]


def test_a_writer_that_comes_while_it_rises_holds_the_next_mark(
    pricing: Pricing, another: Another
) -> None:
    settle(pricing)
    writers = [another() for _ in range(6)]
    hidden = []
    for number, writer in enumerate(writers):
        writer.do("begin")
        hidden.append(add(writer, f"lock {number}"))
        ended(pricing)
        assert clean_up(pricing) <= hidden[0]
    for writer in writers:
        writer.do("commit")
    assert fetched(pricing) == hidden


def test_a_row_that_opened_without_triggers_is_found_within_a_clean_up(pricing: Pricing) -> None:
    old, new = ended(pricing), ended(pricing)
    assert settle(pricing) == new
    with pricing.connection.transaction():
        pricing.do("set local session_replication_role = replica")
        queue_again(pricing, old)
    assert clean_up(pricing) == old
    assert fetched(pricing) == [old]


def test_clean_ups_in_one_transaction_raise_it_once(pricing: Pricing, another: Another) -> None:
    """A writer does not see yet which mark that transaction announces."""
    settle(pricing)
    old, new = ended(pricing), ended(pricing)
    writer, person = another(), another()
    writer.do("begin")
    with person.connection.transaction():
        for _ in range(6):
            clean_up(person)
            row = person.row("select * from public.pricing_low_water_mark")
            if row["next_lowest_id"] == new and row["next_writers"] is not None:
                break
        queue_again(writer, old)
        clean_up(person)
    writer.do("commit")
    assert fetched(pricing) == [old]


def test_ids_may_begin_anew(pricing: Pricing) -> None:
    newest = [ended(pricing) for _ in range(2)][-1]
    assert settle(pricing) == newest
    with pricing.connection.transaction(force_rollback=True):
        pricing.do("truncate procrastinate.procrastinate_jobs restart identity cascade")
        first = add(pricing)
        assert first < newest
        assert fetched(pricing) == [first]


def test_fetches_need_no_mark(pricing: Pricing) -> None:
    row = add(pricing)
    pricing.do("truncate public.pricing_low_water_mark, public.pricing_rows_below_mark")
    assert fetched(pricing) == [row]
    assert settle(pricing) == row


@pytest.mark.parametrize("is_lost", [False, True])
def test_clean_ups_do_not_wait_for_each_other(
    pricing: Pricing, another: Another, is_lost: bool
) -> None:
    ended(pricing)
    if is_lost:
        pricing.do("truncate public.pricing_low_water_mark")
    other = another()
    with other.connection.transaction():
        other.do(CLEAN_UP)
        warnings: list[str | None] = []
        pricing.connection.add_notice_handler(lambda each: warnings.append(each.message_primary))
        pricing.do(CLEAN_UP)
    assert warnings == []


def test_an_idle_queue_writes_nothing(pricing: Pricing) -> None:
    ended(pricing)
    settle(pricing)
    pricing.do("update public.pricing_low_water_mark set checked_at = '-infinity'")
    pricing.do(CLEAN_UP)
    assert pricing.value("select checked_at = '-infinity' from public.pricing_low_water_mark")


def test_an_outdated_snapshot_raises_nothing(pricing: Pricing, another: Another) -> None:
    """It would not see what was committed since."""
    settle(pricing)
    outdated = another()
    outdated.connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with outdated.connection.transaction():
        outdated.value("select 1 from public.pricing_settings")
        waiting = add(pricing)
        ended(pricing)
        for _ in range(6):
            outdated.do(CLEAN_UP)
            time_passes(pricing, "11 seconds")
    assert mark(pricing) <= waiting
    assert fetched(pricing) == [waiting]
