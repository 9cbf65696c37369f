"""Hostile NOTIFY payloads for each channel."""

from __future__ import annotations

CHANNELS = (
    "procrastinate_any_queue_v1",
    "procrastinate_queue_v1#pricing",
    "pricing_sync_job",
    "pricing_changed",
)

IDS = ("true", "null", '"1"', "-1", "1.0", "1e400", "NaN", "-Infinity", "[1]", "{}", "9" * 400)
KINDS = ('"job_inserted"', '"abort_job_requested"', "[]", "{}", "null", "1", '"nothing"')


def odd_payloads() -> list[str]:
    """Deep, long, with wrong types, or not JSON; 7,999 bytes each at most."""
    payloads = [
        "",
        " ",
        "null",
        "[]",
        "5",
        '"x"',
        "not json",
        "{",
        "\u2028",
        "\x1b[2J\nforged line",
    ]
    payloads += ["[" * 7999, '{"a":' * 1500, "x" * 7999, '"\\ud800"', "\U0001f4a3" * 1999]
    payloads += [f'{{"type": {kind}, "job_id": {each}}}' for kind in KINDS for each in IDS]
    payloads += [f'{{"type": {kind}}}' for kind in KINDS]
    # The keys that the web process and a gateway read.
    payloads += [f'{{"job_id": {each}}}' for each in IDS]
    payloads += [f'{{"provider": {each}, "job_id": {each}}}' for each in IDS]
    return payloads
