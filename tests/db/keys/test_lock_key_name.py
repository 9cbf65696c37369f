"""Changes of one key name run one after the other: each test uses two real connections."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.db.conftest import Another
from tests.db.pricing import Pricing, refused

CREATE = "select public.create_pricing_api_key('ops')"
ROTATE = "select public.rotate_pricing_api_key('ops')"
WITH_GRACE = "select public.rotate_pricing_api_key('ops', grace => '1 hour')"
REVOKE = "select public.revoke_pricing_api_key('ops')"
VALID = "select count(*) from public.pricing_keys where state = 'active'"


def after(
    first: Pricing, second: Pricing, threads: ThreadPoolExecutor, open_call: str, then: str
) -> object:
    """The result of a second statement that began before the first one committed."""
    with first.connection.transaction():
        first.value(open_call)
        waiting = threads.submit(second.value, then)
        first.wait_until_blocked(second)
    return waiting.result(60)


@pytest.mark.parametrize(("rotate", "ended"), [(ROTATE, 1), (WITH_GRACE, 2)])
def test_a_revocation_ends_what_a_rotation_is_making(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor, rotate: str, ended: int
) -> None:
    pricing.do(CREATE)
    assert after(another(), another(), threads, rotate, REVOKE) == ended
    assert pricing.value(VALID) == 0


def test_and_what_a_second_key_of_the_name_is(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    pricing.do(CREATE)
    pricing.do(REVOKE)
    assert after(another(), another(), threads, CREATE, REVOKE) == 1
    assert pricing.value(VALID) == 0


def test_two_rotations_follow_each_other(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    pricing.do(CREATE)
    second = after(another(), another(), threads, ROTATE, ROTATE)
    assert pricing.rows("select key_id from public.pricing_keys where state = 'active'") == [
        {"key_id": str(second).split("_")[1]}
    ]


@pytest.mark.parametrize("open_call", [CREATE, "select public.create_pricing_api_key('o P s')"])
def test_of_two_that_make_it_one_hears_that_it_is_there(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor, open_call: str
) -> None:
    with refused("PT409") as caught:
        after(another(), another(), threads, open_call, CREATE)
    assert "already" in str(caught.value.diag.message_primary)
    assert pricing.value(VALID) == 1


def test_a_snapshot_from_before_is_no_way_round(pricing: Pricing, another: Another) -> None:
    pricing.do(CREATE)
    late = another()
    late.do("set default_transaction_isolation = 'repeatable read'")
    for first, then in ((WITH_GRACE, REVOKE), (REVOKE, CREATE), (CREATE, ROTATE)):
        with refused("PT422"), late.connection.transaction():
            late.value(VALID)
            pricing.do(first)
            late.do(then)


@pytest.mark.parametrize(
    "open_call",
    [
        ROTATE,
        # By hand, without the lock of the functions.
        "update public.pricing_api_keys set role = 'read' where name = 'ops' returning 1",
    ],
)
def test_who_has_left_it_open_is_named(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor, open_call: str
) -> None:
    pricing.do(CREATE)
    holder, others = another(), [another() for _ in range(3)]
    with holder.connection.transaction():
        holder.value(open_call)
        waiting = []
        for other, call in zip(others, (CREATE, ROTATE, REVOKE), strict=True):
            waiting.append(threads.submit(other.do, call))
            if other is others[0]:
                holder.wait_until_blocked(other)
        caught = [each.exception(15) for each in waiting]
    # The others may queue behind the first, which may have given up by then.
    assert f"pid {holder.backend} (" in str(caught[0])
    names = "|".join(rf"pid {each.backend} \(" for each in (holder, *others))
    locked = (
        rf"The keys named ops are locked by ({names}|a session that has released the lock since$)"
    )
    for error in caught:
        assert isinstance(error, psycopg.errors.LockNotAvailable), error
        assert re.match(locked, str(error.diag.message_primary)) and error.diag.message_hint
    assert pricing.value(VALID) == 1


def test_a_row_that_is_added_by_hand_is_named_or_there(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    by_hand = (
        "insert into public.pricing_api_keys (key_id, name, key_digest, created_by)"
        " values ('0123456789ab', 'ops', sha256('x'), 'somebody') returning 1"
    )
    with refused("PT409"):
        after(another(), another(), threads, by_hand, CREATE)
    pricing.do("select public.revoke_pricing_api_key('ops')")
    holder = another()
    with holder.connection.transaction():
        holder.do(by_hand.replace("0123456789ab", "ba9876543210"))
        with refused("55P03") as caught:
            pricing.do(CREATE)
    assert f"pid {holder.backend} (" in str(caught.value)
    assert pricing.value(VALID) == 1
