"""A row of any task that no worker can read is refused, because it would end every worker."""

from __future__ import annotations

import pytest

from tests.db.pricing import Pricing, refused

INSERT = (
    "insert into procrastinate.procrastinate_jobs (queue_name, task_name, args, scheduled_at)"
    " values ('pricing', 'other', %s, %s)"
)


@pytest.mark.parametrize(
    ("args", "at", "says"),
    [
        ("{}", "-infinity", "time"),
        ("{}", "infinity", "time"),
        ("{}", "0001-01-01 BC", "time"),
        ("{}", "12000-01-01", "time"),
        ("[1]", None, "not an object"),
        ("null", None, "not an object"),
        ('{"a": ' + "[" * 3000 + "]" * 3000 + "}", None, "deep"),
        ('{"a": ' + '{"b":' * 200 + "1" + "}" * 200 + "}", None, "deep"),
        ('{"a": ' + "1" * 5000 + "}", None, "digits"),
        ('{"a": 1e5000}', None, "digits"),
        ('{"a": "' + "x" * 1_000_001 + '"}', None, "bytes"),
    ],
)
def test_what_no_worker_can_read(pricing: Pricing, args: str, at: str | None, says: str) -> None:
    with pricing.nothing_written(), refused("PT422") as info:
        pricing.do(INSERT, args, at)
    assert says in str(info.value.diag.message_primary)


def test_what_a_worker_can_read(pricing: Pricing) -> None:
    args = '{"a": "' + "1" * 5000 + '", "b": ' + "[" * 90 + "]" * 90 + "}"
    pricing.do(INSERT, args, "2999-01-01")
    assert pricing.value("select count(*) from procrastinate.procrastinate_jobs") == 1
