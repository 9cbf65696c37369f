"""A lock is a row that our functions lock: they wait for a bounded time, then name its session."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.db.conftest import Another
from tests.db.pricing import Pricing, refused

HOLD = "select public.take_pricing_lock('prices of x', clock_timestamp() + %s * interval '1 s')"
TRY = "select public.try_pricing_lock('prices of x')"


@pytest.mark.parametrize("made", ["before", "by the holder", "deleted"])
def test_who_waits_too_long_hears_who_has_it(pricing: Pricing, another: Another, made: str) -> None:
    holder = another()
    if made != "by the holder":
        pricing.value(TRY)
    holder.do("set application_name = 'a person''s editor'")
    with holder.connection.transaction():
        if made == "deleted":
            holder.do("delete from public.pricing_locks")
        else:
            holder.do(HOLD, 1)
        assert pricing.value(TRY) is False
        with refused("55P03") as caught:
            pricing.do(HOLD, 0.3)
    said = caught.value.diag.message_primary or ""
    assert said.startswith("The prices of x are locked by ")
    assert f"pid {holder.backend} (" in said and "a person's editor" in said
    assert ("probably" in said) is (made == "by the holder")
    assert pricing.value(TRY) is True


def test_who_waits_gets_it_and_is_named_in_turn(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    holder, next_one = another(), another()
    pricing.value(TRY)
    with next_one.connection.transaction():
        with holder.connection.transaction():
            holder.do(HOLD, 1)
            waiting = threads.submit(next_one.do, HOLD, 15)
            holder.wait_until_blocked(next_one)
        waiting.result(60)
        with refused("55P03") as caught:
            pricing.do(HOLD, 0)
    said = caught.value.diag.message_primary or ""
    assert f"by pid {next_one.backend} (" in said


def test_the_session_s_own_timeout_is_what_it_was(pricing: Pricing) -> None:
    pricing.do("set lock_timeout = '7s'")
    with pricing.connection.transaction():
        pricing.do(HOLD, 1)
        assert pricing.value("show lock_timeout") == "7s"


def test_only_the_owner_can_lock_a_row(pricing: Pricing) -> None:
    pricing.value(TRY)
    for role in ("anon", "authenticated", "service_role", "pricing_web", "pricing_worker"):
        for statement in (
            "select from public.pricing_locks for key share",
            "select * from public.pricing_locks",
            "lock table public.pricing_locks in access share mode",
            TRY,
        ):
            with refused("42501"), pricing.connection.transaction():
                pricing.do(f"set local role {role}")
                pricing.do(statement)


def test_a_restored_lock_may_be_there_already(pricing: Pricing) -> None:
    pricing.value(TRY)
    restored = "copy public.pricing_locks (name) from stdin"
    with pricing.connection.cursor() as cursor, cursor.copy(restored) as copy:
        for name in ("prices of x", "prices of y"):
            copy.write_row([name])
    assert pricing.value("select count(*) from public.pricing_locks where name ~ '^prices'") == 2
