"""Entries that are as they were are left out, and every table is as if they had not been."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.service.sync.two_ways import PROVIDER, Entry, Side, TwoWays, change_list
from tests.support.recordings import needs_recordings, recordings
from tests.support.recycling import RecycledDatabases


@pytest.fixture
def sides(recycled: RecycledDatabases) -> Iterator[tuple[Side, Side]]:
    with ExitStack() as stack:
        made = []
        for is_whole in (True, False):
            url = stack.enter_context(recycled.database())
            connection = stack.enter_context(
                psycopg.connect(url, autocommit=True, row_factory=dict_row)
            )
            made.append(Side(connection, is_whole))
        yield made[0], made[1]


def made_up_list(draw: random.Random) -> list[Entry]:
    known = ["openai/gpt-4o", "anthropic/claude-3.5-sonnet", "google/gemini-2.0-flash-001"]
    names = known + [f"maker/model-{n}" for n in range(30)]
    return [
        {
            "id": name,
            "name": name.title(),
            "created": 1,
            "pricing": {
                "prompt": f"0.00000{draw.randrange(1, 99)}",
                "completion": f"0.0000{draw.randrange(1, 99)}",
            },
        }
        for name in names
    ]


ACTS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    (
        "select approve_held_price_change((select id from pricing_held order by model_id limit 1),"
        " 'test')",
        (),
    ),
    (
        "select reject_held_price_change((select id from pricing_held order by model_id limit 1),"
        " 'test')",
        (),
    ),
    (
        "select reopen_held_price_change((select id from pricing_rejected order by model_id"
        " limit 1), 'test')",
        (),
    ),
    (
        "select set_price_override(provider_slug, model_id, 'test', 7, 8, author => 'test')"
        " from (select * from model_pricing where synced is null order by model_id limit 1) m",
        (),
    ),
    (
        "select clear_price_override(provider_slug, model_id, 'test')"
        " from (select * from model_pricing where synced is not null order by model_id limit 1) m",
        (),
    ),
    # A repair by hand.
    (
        "with on_hand as (select set_config('pricing.maintenance', 'on', true))"
        " update model_pricing set price_per_input_token = 0.000123 from on_hand"
        " where id in (select id from model_pricing order by model_id desc limit 2)",
        (),
    ),
    (
        "with on_hand as (select set_config('pricing.maintenance', 'on', true))"
        " update model_pricing set is_active = false from on_hand"
        " where id in (select id from model_pricing order by model_id desc limit 1)",
        (),
    ),
    (
        "update pricing_providers set guards_enabled = not guards_enabled where slug = %s",
        (PROVIDER,),
    ),
    ("update pricing_providers set review_first = not review_first where slug = %s", (PROVIDER,)),
    (
        'update pricing_catalogue_prices set prices = prices || \'{"price_per_input_token": "1"}\'',
        (),
    ),
    ("delete from pricing_model_aliases", ()),
    # Held long enough to apply by itself.
    (
        "with on_hand as (select set_config('pricing.maintenance', 'on', true))"
        " update pricing_held_changes set first_seen_at = first_seen_at - interval '3 days',"
        " said_again_from = null, times_seen = 5 from on_hand",
        (),
    ),
    (
        "select accept_price_changes(%s, 50, now() + interval '1 day', 'test', null, 'test')",
        (PROVIDER,),
    ),
    ("select accept_shorter_list(%s, 'test')", (PROVIDER,)),
)


def run_course(ways: TwoWays, lists: list[list[Entry]]) -> None:
    """First prices after the catalogue's, then each list with acts of people in between."""
    draw = ways.draw
    ways.act(
        "insert into model_pricing (provider_slug, model_id, name, listed_by, pricing_source)"
        " values (%s, %s, 'x', 'catalogue', 'catalogue:genai-prices@0')",
        PROVIDER,
        lists[0][0]["id"],
    )
    current = lists[0]
    ways.sync(current)
    for entries in lists:
        for _ in range(3):
            kind = draw.random()
            if kind < 0.1 and len(ways.whole.jobs) > 1:
                ways.roll_back_last()
            elif kind < 0.7:
                ways.act(*draw.choice(ACTS))
            ways.compare()
            # The same list again, the one before it changed, and another one.
            current = draw.choice([current, current, change_list(current, draw), entries])
            ways.sync(current)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_tables_are_the_same_either_way(sides: tuple[Side, Side], seed: int) -> None:
    draw = random.Random(seed)
    first = made_up_list(draw)
    lists = [first, change_list(first, draw), change_list(first, draw)]
    ways = TwoWays(*sides, draw)
    run_course(ways, lists)
    assert ways.by_digest.left_out > ways.by_digest.read / 2, "hardly anything was left out"


@needs_recordings
@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_tables_are_the_same_for_pairs_of_recorded_lists(
    sides: tuple[Side, Side], seed: int
) -> None:
    """25 pairs of recorded lists in each, a sample of the same models of both."""
    bodies = [_entries(path) for path in recordings("openrouter-2*.json", "openrouter-monthly/*")]
    draw = random.Random(seed)
    for _ in range(25):
        pair = draw.sample(bodies, 2)
        names = draw.sample(sorted(pair[0]), min(40, len(pair[0])))
        lists = [[entries[name] for name in names if name in entries] for entries in pair]
        ways = TwoWays(*sides, draw)
        run_course(ways, [each for each in lists if each])
    assert sides[1].left_out > sides[1].read / 4


def _entries(path: Any) -> dict[str, Entry]:
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return {entry["id"]: entry for entry in json.loads(text)["data"]}


def test_a_model_that_changed_after_the_question_is_read_again(sides: tuple[Side, Side]) -> None:
    """The worker then sends the whole list."""
    side = sides[1]
    draw = random.Random(1)
    entries = made_up_list(draw)
    TwoWays(*sides, draw).sync(entries)
    side.rows("select trigger_pricing_sync(array[%s], 'test')", PROVIDER)
    [row] = side.rows(
        "select * from fetch_queue_row(null,"
        " (select worker_id from procrastinate.procrastinate_register_worker_v1()))"
    )
    attempt = (row["id"], row["attempts"] + 1)
    [asked] = side.rows("select pricing_unchanged_digests(%s, %s) as digests", *attempt)
    assert len(asked["digests"]) == 16 * len(entries)
    side.rows(
        "select set_price_override(%s, 'maker/model-1', 'test', 7, 8, author => 'test')", PROVIDER
    )
    with pytest.raises(psycopg.DatabaseError) as refused:
        side.rows(
            "select apply_provider_list(%s, %s, '[]', %s, unchanged => %s)",
            *attempt,
            datetime.now(UTC),
            asked["digests"],
        )
    assert refused.value.sqlstate == "PT412"
    [log] = side.rows("select * from pricing_sync_log order by id desc limit 1")
    assert log["status"] == "in_progress"
