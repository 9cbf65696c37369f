"""Lists over HTTP: filters, pages, tags, and whole lists as lines of JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import httpx2
import psycopg
import pytest
from psycopg.rows import DictRow

from service.lists.price_lists import MODELS as MODEL_QUERY
from service.web.handlers import list_pages
from tests.service.reviews import CHEAP, Reviews, price_set
from tests.service.web.queue import Queue
from tests.service.web.running import ACTIVE, TRIGGER, Web, refused, running_web, settings_for
from tests.support.tcp_proxy import TcpProxy

MODELS, SYNCS = "/admin/pricing/models", "/admin/pricing/syncs"
NDJSON, CSV = "application/x-ndjson", "text/csv"


@pytest.fixture
def models(reviews: Reviews) -> list[str]:
    """Models with few different prices, one of them unknown; by id."""
    for number in range(9):
        known = CHEAP if number % 2 else price_set("0.000001", "0.000002")
        reviews.model("openrouter", f"m-{number}", known)
    reviews.connection.execute(
        "insert into model_pricing (provider_slug, model_id, pricing_source, listed_by)"
        " values ('openrouter', 'm-9', 'api:openrouter', 'openrouter')"
    )
    return [f"m-{number}" for number in range(10)]


def pages(web: Web, path: str, name: str, **query: Any) -> Iterator[dict[str, Any]]:
    """The rows of all pages."""
    for _ in range(100):
        answer = web.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        yield from answer.json()[name]
        if answer.json()["next_cursor"] is None:
            return
        query["cursor"] = answer.json()["next_cursor"]
    raise AssertionError("the list does not end")


def asking_for(web: Web, media_type: str, path: str, **query: Any) -> httpx2.Response:
    answer = web.client.get(path, params=query, headers={"Accept": media_type})
    assert answer.headers["content-type"].partition(";")[0] == media_type, answer.text
    return answer


@pytest.mark.parametrize("sort", MODEL_QUERY.sorts)
def test_pages_of_each_sort(web: Web, models: list[str], sort: str) -> None:
    found = [row["model"] for row in pages(web, MODELS, "models", sort=sort, limit=2)]
    assert sorted(found) == models
    if sort == "price":
        assert found == [*models[1:9:2], *models[0:9:2], "m-9"]


def test_a_price_has_all_its_names(web: Web, models: list[str]) -> None:
    (row,) = web.client.get(MODELS, params={"model_id": "m-0"}).json()["models"]
    assert (row["input_per_1m"], row["price_per_input_token"]) == ("1", "0.000001")
    assert (row["per_image"], row["price_per_image"]) == (None, None)
    assert row["model"] == row["model_id"] == "m-0"
    one = {"provider": "openrouter", "model_id": "m-0"}
    alone = web.client.get(f"{MODELS}/one", params=one).json()
    assert alone == {**row, "conditions": []}


def test_jobs_of_one_moment_are_neither_lost_nor_repeated(web: Web, queue: Queue) -> None:
    made = {web.triggered(providers=["openrouter"]) for _ in range(5)}
    queue.connection.execute("alter table pricing_sync_jobs disable trigger user")
    queue.connection.execute("update pricing_sync_jobs set triggered_at = '2026-11-30'")
    for path, name in ((SYNCS, "syncs"), (ACTIVE, "active_syncs")):
        found = [row["sync_id"] for row in pages(web, path, name, limit=1)]
        assert (len(found), set(found)) == (5, made)


def test_states_of_models(web: Web, reviews: Reviews, models: list[str]) -> None:
    reviews.hold("openrouter", "m-1")
    reviews.model("openrouter", "free", price_set("0", "0"))

    def of(state: str) -> list[str]:
        answer = web.client.get(MODELS, params={"state": state, "provider": "openrouter"})
        return [row["model"] for row in answer.json()["models"]]

    assert of("priced") == models[:9]
    assert (of("unknown"), of("held"), of("free")) == (["m-9"], ["m-1"], ["free"])
    assert of("overridden") == of("inactive") == []
    refused(web.client.get(MODELS, params={"state": "cheap"}), 422, "bad_input")


def test_what_a_list_does_not_have_is_refused(web: Web, models: list[str]) -> None:
    for query in ({"limt": "5"}, {"sort": "prices"}, {"provider": ""}, {"limit": "1e2"}):
        refused(web.client.get(MODELS, params=query), 422, "bad_input")
    for query in ({"model": "a"}, {"dry_run": "false"}):
        error = refused(web.client.get(MODELS, params=query), 422, "bad_input")
        assert "provider, model_id, q, state, sort, limit, cursor" in error["hint"]
    error = refused(web.client.get(MODELS, params={"provider": "openruter"}), 404, "not_found")
    assert "openruter" in error["message"]
    assert web.client.get(MODELS, params={"provider": "novita"}).json()["models"] == []
    refused(web.client.post(f"{TRIGGER}?provider=x"), 422, "bad_input")
    for probed in ("/health", "/health/ready"):
        assert web.client.get(f"{probed}?from=a-probe").status_code == 200
    refused(web.client.get("/health/pricing?x=1"), 422, "bad_input")


def test_a_cursor_belongs_to_its_list_and_sort(web: Web, models: list[str]) -> None:
    first = web.client.get(MODELS, params={"sort": "price", "limit": 1}).json()["next_cursor"]
    for path, query in ((MODELS, {}), (MODELS, {"sort": "changed"}), (SYNCS, {})):
        refused(web.client.get(path, params={**query, "cursor": first}), 422, "bad_input")
    odd: tuple[Any, ...] = ("-1", "1e9", "NaN", "9" * 5000, "\ud800", "\0", 1, None, [], "2026")
    for part in odd:
        for key in (
            ["price", part, "a", "b"],
            ["price", "1", part, "b"],
            ["changed", part, "a", "b"],
        ):
            text = urlsafe_b64encode(json.dumps(key).encode()).decode()
            answer = web.client.get(MODELS, params={"sort": key[0], "cursor": text})
            assert answer.status_code in (200, 422), (key, answer.text)


def test_the_same_answer_is_not_sent_again(web: Web, reviews: Reviews, models: list[str]) -> None:
    first = web.client.get(MODELS)
    tag = first.headers["etag"]
    strong = tag.removeprefix("W/")
    for named in (tag, strong, f'"x", {tag}', "*"):
        again = web.client.get(MODELS, headers={"If-None-Match": named})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["cache-control"] == "private, no-cache"
    assert web.client.get(MODELS, headers={"If-None-Match": '"x"'}).status_code == 200
    assert web.client.head(MODELS).headers["etag"] == tag
    reviews.model("openrouter", "m-0", CHEAP)
    assert web.client.get(MODELS, headers={"If-None-Match": tag}).status_code == 200
    assert "etag" not in web.client.get("/admin/nothing").headers


def test_whole_lists(web: Web, models: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_pages, "LARGEST_LIMIT", 3)
    rows = list(pages(web, MODELS, "models", limit=2))
    lines = asking_for(web, NDJSON, MODELS).text.splitlines()
    assert [json.loads(line) for line in lines] == rows
    table = list(csv.reader(io.StringIO(asking_for(web, CSV, MODELS).text, newline="")))
    assert table[0] == list(rows[0])
    assert [dict(zip(table[0], line, strict=True))["model"] for line in table[1:]] == models
    assert len(asking_for(web, NDJSON, MODELS, limit=2).text.splitlines()) == 2
    assert asking_for(web, NDJSON, MODELS, provider="novita").text == ""
    headers = {"Accept": NDJSON}
    refused(web.client.get(MODELS, params={"provider": "x"}, headers=headers), 404, "not_found")
    asked = web.client.head(MODELS, headers=headers)
    assert (asked.status_code, asked.headers["content-type"]) == (200, NDJSON)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/json"),
        ("text/html, */*;q=0.8", "application/json"),
        ("text/csv;q=0.5, application/json;q=0.4", CSV),
        ("text/csv;q=0, */*", "application/json"),
        ("APPLICATION/X-NDJSON", NDJSON),
        ("image/png", "application/json"),
    ],
)
def test_the_form_that_is_asked_for(untouched_web: Web, accept: str, media_type: str) -> None:
    answer = untouched_web.client.get(MODELS, headers={"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert "Accept" in answer.headers["vary"]


def test_no_cell_of_csv_is_a_formula(web: Web, reviews: Reviews) -> None:
    for model in ("=1+1", "@cf/meta", "+x", "-x", 'plain,"quoted"\n'):
        reviews.model("openrouter", model, CHEAP)
    table = csv.DictReader(io.StringIO(asking_for(web, CSV, MODELS).text, newline=""))
    rows = {row["model"]: row["input_per_1m"] for row in table}
    assert set(rows) == {"'=1+1", "'@cf/meta", "'+x", "'-x", 'plain,"quoted"\n'}
    assert set(rows.values()) == {"0.3"}


def test_answers_are_compressed_for_those_who_want_it(web: Web, models: list[str]) -> None:
    for accepts, encoding in (("gzip", "gzip"), ("gzip;q=0", None), ("identity", None)):
        for media_type in ("application/json", NDJSON):
            headers = {"Accept-Encoding": accepts, "Accept": media_type}
            answer = web.client.get(MODELS, headers=headers)
            assert answer.headers.get("content-encoding") == encoding
            assert "m-9" in answer.text


def test_allow_names_every_method_of_the_path(untouched_web: Web) -> None:
    answer = untouched_web.client.delete("/admin/pricing/rules")
    refused(answer, 405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}


def test_a_list_that_breaks_off_does_not_look_whole(
    database: str,
    proxy: TcpProxy,
    connection: psycopg.Connection[DictRow],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(list_pages, "LARGEST_LIMIT", 2)
    for number in range(9):
        Reviews(connection).model("openrouter", f"m-{number}", CHEAP)
    read = list_pages._Reader.page

    async def fails_later(self: Any, after: Any, limit: int) -> Any:
        if after is not None:
            proxy.cut()
        return await read(self, after, limit)

    monkeypatch.setattr(list_pages._Reader, "page", fails_later)
    with (
        running_web(settings_for(proxy.url_of(database))) as web,
        pytest.raises(httpx2.RemoteProtocolError),
    ):
        web.client.get(MODELS, headers={"Accept": NDJSON})
