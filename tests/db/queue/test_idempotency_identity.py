"""An idempotency key belongs to one bearer key, also after rotation, and not to its name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.db.conftest import Another
from tests.db.pricing import Pricing, Row


def made(pricing: Pricing, call: str) -> str:
    key: str = pricing.value(f"select public.{call}")
    return key.split("_")[1]


@contextmanager
def web_with(pricing: Pricing, key_id: str | None, name: str = "person") -> Iterator[None]:
    """Call it as the web process does, which has checked the key."""
    caller = {"who": f"api:{name}", "key": name, "key_id": key_id, "address": None}
    with pricing.connection.transaction():
        pricing.do("select set_config('pricing.http_caller', %s, true)", json.dumps(caller))
        yield


def trigger(pricing: Pricing, key_id: str | None, name: str = "person") -> Any:
    with web_with(pricing, key_id, name):
        return pricing.trigger("openrouter", idempotency_key="k", triggered_by=f"api:{name}")[
            "job_id"
        ]


def test_a_rotated_key_is_the_same_and_a_new_one_of_its_name_is_not(pricing: Pricing) -> None:
    first = made(pricing, "create_pricing_api_key('person')")
    job = trigger(pricing, first)
    rotated = [
        made(pricing, "rotate_pricing_api_key('person', grace => '1 hour')") for _ in range(3)
    ]
    assert {trigger(pricing, key_id) for key_id in (first, *rotated)} == {job}
    pricing.do("select public.revoke_pricing_api_key('person')")
    successor = made(pricing, "create_pricing_api_key('person')")
    theirs = trigger(pricing, successor)
    assert theirs != job
    assert trigger(pricing, made(pricing, "rotate_pricing_api_key('person')")) == theirs


def test_nor_does_it_inherit_what_was_under_way(pricing: Pricing, another: Another) -> None:
    first = made(pricing, "create_pricing_api_key('person')")
    late = another()
    with late.connection.transaction():
        job = trigger(late, first)
        pricing.do("select public.revoke_pricing_api_key('person')")
        successor = made(pricing, "create_pricing_api_key('person')")
    # A request whose key was checked before the revocation.
    assert trigger(pricing, first) == job
    assert trigger(pricing, successor) != job


def test_a_caller_without_a_key_is_the_key_that_has_the_name_now(pricing: Pricing) -> None:
    """A web process from before the upgrade names no key."""

    def by_name() -> Row:
        return pricing.trigger("openrouter", idempotency_key="k", triggered_by="api:person")

    key = made(pricing, "create_pricing_api_key('person')")
    job = trigger(pricing, key)
    assert by_name()["job_id"] == job
    pricing.do("select public.revoke_pricing_api_key('person')")
    pricing.do("select public.create_pricing_api_key('person')")
    assert by_name()["job_id"] != job


def test_what_was_used_before_0_4_0_is_whose_it_was(pricing: Pricing) -> None:
    key = made(pricing, "create_pricing_api_key('person')")
    job = trigger(pricing, key)
    as_before = "update public.pricing_idempotency_keys set identity = 'api:person'"
    pricing.do(as_before)
    assert trigger(pricing, key) == job
    pricing.do(as_before)
    pricing.do("select public.revoke_pricing_api_key('person')")
    assert trigger(pricing, made(pricing, "create_pricing_api_key('person')")) != job


def test_an_earlier_use_under_another_name_stays_there(pricing: Pricing) -> None:
    other, key = (made(pricing, f"create_pricing_api_key('{n}')") for n in ("other", "person"))
    job = trigger(pricing, other, "other")
    pricing.do("update public.pricing_idempotency_keys set identity = 'api:other'")
    assert trigger(pricing, key) != job
    assert trigger(pricing, other, "other") == job


def test_other_callers_are_not_believed(pricing: Pricing) -> None:
    key = made(pricing, "create_pricing_api_key('person')")
    trigger(pricing, key)
    for said in (json.dumps({"who": "api:person", "key_id": key}), "{", '"who"', "[]"):
        with pricing.connection.transaction():
            pricing.do("select set_config('pricing.http_caller', %s, true)", said)
            pricing.trigger(
                "openrouter", idempotency_key="k", role="service_role", triggered_by="api:person"
            )
            pricing.trigger(idempotency_key=f"by name {said}", triggered_by="api:person")
    identities = pricing.rows("select distinct identity from public.pricing_idempotency_keys")
    assert {row["identity"] for row in identities} == {f"api:person#{key}", "service_role"}


def test_a_chain_that_was_closed_by_hand_ends(pricing: Pricing) -> None:
    key = made(pricing, "create_pricing_api_key('person')")
    pricing.do("update public.pricing_api_keys set replaced_by = key_id")
    assert trigger(pricing, key) == trigger(pricing, key)


def test_the_key_of_the_environment_has_no_row(pricing: Pricing) -> None:
    assert trigger(pricing, None, "admin") == trigger(pricing, None, "admin")
    assert pricing.value("select identity from public.pricing_idempotency_keys") == "api:admin"
