"""One sync, from a provider's wire to the history table, through a real worker."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psutil
import pytest

from service import __version__
from tests.replay.published import published_prices
from tests.replay.stored import stored_pages
from tests.support.provider_server import Answer, ProviderServer, gzip_bomb
from tests.support.recordings import RECORDINGS, needs_recordings
from tests.support.syncing import Queue, StartWorker

MEBIBYTE = 1024 * 1024

WRITES = """
select
    (select sum(xmin::text::bigint) from model_pricing) as prices,
    (select count(*) from model_pricing_history) as history
"""


def test_a_price_arrives_exactly_as_published(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    providers.fill("openrouter", 3)
    model_id = providers.body("openrouter")["data"][0]["id"]
    providers.price_of("openrouter", model_id).clear()
    providers.price_of("openrouter", model_id).update(
        prompt="0.0000000208333333333333", completion="5e-07", web_search="0.005"
    )
    start_worker()
    job = queue.wait_for_end(queue.trigger("openrouter"))

    assert (job["status"], job["outcome"], job["models_updated"]) == ("completed", "success", 3)
    price = queue.row("select * from model_pricing where model_id = %s", model_id)
    assert price["price_per_input_token"] == Decimal("0.0000000208333333333333")
    assert price["price_per_output_token"] == Decimal("0.0000005")
    assert price["price_per_web_search"] == Decimal("0.005")
    assert price["price_per_cache_read_token"] is None
    assert price["pricing_source"] == "api:openrouter"
    history = queue.row("select * from model_pricing_history where model_id = %s", price["id"])
    assert history["price_per_input_token"] == price["price_per_input_token"]
    assert history["previous_input_price"] is None
    assert history["changed_by"] == "api_sync:openrouter"
    assert history["job_id"] == job["job_id"]
    assert history["raw"]["completion"]["text"] == "5e-07"


def test_the_same_prices_again_write_nothing_and_a_change_writes_one_row(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    providers.fill("openrouter", 50)
    start_worker()
    queue.wait_for_end(queue.trigger("openrouter"))
    before = queue.row(WRITES)

    again = queue.wait_for_end(queue.trigger("openrouter"))
    assert (again["models_fetched"], again["models_updated"]) == (50, 0)
    assert queue.row(WRITES) == before

    changed = providers.body("openrouter")["data"][7]["id"]
    old = Decimal(providers.price_of("openrouter", changed)["completion"])
    providers.price_of("openrouter", changed)["completion"] = str(old + Decimal("0.000001"))
    job = queue.wait_for_end(queue.trigger("openrouter"))
    assert job["models_updated"] == 1
    newest = queue.row("select * from pricing_history order by id desc limit 1")
    assert newest["model"] == changed
    assert newest["previous_output_per_1m"] == old * 1_000_000
    assert newest["output_per_1m"] == old * 1_000_000 + 1
    assert queue.row(WRITES)["history"] == before["history"] + 1


def test_an_answer_that_has_not_changed_is_not_sent_again(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    providers.fill("openrouter", 5)
    providers.answer("openrouter", Answer(etag=True))
    start_worker()
    queue.wait_for_end(queue.trigger("openrouter"))
    job = queue.wait_for_end(queue.trigger("openrouter"))

    assert (job["outcome"], job["models_fetched"], job["models_updated"]) == ("success", 5, 0)
    assert queue.attempts(str(job["job_id"]))[0]["details"] == {"not_modified": True}
    assert "if-none-match" in providers.requests("openrouter")[1].headers


def test_a_server_without_etags_is_asked_whole_and_read_when_it_says_something_new(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    """The same body is as good as a 304; of another one only the entries that changed are read."""
    providers.fill("openrouter", 5)
    start_worker()
    queue.wait_for_end(queue.trigger("openrouter"))
    same = queue.wait_for_end(queue.trigger("openrouter"))
    assert (same["models_fetched"], same["models_updated"]) == (5, 0)
    assert queue.attempts(str(same["job_id"]))[0]["details"] == {"not_modified": True}

    changed = providers.body("openrouter")["data"][2]["id"]
    providers.price_of("openrouter", changed)["completion"] = "0.0000077"
    read = queue.wait_for_end(queue.trigger("openrouter"))
    [attempt] = queue.attempts(str(read["job_id"]))
    assert (attempt["models_fetched"], attempt["models_updated"]) == (5, 1)
    assert (attempt["models_unchanged"], attempt["details"]) == (4, {})


def test_a_sticky_etag_freezes_prices_for_a_day_at_most(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    providers.fill("openrouter", 5)
    providers.answer("openrouter", Answer(sticky_etag=True))
    start_worker()
    queue.wait_for_end(queue.trigger("openrouter"))
    changed = providers.body("openrouter")["data"][2]["id"]
    providers.price_of("openrouter", changed)["completion"] = "0.0000077"
    assert queue.wait_for_end(queue.trigger("openrouter"))["models_updated"] == 0

    queue.connection.execute(
        "update pricing_providers set last_list_at = last_list_at - interval '1 day'"
    )
    assert queue.wait_for_end(queue.trigger("openrouter"))["models_updated"] == 1
    conditional = ["if-none-match" in each.headers for each in providers.requests("openrouter")]
    assert conditional == [False, True, False]


def test_another_version_asks_for_the_same_answer_again(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    """Another version may read more out of the same response."""
    providers.fill("openrouter", 5)
    providers.answer("openrouter", Answer(etag=True))
    start_worker()
    queue.wait_for_end(queue.trigger("openrouter"))
    queue.connection.execute(
        "update pricing_providers set etag_parser = replace(etag_parser, %s, '0.0.0')",
        [__version__],
    )
    job = queue.wait_for_end(queue.trigger("openrouter"))

    assert "if-none-match" not in providers.requests("openrouter")[1].headers
    assert "not_modified" not in queue.attempts(str(job["job_id"]))[0]["details"]


def test_an_etag_is_of_one_list_at_one_address(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    """Another list may have the same ETag, and would then never be read."""
    providers.fill("openrouter", 5)
    providers.answer("openrouter", Answer(etag=True))
    here = providers.base_url("openrouter")
    start_worker()
    for base_url in (here, f"{here}/", here.replace("127.0.0.1", "localhost"), here):
        queue.connection.execute("update pricing_providers set base_url = %s", [base_url])
        assert queue.wait_for_end(queue.trigger("openrouter"))["outcome"] == "success"
    # The other adapter's list is at the same path, but it makes other prices of it.
    queue.connection.execute("update pricing_providers set adapter = 'aihubmix'")
    assert queue.wait_for_end(queue.trigger("openrouter"))["outcome"] == "failed"
    asked = providers.requests("openrouter")
    conditional = ["if-none-match" in request.headers for request in asked]
    assert conditional == [False, True, False, False, False]


@pytest.mark.parametrize("more", ["?key=1", "/v2#prices"])
def test_an_address_whose_path_would_get_lost_is_not_asked(
    more: str, queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    queue.connection.execute("update pricing_providers set base_url = base_url || %s", [more])
    start_worker()
    job_id = queue.trigger("openrouter")
    assert queue.wait_for_end(job_id)["outcome"] == "failed"
    assert queue.attempts(job_id)[-1]["error_kind"] == "address_refused"
    assert providers.requests("openrouter") == []


def test_one_adapter_serves_two_rows(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    providers.fill("openrouter", 2)
    queue.connection.execute(
        "insert into pricing_providers (slug, name, adapter, base_url)"
        " select 'mirror', 'Mirror', adapter, base_url || '/' from pricing_providers"
        " where slug = 'openrouter'"
    )
    start_worker()
    for slug in ("openrouter", "mirror"):
        assert queue.wait_for_end(queue.trigger(slug))["models_updated"] == 2
    assert queue.rows(
        "select provider_slug, pricing_source, count(*) as n from model_pricing group by 1, 2"
        " order by 1"
    ) == [
        {"provider_slug": "mirror", "pricing_source": "api:mirror", "n": 2},
        {"provider_slug": "openrouter", "pricing_source": "api:openrouter", "n": 2},
    ]


ODD_ANSWERS = {
    "html": (Answer(body=b"<html>maintenance</html>"), "not_json"),
    "half a body": (Answer(cut=True), "truncated"),
    "200 MB": (Answer(body=b" " * MEBIBYTE, repeat=200), "too_large"),
    "a gzip bomb": (Answer(body=gzip_bomb(500), headers={"Content-Encoding": "gzip"}), "too_large"),
    "a redirect elsewhere": (
        Answer(status=302, headers={"Location": "http://localhost.invalid/models"}),
        "redirect_refused",
    ),
    "nothing, for ever": (Answer(hang=True), "timeout"),
    "an error": (Answer(status=500, body=b"{}"), "http_status"),
    "an empty list": (Answer(body=b'{"data": []}'), "empty_list"),
    "success: false": (Answer(body=b'{"success": false, "data": null}'), None),
}


@pytest.mark.parametrize("odd", ODD_ANSWERS)
def test_an_odd_answer_fails_its_provider_and_no_other(
    odd: str, queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    answer, kind = ODD_ANSWERS[odd]
    providers.fill("openrouter", 10)
    providers.fill("deepinfra", 10)
    worker = start_worker()
    queue.wait_for_end(queue.trigger("openrouter", "deepinfra"))
    before = queue.rows("select * from model_pricing order by id")
    memory = psutil.Process(worker.pid).memory_info().rss

    queue.connection.execute(
        "update pricing_providers set timeout = '8 seconds' where slug = 'openrouter'"
    )
    providers.answer("openrouter", answer)
    job = queue.wait_for_end(queue.trigger("openrouter", "deepinfra"), timeout=60)

    assert (job["status"], job["outcome"]) == ("completed", "partial")
    assert job["error_message"].startswith("openrouter: ")
    by_provider = {row["provider_slug"]: row for row in queue.attempts(str(job["job_id"]))}
    assert by_provider["deepinfra"]["status"] == "success"
    failed = by_provider["openrouter"]
    assert failed["status"] == "failed"
    assert failed["errors"] == 1
    assert failed["error_message"]
    assert kind is None or failed["error_kind"] == kind
    assert queue.rows("select * from model_pricing order by id") == before
    assert psutil.Process(worker.pid).memory_info().rss - memory < 200 * MEBIBYTE


def test_a_provider_that_wants_to_be_left_alone_is(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    providers.answer("openrouter", Answer(status=429, headers={"Retry-After": "3600"}))
    start_worker()
    job = queue.wait_for_end(queue.trigger("openrouter"))

    assert (job["status"], job["outcome"]) == ("failed", "failed")
    assert queue.attempts(str(job["job_id"]))[0]["error_kind"] == "rate_limited"
    provider = queue.row(
        "select next_allowed_at - now() > '59 minutes' as is_left_alone, consecutive_failures"
        " from pricing_providers where slug = 'openrouter'"
    )
    assert provider == {"is_left_alone": True, "consecutive_failures": 1}


DISABLE = "update public.pricing_providers set enabled = false where slug = 'openrouter'"
DELETE = "delete from public.pricing_providers where slug = 'openrouter'"


@pytest.mark.parametrize("change", [DISABLE, DELETE])
def test_a_fetched_sync_of_a_disabled_provider_sends_no_request(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker, change: str
) -> None:
    # Switched off in the moment of the fetch: a waiting sync is cancelled without a worker.
    queue.connection.execute(
        "create function switch_off() returns trigger language plpgsql security definer"
        f" as $$ begin {change}; return null; end $$;"
        " create trigger switch_off after update on procrastinate.procrastinate_jobs for each row"
        " when (new.status = 'doing') execute function switch_off()".encode()
    )
    job_id = queue.trigger("openrouter")
    start_worker()

    assert queue.wait_for_end(job_id)["outcome"] == "cancelled"
    assert queue.attempts(job_id)[-1]["error_kind"] == "disabled"
    assert providers.requests("openrouter") == []


@pytest.mark.parametrize("change", [DISABLE, DELETE])
def test_a_provider_that_is_switched_off_in_mid_sync_gets_no_prices(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker, change: str
) -> None:
    providers.fill("openrouter", 3)
    providers.answer("openrouter", Answer(held=True))
    start_worker()
    job_id = queue.trigger("openrouter")
    queue.wait_for_status(job_id, "in_progress")
    queue.connection.execute(change.encode())
    providers.release()

    assert queue.wait_for_end(job_id)["outcome"] == "cancelled"
    assert queue.attempts(job_id)[-1]["error_kind"] == "disabled"
    assert queue.rows("select from model_pricing") == []


def test_an_adapter_that_this_version_has_not_is_said_to_be_one(
    queue: Queue, start_worker: StartWorker
) -> None:
    queue.connection.execute(
        "update pricing_providers set adapter = 'gazette' where slug = 'openrouter'"
    )
    start_worker()
    job_id = queue.trigger("openrouter")
    assert queue.wait_for_end(job_id)["outcome"] == "failed"
    (attempt,) = queue.attempts(job_id)
    assert attempt["error_kind"] == "unknown_adapter"
    assert "no adapter 'gazette'; known: " in attempt["error_message"]
    assert "deepinfra" in attempt["error_message"]


def test_an_unknown_key_is_reported_once(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    providers.fill("openrouter", 2)
    model_id = providers.body("openrouter")["data"][0]["id"]
    providers.price_of("openrouter", model_id)["songs"] = "0.08"
    worker = start_worker()
    details = []
    for _ in range(2):
        job_id = queue.trigger("openrouter")
        queue.wait_for_end(job_id)
        details.append(queue.attempts(job_id)[0]["details"].get("unknown_keys"))
    assert len(details[0]) == 1
    assert details[1] is None
    assert worker.output.count("unknown price keys: ") == 1
    extra = queue.row("select extra from model_pricing where model_id = %s", model_id)["extra"]
    assert "0.08" in extra.values()


def test_the_catalogue_s_numbers_are_kept_beside_the_provider_s(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    providers.fill("openrouter", 20)
    start_worker()
    queue.wait_for_end(queue.trigger("openrouter"))
    counts = queue.row(
        "select count(*) as known, count(*) filter (where version like 'genai-prices@%%') as named"
        " from pricing_catalogue_prices where provider_slug = 'openrouter'"
    )
    assert counts["known"] == counts["named"] == 20


def test_a_dry_run_tells_what_would_change_and_writes_no_price(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    providers.fill("openrouter", 4)
    start_worker()
    job = queue.wait_for_end(queue.trigger("openrouter", dry_run=True))

    result = job["result_data"]["providers"]["openrouter"]
    assert job["outcome"] == "success"
    assert result["differences_total"] == 4
    assert len(result["differences"]) == 4
    assert queue.row("select count(*) as n from model_pricing")["n"] == 0
    assert queue.row("select last_success_at from pricing_providers where slug = 'openrouter'") == {
        "last_success_at": None
    }


def test_the_catalogue_speaks_only_for_those_who_cannot(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    start_worker()
    queue.wait_for_end(queue.trigger("openrouter"))
    queue.wait_for_end(queue.trigger("catalogue"))

    sources = {
        (row["provider_slug"], row["kind"])
        for row in queue.rows(
            "select distinct provider_slug, split_part(pricing_source, '@', 1) as kind"
            " from model_pricing where provider_slug in ('openrouter', 'openai', 'cursor')"
        )
    }
    assert sources == {("openrouter", "api:openrouter"), ("openai", "catalogue:genai-prices")}
    counts = queue.row(
        "select count(*) as models, count(distinct h.model_id) as with_history, count(h.id) as rows"
        " from model_prices p join model_pricing m on (m.provider_slug, m.model_id) ="
        " (p.provider, p.model) left join model_pricing_history h on h.model_id = m.id"
        " where p.price_state <> 'unknown'"
    )
    assert counts["models"] > 1_000
    assert counts["models"] == counts["with_history"] == counts["rows"]


@needs_recordings
@pytest.mark.parametrize(
    "file", ["openrouter-2025-09-10", "openrouter-2026-08-14", "openrouter-2026-08-22"]
)
def test_a_recorded_body_arrives_whole_and_to_the_digit(
    file: str, queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    start_worker()
    job = _sync_recorded(file, queue, providers)
    published = published_prices(_body(file))

    assert (job["models_fetched"], job["models_skipped"]) == (len(published), 0)
    stored = stored_pages(queue, "openrouter", {str(job["job_id"]): file})
    assert {model_id: page.prices for model_id, page in stored.items()} == published
    priced = {model_id for model_id, prices in published.items() if prices}
    assert {model_id for model_id, page in stored.items() if page.history} == priced
    assert job["models_updated"] == len(priced)
    assert queue.row("select count(*) as n from model_pricing_history")["n"] == len(priced)


@needs_recordings
def test_two_days_in_a_row_differ_in_history_exactly_where_they_differ(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    days = [f"openrouter-2025-09-{day}" for day in ("10", "11")]
    first, second = (published_prices(_body(day)) for day in days)
    start_worker()
    _sync_recorded(days[0], queue, providers)
    job = _sync_recorded(days[1], queue, providers)

    differing = {model_id for model_id in second if second[model_id] != first.get(model_id, {})}
    changed = queue.rows(
        "select distinct on (id) * from pricing_history where job_id = %s", job["job_id"]
    )
    assert {row["model"] for row in changed} == differing
    assert len(changed) == len(differing) == job["models_updated"] > 0
    for row in changed:
        old = first.get(row["model"], {}).get("price_per_output_token")
        assert row["previous_output_per_1m"] == (None if old is None else old * 1_000_000)
    gone = queue.rows("select model_id from model_pricing where missing_count = 1 and is_active")
    assert {row["model_id"] for row in gone} == first.keys() - second.keys()


def _sync_recorded(file: str, queue: Queue, providers: ProviderServer) -> dict[str, Any]:
    providers.answer("openrouter", Answer(body=_body(file)))
    job = queue.wait_for_end(queue.trigger("openrouter"))
    assert job["outcome"] == "success"
    return job


def _body(file: str) -> bytes:
    return (RECORDINGS / f"{file}.json").read_bytes()
