"""The pages of a list become the arguments of ``apply_provider_list``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from genai_prices import data_snapshot
from genai_prices.types import (
    ClauseEquals,
    ClauseOr,
    ClauseStartsWith,
    ModelInfo,
    ModelPrice,
    Provider,
    Tier,
    TieredPrices,
)

from service.errors import FetchError, ParseError
from service.prices.catalogue import catalogue_source, catalogue_version
from service.providers.adapter import Adapter, Evidence, adapter
from service.sync import list_reader as module
from service.sync.list_reader import ListReader, ProviderList

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 1, 13, tzinfo=UTC)

FEATHERLESS = adapter("featherless")


def page(number: int, pages: int, *models: dict[str, Any]) -> bytes:
    pagination = {"current_page": number, "total_pages": pages}
    return json.dumps({"data": models, "pagination": pagination}).encode()


def priced(model_id: str, prompt: str = "0.000001") -> dict[str, Any]:
    return {"id": model_id, "pricing": {"prompt": prompt}}


def collect(provider: Adapter, *bodies: bytes, slug: str = "maker") -> ProviderList:
    reader = ListReader(provider, slug)
    for number, body in enumerate(bodies, start=1):
        assert reader.next_page == number
        reader.take(body, LATER if number > 1 else NOON)
    assert reader.next_page is None
    return reader.result()


def rows(provider_list: ProviderList) -> dict[str, Any]:
    assert provider_list.rows is not None
    listed = json.loads(provider_list.rows)
    assert len(listed) == len({row["model_id"] for row in listed})
    return {row["model_id"]: row for row in listed}


def test_pages_become_one_list() -> None:
    bodies = [page(1, 2, priced("a"), priced("b")), page(2, 2, priced("c"))]
    provider_list = collect(FEATHERLESS, *bodies)
    assert list(rows(provider_list)) == ["a", "b", "c"]
    assert rows(provider_list)["a"]["source"] == "api:maker"
    assert rows(provider_list)["a"]["price_per_input_token"] == "0.000001"
    # The time of the first page: nothing of the list is newer than that.
    assert provider_list.observed_at == NOON
    assert provider_list.content_digest == hashlib.sha256(b"".join(bodies)).hexdigest()
    assert provider_list.etag is None


def test_what_two_pages_contradict_is_left_out() -> None:
    provider_list = collect(
        FEATHERLESS,
        page(1, 2, priced("a"), priced("b"), {"pricing": 1}),
        page(2, 2, priced("a", "0.000002")),
    )
    assert list(rows(provider_list)) == ["b"]
    assert [each.model_id for each in provider_list.skipped] == ["entry 3", "a"]


def test_unknown_keys_of_all_pages_are_reported() -> None:
    pricing = {"prompt": "0.000001", "songs": "1"}
    provider_list = collect(
        FEATHERLESS,
        page(1, 2, {"id": "a", "pricing": pricing}),
        page(2, 2, {"id": "b", "pricing": pricing | {"films": 2}}),
    )
    assert provider_list.unknown_keys == ("pricing.films", "pricing.songs")


def test_of_keys_without_end_the_first_are_reported_and_no_long_text() -> None:
    pricing = {"prompt": "0.000001", "z" * 10_000: "1"} | {f"id {n}": "1" for n in range(2_000)}
    provider_list = collect(FEATHERLESS, page(1, 1, {"id": "a", "pricing": pricing}))
    assert len(provider_list.unknown_keys) == 1_000
    (long,) = collect(
        FEATHERLESS, page(1, 1, {"id": "a", "pricing": {"z" * 10_000: "1"}})
    ).unknown_keys
    assert len(long) == 200


def test_an_empty_page_before_the_last_is_half_a_list() -> None:
    reader = ListReader(FEATHERLESS, "maker")
    reader.take(page(1, 3, priced("a")), NOON)
    with pytest.raises(ParseError, match="Page 2 is empty") as refused:
        reader.take(page(2, 3), NOON)
    assert refused.value.code == "incomplete_list"


def test_a_list_that_is_empty_from_the_start_is_that() -> None:
    with pytest.raises(ParseError) as refused:
        collect(FEATHERLESS, page(1, 1))
    assert refused.value.code == "empty_list"


def test_half_a_walk_is_no_list() -> None:
    reader = ListReader(FEATHERLESS, "maker")
    reader.take(page(1, 2, priced("a")), NOON)
    with pytest.raises(ValueError):
        reader.result()


def test_all_bodies_together_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    bodies = [page(1, 2, priced("a")), page(2, 2, priced("b"))]
    monkeypatch.setattr(module, "MAX_LIST_BYTES", len(bodies[0]) + 1)
    reader = ListReader(FEATHERLESS, "maker")
    reader.take(bodies[0], NOON)
    with pytest.raises(FetchError) as refused:
        reader.take(bodies[1], NOON)
    assert refused.value.code == "too_large"


def test_a_body_that_costs_too_much_is_not_read() -> None:
    with pytest.raises(ParseError, match="more than 500,000 values"):
        collect(FEATHERLESS, b"[" + b"{}," * 500_000 + b"{}]")


@pytest.fixture
def snapshot() -> Iterator[list[ModelInfo]]:
    """A catalogue that knows two providers; the test appends models of ``maker``."""
    models: list[ModelInfo] = []
    makers = [
        Provider(id="maker", name="Maker", api_pattern="maker", models=models),
        Provider(id="other", name="Other", api_pattern="other", models=[known("a", Decimal(99))]),
    ]
    data_snapshot.set_custom_snapshot(
        data_snapshot.DataSnapshot(providers=makers, from_auto_update=False)
    )
    yield models
    data_snapshot.set_custom_snapshot(None)


def known(model_id: str, usd: Decimal | TieredPrices) -> ModelInfo:
    return ModelInfo(id=model_id, match=ClauseEquals(model_id), prices=ModelPrice(input_mtok=usd))


def reference(provider_list: ProviderList) -> dict[str, Any]:
    assert provider_list.reference is not None
    return {each["model_id"]: each["prices"] for each in json.loads(provider_list.reference)}


def canonical_ids(provider_list: ProviderList) -> dict[str, Any]:
    assert provider_list.reference is not None
    return {
        each["model_id"]: each.get("canonical_id") for each in json.loads(provider_list.reference)
    }


def test_the_catalogue_s_numbers_go_along_for_exactly_these_ids(
    snapshot: list[ModelInfo],
) -> None:
    tiered = TieredPrices(Decimal(2), [Tier(1000, Decimal(4))])
    snapshot += [known("a", Decimal("1.5")), known("b", tiered), known("not-listed", Decimal(1))]
    provider_list = collect(
        FEATHERLESS, page(1, 1, priced("a"), {"id": "b"}, priced("A"), priced("a:free"))
    )
    assert provider_list.reference_version == catalogue_version()
    assert reference(provider_list) == {
        "a": {"price_per_input_token": "0.0000015"},
        # The lowest of the tiers: conditions are not compared.
        "b": {"price_per_input_token": "0.000002"},
    }
    # A reference is compared with, never charged.
    assert rows(provider_list)["a"]["price_per_input_token"] == "0.000001"
    assert "price_per_input_token" not in rows(provider_list)["b"]


def test_a_clause_in_other_case_counts_where_no_other_listed_id_differs_by_case(
    snapshot: list[ModelInfo],
) -> None:
    snapshot += [replace(known("x", Decimal(1)), match=ClauseEquals("maker/x"))]
    alone = collect(FEATHERLESS, page(1, 1, priced("Maker/X"), priced("y")))
    assert canonical_ids(alone) == {"Maker/X": "x"}
    for other in ("maker/x", "MAKER/X"):
        listed = [priced("Maker/X"), priced(other)]
        assert "Maker/X" not in canonical_ids(collect(FEATHERLESS, page(1, 1, *listed)))


def test_a_provider_that_the_catalogue_does_not_know_has_none(snapshot: list[ModelInfo]) -> None:
    snapshot.append(known("a", Decimal(1)))
    provider_list = collect(FEATHERLESS, page(1, 1, priced("a")), slug="nobody")
    assert reference(provider_list) == {}


def test_a_list_without_prices_gets_the_catalogue_s_marked(snapshot: list[ModelInfo]) -> None:
    snapshot += [
        replace(
            known("a", TieredPrices(Decimal(2), [Tier(1000, Decimal(4))])),
            match=ClauseOr([ClauseStartsWith("accounts/"), ClauseEquals("accounts/maker/a")]),
        ),
        known("not-listed", Decimal(1)),
    ]
    lister = replace(adapter("deepinfra"), price_api=False, evidence=Evidence.RECORDED)
    listed = [{"id": "accounts/maker/a", "name": "A"}, {"id": "accounts/maker/unheard-of"}]
    provider_list = collect(lister, json.dumps({"data": listed}).encode())

    assert list(rows(provider_list)) == ["accounts/maker/a", "accounts/maker/unheard-of"]
    row = rows(provider_list)["accounts/maker/a"]
    assert row["name"] == "A"
    assert row["source"] == catalogue_source()
    assert row["price_per_input_token"] == "0.000002"
    assert row["conditions"] == [{"min_prompt_tokens": 1000, "price_per_input_token": "0.000004"}]
    assert row["raw"]["input_mtok"]["text"] == "2"
    unheard_of = rows(provider_list)["accounts/maker/unheard-of"]
    assert not [key for key in unheard_of if key.startswith("price_per_")]
    assert reference(provider_list) == {"accounts/maker/a": {"price_per_input_token": "0.000002"}}
    assert canonical_ids(provider_list) == {"accounts/maker/a": "a"}


def test_a_router_of_fireworks_has_the_price_that_the_catalogue_equals_to_it() -> None:
    body = {"data": [{"id": "accounts/fireworks/routers/glm-5p2-fast"}]}
    provider_list = collect(adapter("fireworks"), json.dumps(body).encode(), slug="fireworks")
    row = rows(provider_list)["accounts/fireworks/routers/glm-5p2-fast"]
    assert {key: value for key, value in row.items() if key.startswith("price_per_")} == {
        "price_per_input_token": "0.0000021",
        "price_per_output_token": "0.0000066",
        "price_per_cache_read_token": "0.00000021",
    }
    assert set(canonical_ids(provider_list).values()) == {"glm-5p2-fast"}
