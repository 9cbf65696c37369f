from __future__ import annotations

import json
import subprocess
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from service.providers.adapter import adapter
from tests.support.processes import ROOT
from tests.support.provider_entries import amounts, tiers
from tests.support.provider_server import Answer, running_provider_server
from tests.support.provider_shapes import SHAPES, models
from tests.support.waiting import wait_until


def call(url: str, data: Any = None) -> Any:
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(url, body, method="GET" if body is None else "PUT")
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def test_a_price_can_be_changed_and_read_back() -> None:
    with running_provider_server() as server:
        for slug, shape in SHAPES.items():
            if shape.key is None:
                continue
            model_id = shape.ids(call(server.url(slug)))[0]
            server.price_of(slug, model_id)[shape.key] = "0.125"
            (model,) = (
                model
                for model in adapter(slug).parse(json.dumps(call(server.url(slug))).encode()).models
                if model.model_id == model_id
            )
            assert "0.125" in {price.text for price in model.prices}


@pytest.mark.parametrize("slug", SHAPES)
def test_an_adapter_reads_the_catalogue_s_prices_back(slug: str) -> None:
    """Bodies and adapters define keys and units independently, and both must agree."""
    shape, keys = SHAPES[slug], adapter(slug).price_keys.values()
    body = shape.body()
    published = {
        model.model_id: model for model in adapter(slug).parse(json.dumps(body).encode()).models
    }
    assert list(published) == shape.ids(body)
    for (_, model), found in zip(models(shape.source), published.values(), strict=True):
        wanted = amounts(model.prices)
        read = amounts(found.prices)
        assert wanted.keys() & {axis for axis, _ in keys} <= read.keys()
        for axis, usd in read.items():
            # As a JSON number, a price has no thirteenth digit.
            error = abs(usd - wanted.get(axis, 0))
            assert error <= usd * Decimal("1e-11"), (found.model_id, axis)
        steps = dict(tiers(model))
        for above, changed in tiers(found):
            for axis, usd in changed.items():
                assert usd == steps[above].get(axis, wanted[axis]), (found.model_id, axis)


def test_long_prompts_have_prices_of_their_own_where_there_is_a_way_to_say_it() -> None:
    said = {
        slug: sum(
            bool(model.conditions)
            for model in adapter(slug).parse(json.dumps(SHAPES[slug].body()).encode()).models
        )
        for slug, shape in SHAPES.items()
        if shape.source == "openrouter"
    }
    assert said.pop("requesty") == 0
    assert min(said.values()) > 50
    assert len(set(said.values())) == 1


def test_any_number_of_models() -> None:
    for shape in SHAPES.values():
        for n in (1, 50, 3000):
            assert len(set(shape.ids(shape.body(n)))) == n


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
        assert answer.result(60) == server.body("openrouter")


def _ignore(url: str) -> None:
    with suppress(OSError):
        call(url)


def test_it_runs_as_a_process_and_is_told_over_http() -> None:
    command = [sys.executable, "-W", "error", "-m", "tests.support.provider_server", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = (process.stdout.readline() for _ in SHAPES)
            base = next(line.split()[-1] for line in lines if line.startswith("openrouter:"))
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
