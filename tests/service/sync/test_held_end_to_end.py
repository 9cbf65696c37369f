"""A price that jumps by 1,000 is held, shown everywhere, and reviewed by HTTP and by command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.support.postgres import free_port
from tests.support.processes import ADMIN_KEY, Processes, answers
from tests.support.provider_server import ProviderServer
from tests.support.syncing import Queue, StartWorker
from tests.support.waiting import wait_until

MODELS = ("maker/by-http", "maker/by-command", "maker/calm")
BEFORE = {"prompt": "0.0000003", "completion": "0.0000006"}
# The same numbers, as if per 1K instead of per 1M tokens.
AFTER = {"prompt": "0.0003", "completion": "0.0006"}


@pytest.fixture
def client(processes: Processes) -> Iterator[httpx2.Client]:
    """A client with the admin key, of a real web process."""
    port = free_port()
    processes.service("serve", "--port", str(port))
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(f"{url}/health"), 60, "the web process answers")
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    with httpx2.Client(base_url=url, headers=headers, timeout=30) as client:
        yield client


class Desk:
    """A reviewer, who runs commands and reads the history and the tables afterwards."""

    def __init__(self, processes: Processes, queue: Queue) -> None:
        self._run = processes.run
        self._queue = queue

    def run(self, *arguments: str) -> Any:
        return json.loads(self.say(*arguments, "--json"))

    def say(self, *arguments: str) -> str:
        ended = self._run(*arguments)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def price(self, model: str) -> str:
        """The price in force, in USD per million input tokens."""
        query = "select input_per_1m::text as usd from model_prices where model = %s"
        usd: str = self._queue.row(query, model)["usd"]
        return usd

    def history(self, model: str) -> list[tuple[str, str]]:
        rows = self._queue.rows(
            "select input_per_1m::text as usd, changed_by from pricing_history"
            " where model = %s and price = 'input_per_1m' order by id",
            model,
        )
        return [(row["usd"], row["changed_by"]) for row in rows]


def serve_prices(providers: ProviderServer, prices: dict[str, dict[str, str]]) -> None:
    body = providers.body("openrouter")
    for entry, (model, pricing) in zip(body["data"], prices.items(), strict=True):
        entry["id"] = model
        entry["pricing"] = dict(pricing)


def test_a_jump_is_held_until_a_person_reviews_it(
    client: httpx2.Client,
    queue: Queue,
    providers: ProviderServer,
    processes: Processes,
    start_worker: StartWorker,
) -> None:
    desk = Desk(processes, queue)
    queue.connection.execute(
        "update pricing_providers set guards_enabled = true where slug = 'openrouter'"
    )
    providers.fill("openrouter", 3)
    serve_prices(providers, dict.fromkeys(MODELS, BEFORE))
    start_worker()

    def synced() -> dict[str, Any]:
        body = {"providers": ["openrouter"]}
        triggered = client.post("/admin/pricing/scheduler/trigger", json=body).json()
        job = client.get(triggered["poll_url"], params={"wait": 30}).json()
        assert (job["finished"], job["outcome"]) == (True, "success"), job
        result: dict[str, Any] = job["results"]["openrouter"]
        return {**result, "job_id": job["job_id"]}

    assert synced()["models_updated"] == 3

    by_http, by_command, calm = MODELS
    news = {"prompt": "0.0000004", "completion": "0.0000006"}
    serve_prices(providers, {by_http: AFTER, by_command: AFTER, calm: news})
    second = synced()

    # The suspicious prices are held; the other price of the list is applied.
    assert (second["models_held"], second["models_updated"]) == (2, 1)
    assert {model: desk.price(model) for model in MODELS} == {
        by_http: "0.3", by_command: "0.3", calm: "0.4"
    }  # fmt: skip

    in_sql = queue.row(
        "select id, class, reason, ratio::float8 as ratio, evidence from pricing_held"
        " where model = %s",
        by_http,
    )
    assert in_sql["class"] == "unit"
    assert "1,000 times" in in_sql["reason"]
    assert in_sql["ratio"] == 1000
    told = {each["axis"]: each for each in in_sql["evidence"] if each["kind"] == "ratio"}
    said = told["price_per_input_token"]
    assert (said["before"], said["now"], said["text"]) == ("0.0000003", "0.0003", "0.0003")

    over_http = {
        change["model_id"]: change
        for change in client.get(
            "/admin/pricing/held", params={"sync": second["job_id"], "class": "unit"}
        ).json()["held"]
    }
    assert over_http.keys() == {by_http, by_command}
    change = over_http[by_http]
    assert (change["id"], change["reason"]) == (in_sql["id"], in_sql["reason"])
    assert float(change["ratio"]) == 1000
    assert (change["previous"]["input_per_1m"], change["prices"]["input_per_1m"]) == ("0.3", "300")
    (evidence,) = (
        each
        for each in change["evidence"]
        if each["kind"] == "ratio" and each["axis"] == "price_per_input_token"
    )
    assert (evidence["before_per_1m"], evidence["now_per_1m"]) == ("0.3", "300")
    assert (evidence["key"], evidence["text"], evidence["unit"]) == (
        "prompt", "0.0003", "usd_per_token"
    )  # fmt: skip

    line = "2 price changes are held: `pricing-sync held` shows them, and why."
    assert desk.say("status", second["job_id"]).splitlines()[-1] == line
    by_the_cli = {row["model"]: row for row in desk.run("held", "--provider", "openrouter")}
    assert by_the_cli[by_command]["reason"] == in_sql["reason"]
    assert float(by_the_cli[by_command]["ratio"]) == 1000
    assert by_the_cli[by_command]["evidence"] == in_sql["evidence"]

    decided = client.post(f"/admin/pricing/held/{change['id']}/approve").json()
    assert (decided["status"], decided["decided_by"]) == ("approved", "admin")
    assert desk.price(by_http) == "300"
    assert desk.history(by_http) == [("0.3", "api_sync:openrouter"), ("300", "manual:admin")]

    (rejected,) = desk.run("reject", str(by_the_cli[by_command]["id"]))
    assert rejected["status"] == "rejected"
    # The provider repeats its list: the approved price is unchanged, the rejected one stays
    # rejected.
    third = synced()
    assert (third["models_updated"], third["models_held"]) == (0, 1)
    assert (desk.price(by_http), desk.price(by_command)) == ("300", "0.3")
    assert desk.history(by_command) == [("0.3", "api_sync:openrouter")]
    assert client.get("/admin/pricing/held").json()["count"] == 0

    # The reviewer approves the rejected price after all, by the command.
    (approved,) = desk.run("approve", str(rejected["id"]))
    assert approved["status"] == "approved"
    usd, who = desk.history(by_command)[-1]
    assert usd == "300"
    assert who.startswith("manual:cli:")
