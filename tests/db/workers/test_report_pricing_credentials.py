"""A worker reports the providers for which it has the credential."""

from __future__ import annotations

import pytest

from tests.db.conftest import Another
from tests.db.pricing import Pricing

A_KEY = ("priced", "unpriced", "failing", "well", "off")


@pytest.fixture
def locked_out(pricing: Pricing) -> Pricing:
    """Providers in every state, each of which needs a credential."""
    pricing.do(
        "insert into public.pricing_providers"
        " (slug, name, adapter, credential_variable, state, price_api, next_sync_at) values"
        " ('priced', 'x', 'x', 'A_KEY', 'no_credentials', true, now() + interval '6 hours'),"
        " ('unpriced', 'x', 'x', 'A_KEY', 'no_credentials', false, now() + interval '6 hours'),"
        " ('other', 'x', 'x', 'B_KEY', 'no_credentials', true, now() + interval '6 hours'),"
        " ('failing', 'x', 'x', 'A_KEY', 'failing', true, now() + interval '6 hours'),"
        " ('well', 'x', 'x', 'A_KEY', 'ok', true, now() + interval '6 hours')"
    )
    pricing.do(
        "insert into public.pricing_providers"
        " (slug, name, adapter, credential_variable, enabled) values"
        " ('off', 'x', 'x', 'A_KEY', false)"
    )
    return pricing


def report(pricing: Pricing, *providers: str) -> list[str]:
    with pricing.as_role("pricing_worker"):
        rows = pricing.rows(
            "select * from public.report_pricing_credentials(%s) as slug", list(providers)
        )
    return [row["slug"] for row in rows]


def test_who_lacked_one_of_these_is_synced_from_now_on(locked_out: Pricing) -> None:
    assert report(locked_out, *A_KEY, "unheard-of") == ["priced", "unpriced"]

    states = {
        slug: locked_out.provider(slug)["state"]
        for slug in ("priced", "unpriced", "other", "failing", "well", "off")
    }
    assert states == {
        "priced": "ok",
        "unpriced": "no_price_api",
        "other": "no_credentials",
        "failing": "failing",
        "well": "ok",
        "off": "disabled",
    }
    due = locked_out.rows(
        "select slug from public.pricing_providers"
        " where credential_variable is not null and enabled and next_sync_at is null order by slug"
    )
    assert [row["slug"] for row in due] == ["priced", "unpriced"]
    assert {"priced", "unpriced"} < set(locked_out.trigger()["providers"])


@pytest.mark.parametrize("providers", [[], ["unheard-of"]])
def test_without_any_of_these_nothing_changes(locked_out: Pricing, providers: list[str]) -> None:
    with locked_out.nothing_written():
        assert report(locked_out, *providers) == []


def test_said_again_it_changes_nothing(locked_out: Pricing) -> None:
    report(locked_out, *A_KEY)
    with locked_out.nothing_written():
        assert report(locked_out, *A_KEY) == []


def test_one_that_wants_no_credential_any_more_is_synced(locked_out: Pricing) -> None:
    locked_out.do(
        "update public.pricing_providers set credential_variable = null where slug = 'priced'"
    )
    assert report(locked_out) == ["priced"]


def test_it_does_not_wait_for_locked_rows(locked_out: Pricing, another: Another) -> None:
    holder = another()
    with holder.connection.transaction():
        holder.do("update public.pricing_providers set name = name where slug = 'priced'")
        locked_out.do("set statement_timeout = '20s'")
        assert report(locked_out, *A_KEY) == ["unpriced"]
    assert report(locked_out, *A_KEY) == ["priced"]
