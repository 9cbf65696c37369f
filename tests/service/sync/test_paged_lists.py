"""Lists in pages, through a real worker: the whole list is applied, or nothing."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.provider_pages import featherless_page
from tests.support.provider_server import Answer, ProviderServer
from tests.support.syncing import Queue, StartWorker

MODELS = 2_500


@pytest.fixture
def site(queue: Queue, providers: ProviderServer) -> ProviderServer:
    """The server of a provider whose list has three pages."""
    queue.connection.execute(
        "update pricing_providers set enabled = true, timeout = '8 seconds', base_url = %s"
        " where slug = 'featherless'",
        [providers.base_url("featherless")],
    )
    providers.fill("featherless", MODELS)
    return providers


def page(site: ProviderServer, number: int) -> bytes:
    return site.page("featherless", {"page": str(number), "per_page": "1000"})


def changed(body: bytes, **pagination: Any) -> bytes:
    answer = json.loads(body)
    return json.dumps(answer | {"pagination": answer["pagination"] | pagination}).encode()


def test_a_list_of_three_pages_arrives_whole(
    queue: Queue, site: ProviderServer, start_worker: StartWorker
) -> None:
    bodies = [page(site, number) for number in (1, 2, 3)]
    site.answer("featherless", Answer(etag=True))
    start_worker()
    job = queue.wait_for_end(queue.trigger("featherless"))

    assert (job["outcome"], job["models_fetched"]) == ("success", MODELS)
    assert queue.row("select count(*) as n from model_pricing")["n"] == MODELS
    provider = queue.row("select * from pricing_providers where slug = 'featherless'")
    assert provider["content_digest"] == hashlib.sha256(b"".join(bodies)).hexdigest()
    # The ETag of one page says nothing about the others.
    assert provider["etag"] is None

    again = queue.wait_for_end(queue.trigger("featherless"))
    assert (again["outcome"], again["models_fetched"], again["models_updated"]) == (
        *("success", MODELS),
        0,
    )
    asked = site.requests("featherless")
    assert [request.path for request in asked] == [
        f"/featherless/v1/models?page={number}&per_page=1000" for number in (1, 2, 3)
    ] * 2
    assert not any("if-none-match" in request.headers for request in asked)


def test_an_address_with_a_query_is_asked_page_by_page(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    queue.connection.execute(
        "update pricing_providers set enabled = true, credential_variable = null, base_url = %s"
        " where slug = 'alibaba-cloud'",
        [providers.base_url("alibaba-cloud")],
    )
    providers.fill("alibaba-cloud", 241)
    start_worker()
    job = queue.wait_for_end(queue.trigger("alibaba-cloud"))

    assert (job["outcome"], job["models_fetched"]) == ("success", 241)
    queries = [urlsplit(asked.path).query for asked in providers.requests("alibaba-cloud")]
    assert [parse_qs(query)["page_no"] for query in queries] == [["1"], ["2"], ["3"]]
    assert {tuple(parse_qs(query)["capabilities"]) for query in queries} == {("TG",)}


def ends_early(site: ProviderServer) -> list[Answer]:
    cut = featherless_page({"data": []}, {"page": "2"}) | {
        "pagination": {"current_page": 2, "total_pages": 3}
    }
    return [Answer(), Answer(body=json.dumps(cut).encode())]


def repeats(site: ProviderServer) -> list[Answer]:
    return [Answer(), Answer(body=changed(page(site, 1), current_page=2)), Answer()]


def never_ends(site: ProviderServer) -> list[Answer]:
    return [Answer(body=changed(page(site, 1), total_pages=10**4))]


def grows(site: ProviderServer) -> list[Answer]:
    return [Answer(), Answer(body=changed(page(site, 2), total_pages=4)), Answer()]


def shrinks(site: ProviderServer) -> list[Answer]:
    return [Answer(), Answer(body=changed(page(site, 2), total_pages=2))]


def breaks_off(site: ProviderServer) -> list[Answer]:
    return [Answer(), Answer(cut=True)]


def fails(site: ProviderServer) -> list[Answer]:
    return [Answer(), Answer(status=500)]


def hangs(site: ProviderServer) -> list[Answer]:
    return [Answer(), Answer(hang=True)]


@pytest.mark.long
@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (ends_early, "incomplete_list"),
        (repeats, "incomplete_list"),
        (never_ends, "incomplete_list"),
        (grows, "incomplete_list"),
        (shrinks, "incomplete_list"),
        (breaks_off, "truncated"),
        (fails, "http_status"),
        (hangs, "timeout"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_half_a_list_changes_nothing(
    wrong: Any, kind: str, queue: Queue, site: ProviderServer, start_worker: StartWorker
) -> None:
    start_worker()
    queue.wait_for_end(queue.trigger("featherless"))
    before = queue.rows("select * from model_pricing order by id")
    first = site.body("featherless")["data"][0]["id"]
    site.price_of("featherless", first)["image"] = "0.25"

    site.answer("featherless", *wrong(site))
    job_id = queue.trigger("featherless")
    job = queue.wait_for_end(job_id, timeout=90)

    assert job["outcome"] == "failed"
    assert queue.attempts(job_id)[0]["error_kind"] == kind
    assert queue.rows("select * from model_pricing order by id") == before

    site.answer("featherless", Answer())
    assert queue.wait_for_end(queue.trigger("featherless"))["models_updated"] == 1
