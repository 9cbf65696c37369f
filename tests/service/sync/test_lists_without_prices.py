"""Providers whose list has no prices: their models get the catalogue's prices."""

from __future__ import annotations

from tests.support.provider_server import Answer, ProviderServer
from tests.support.syncing import Queue, StartWorker


def test_the_catalogue_s_prices_stand_in_marked(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    queue.connection.execute(
        "update pricing_providers set enabled = true, credential_variable = null, base_url = %s"
        " where slug = 'groq'",
        [providers.base_url("groq")],
    )
    providers.fill("groq")
    listed = [entry["id"] for entry in providers.body("groq")["data"]]
    providers.body("groq")["data"].append({"id": "nobody/knows-it"})
    providers.answer("groq", Answer(etag=True))
    start_worker()
    first = queue.wait_for_end(queue.trigger("groq"))

    assert (first["outcome"], first["models_updated"]) == ("success", len(listed))
    rows = {row["model_id"]: row for row in queue.rows("select * from model_pricing")}
    assert rows.keys() == {*listed, "nobody/knows-it"}
    for row in rows.values():
        assert row["pricing_source"].startswith("catalogue:genai-prices@")
        assert row["listed_by"] == "groq"
    priced = "price_per_input_token"
    assert rows["nobody/knows-it"][priced] is None
    assert any(rows[model_id][priced] for model_id in listed)
    provider = queue.row("select * from pricing_providers where slug = 'groq'")
    assert (provider["state"], provider["etag"]) == ("no_price_api", None)

    again = queue.wait_for_end(queue.trigger("groq"))
    assert (again["outcome"], again["models_updated"]) == ("success", 0)
    # A list reported as unchanged would hide that the catalogue's prices have changed.
    assert not any("if-none-match" in asked.headers for asked in providers.requests("groq"))
