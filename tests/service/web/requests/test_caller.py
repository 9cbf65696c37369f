"""Decisions over HTTP are signed with the key and the client's address, and nothing else is."""

from __future__ import annotations

import asyncio

import httpx2
import psycopg
from psycopg.rows import DictRow

from service.web.database.web_database import WebDatabase
from service.web.requests.caller import caller_name_sql
from service.web.routes.all_routes import ROUTES
from tests.service.reviews import CHEAP, Reviews
from tests.service.web.running import (
    HELD,
    OVERRIDES,
    RULES,
    SHORTER_LIST,
    TRIGGER,
    Web,
    settings_for,
)

PROVIDERS = "/admin/pricing/providers"
SIGNED = """
select action, who, key_name, host(http_client_address) as http, acting_role, session_login
from pricing_audit_log
where action not in ('create_api_key', 'change_settings')
    and (action <> 'change_provider' or key_name is not null)
order by id
"""


def test_every_decision_is_signed(
    web: Web, reviews: Reviews, connection: psycopg.Connection[DictRow]
) -> None:
    row = connection.execute("select create_pricing_api_key('night shift') as key").fetchone()
    assert row is not None
    forged = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    headers = {"Authorization": f"Bearer {row['key']}", **forged}
    client = httpx2.Client(base_url=web.url, headers=headers, timeout=30)
    model = "maker/model-1"
    first = reviews.job()
    reviews.model("openrouter", model, CHEAP, first)
    reviews.model("openrouter", "maker/model-2", CHEAP, first)
    with client:
        of = {"provider": "openrouter", "model_id": model}
        client.post(OVERRIDES, json={**of, "reason": "x", "input_per_1m": 0.31}).raise_for_status()
        client.post(f"{OVERRIDES}/clear", json=of).raise_for_status()
        rule = client.post(
            RULES,
            json={
                "provider": "openrouter",
                "up_to_ratio": 2,
                "expires_at": "2999-01-01T00:00:00Z",
                "reason": "x",
            },
        ).raise_for_status()
        client.delete(f"{RULES}/{rule.json()['id']}").raise_for_status()
        job_id = client.post(TRIGGER, json={"providers": ["deepinfra"]}).json()["job_id"]
        client.post(f"/admin/pricing/sync/{job_id}/cancel").raise_for_status()
        client.post(f"/admin/pricing/sync/{job_id}/retry").raise_for_status()
        for decision in ("approve", "reject"):
            held = reviews.hold("openrouter", f"maker/{decision}")
            client.post(f"{HELD}/{held}/{decision}").raise_for_status()
        client.post(f"{HELD}/{held}/reopen").raise_for_status()
        for decision in ("approve", "reject", "reopen"):
            if decision != "reopen":
                job_id = reviews.job()
                reviews.hold("openrouter", f"maker/all-{decision}", job_id=job_id)
            client.post(f"/admin/pricing/sync/{job_id}/held/{decision}").raise_for_status()
        given_up = reviews.hold("openrouter", "maker/given-up")
        connection.execute(
            "update pricing_held_changes set status = 'rejected', decided_at = now(),"
            " decided_by = 'x' where id = %s",
            [given_up],
        )
        client.post("/admin/pricing/providers/openrouter/held/reopen").raise_for_status()
        client.patch(f"{PROVIDERS}/novita", json={"timeout_seconds": 60}).raise_for_status()
        reviews.hold("together", "maker/first", held_class="first_list")
        client.post(f"{PROVIDERS}/together/accept-first-list").raise_for_status()
        reviews.refuse_list("novita")
        client.post(SHORTER_LIST.format(slug="novita")).raise_for_status()
        client.post(
            f"/admin/pricing/sync/{first}/rollback", json={"dry_run": False}
        ).raise_for_status()

    signed = connection.execute(SIGNED).fetchall()
    assert {(row["key_name"], row["http"], row["acting_role"]) for row in signed} == {
        ("night shift", "127.0.0.1", "pricing_web")
    }
    assert {row["who"] for row in signed} == {"night shift", "api:night shift"}
    # One for each route that changes something; a job itself records who triggered it, and a
    # cost changes nothing.
    silent = (TRIGGER, "/admin/pricing/cost")
    changing = [route for route in ROUTES if route.method != "GET" and route.path not in silent]
    assert len(signed) == len(changing)


def test_the_signature_ends_with_its_statement(database: str) -> None:
    """The next statement on the same connection belongs to another caller."""

    async def use() -> tuple[str | None, str | None]:
        web = WebDatabase.from_settings(settings_for(database))
        said = await web.row(f"select {caller_name_sql(1)} as name", '{"who": "api:alice"}')
        after = await web.row("select current_setting('pricing.http_caller', true) as said")
        await web.close()
        assert said is not None and after is not None
        return said["name"], after["said"]

    said, after = asyncio.run(use())
    assert said == "api:alice"
    assert not after
