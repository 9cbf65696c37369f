from __future__ import annotations

import json
import subprocess
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from service.catalogue import read_catalogue
from service.prices import to_canonical
from service.providers import adapter
from tests.processes import ROOT
from tests.provider_server import Answer, running_provider_server
from tests.provider_shapes import DAY, SHAPES
from tests.waiting import wait_until


def call(url: str, data: Any = None) -> Any:
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(url, body, method="GET" if body is None else "PUT")
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def test_a_price_can_be_changed_and_read_back() -> None:
    with running_provider_server() as server:
        for slug in SHAPES:
            body = call(server.url(slug))
            model_id = body["data"][0]["id"]
            key = next(iter(server.price_of(slug, model_id)))
            server.price_of(slug, model_id)[key] = "0.125"
            (model,) = (
                model
                for model in adapter(slug).parse(json.dumps(call(server.url(slug))).encode()).models
                if model.model_id == model_id
            )
            assert "0.125" in {price.text for price in model.prices}


def test_an_adapter_reads_the_catalogue_s_prices_back() -> None:
    """Keys and units of the bodies are written out apart from the adapters: both must agree."""
    for slug, listed_under in (("openrouter", "openrouter"), ("deepinfra", "novita")):
        body = json.dumps(SHAPES[slug].body(None)).encode()
        published = {model.model_id: model for model in adapter(slug).parse(body).models}
        for model in read_catalogue(DAY).models:
            if model.provider != listed_under or not model.prices:
                continue
            wanted = {price.axis: to_canonical(price).usd for price in model.prices}
            found = published[model.model_id].prices
            assert found, model.model_id
            for price in found:
                usd = to_canonical(price).usd
                assert usd == wanted.get(price.axis, 0), (model.model_id, price)


def test_any_number_of_models() -> None:
    for shape in SHAPES.values():
        for n in (1, 50, 3000):
            ids = [entry["id"] for entry in shape.body(n)["data"]]
            assert len(set(ids)) == n


def test_requests_are_counted_and_those_at_once_too() -> None:
    with running_provider_server() as server:
        server.fill("openrouter", 1)
        server.answer("openrouter", Answer(hang=True))
        threads = [
            threading.Thread(target=lambda: _ignore(server.url("openrouter"))) for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        wait_until(lambda: server.peak("openrouter") == 3)
        assert [request.ended for request in server.requests("openrouter")] == [None] * 3
        assert server.requests("deepinfra") == []
    for thread in threads:
        thread.join()


def test_an_answer_is_held_until_it_is_released() -> None:
    with running_provider_server() as server, ThreadPoolExecutor(1) as threads:
        server.fill("openrouter", 1)
        server.answer("openrouter", Answer(held=True))
        answer = threads.submit(call, server.url("openrouter"))
        wait_until(lambda: server.requests("openrouter"))
        with pytest.raises(TimeoutError):
            answer.result(0.2)
        server.release()
        assert answer.result(10) == server.body("openrouter")


def _ignore(url: str) -> None:
    with suppress(OSError):
        call(url)


def test_it_runs_as_a_process_and_is_told_over_http() -> None:
    command = [sys.executable, "-W", "error", "-m", "tests.provider_server", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            base = process.stdout.readline().split()[-1]
            url = base + SHAPES["openrouter"].path
            root = base.removesuffix("/openrouter")
            model_id = call(url)["data"][0]["id"]
            told = {"model_id": model_id, "pricing": {"prompt": "0.5"}}
            call(f"{root}/_price/openrouter", told)
            assert call(url)["data"][0]["pricing"]["prompt"] == "0.5"
            call(f"{root}/_answer/openrouter", {"body": '{"data": []}', "delay": 0.01})
            assert call(url) == {"data": []}
            assert len(call(f"{root}/_requests")) == 3
        finally:
            process.terminate()
