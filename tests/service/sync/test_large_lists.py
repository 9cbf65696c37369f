"""A list of 22,000 models in pages, through a real worker: its memory stays within 200 MB."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.provider_server import ProviderServer
from tests.support.syncing import Queue, StartWorker

MEBIBYTE = 1024 * 1024
MODELS = 22_000
# The size of a model's entry in the list of such a provider, beside its price.
ENTRY_BYTES = 1_500
LARGEST_PEAK = 200 * 1000 * 1000
# Kept bodies, or the values read from them, would exceed this.
LARGEST_GROWTH = 100 * 1000 * 1000


def memory(pid: int, what: str) -> int:
    """``VmRSS`` is what a process has in memory, ``VmHWM`` the most it ever had; in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith(f"{what}:"))
    return int(kilobytes) * 1024


def fill(providers: ProviderServer) -> None:
    """Models of real size, each priced: the most that a sync carries to the database."""
    providers.fill("featherless", MODELS)
    for entry in providers.body("featherless")["data"]:
        padding = ENTRY_BYTES - len(json.dumps(entry))
        entry["features"] = {"note": "x" * padding}


@pytest.mark.long
@pytest.mark.timeout(180)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="it is measured by Linux")
def test_a_list_of_many_pages_takes_little_memory(
    queue: Queue,
    providers: ProviderServer,
    start_worker: StartWorker,
    record_property: Any,
) -> None:
    fill(providers)
    queue.connection.execute(
        "update pricing_providers set enabled = true, guards_enabled = true, base_url = %s"
        " where slug = 'featherless'",
        [providers.base_url("featherless")],
    )
    worker = start_worker()
    providers.fill("openrouter", 1)
    queue.wait_for_end(queue.trigger("openrouter"))
    before = memory(worker.pid, "VmRSS")

    job = queue.wait_for_end(queue.trigger("featherless"), timeout=150)

    peak = memory(worker.pid, "VmHWM")
    asked = providers.requests("featherless")
    for name, value in (("before", before), ("peak", peak)):
        record_property(f"{name}_megabytes", round(value / 1e6))
    print(f"before {before / 1e6:.0f} MB, peak {peak / 1e6:.0f} MB, {len(asked)} pages")
    assert (job["outcome"], job["models_fetched"]) == ("success", MODELS)
    assert len(asked) == 22
    assert (
        queue.row("select count(*) as n from model_pricing where price_per_input_token > 0")["n"]
        > MODELS * 0.9
    )
    assert peak < LARGEST_PEAK, f"{peak / 1e6:.0f} MB"
    assert peak - before < LARGEST_GROWTH, f"{(peak - before) / 1e6:.0f} MB more than before"
