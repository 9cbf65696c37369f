"""Time a piece of the worker's Python once; ``trees.py`` runs it with a checkout's interpreter.

It imports only what exists in both versions under the same name.

``python python_work.py WORK URL`` prints milliseconds.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime


def base_prices(models: int) -> Callable[[], object]:
    """An OpenRouter list of prices without windows, read as the worker reads it."""
    from service.providers.adapter import adapter
    from service.sync.list_reader import ListReader

    body = json.dumps(
        {
            "data": [
                {
                    "id": f"maker/model-{n}",
                    "name": f"Model {n}",
                    "pricing": {
                        "prompt": f"0.00000{n % 90 + 10}",
                        "completion": f"0.0000{n % 90 + 10}",
                        "input_cache_read": f"0.000000{n % 90 + 10}",
                    },
                }
                for n in range(models)
            ]
        }
    ).encode()

    def work() -> object:
        reader = ListReader(adapter("openrouter"), "openrouter")
        reader.take(body, datetime.now(UTC))
        return reader.result()

    return work


def catalogue_of_a_sync() -> Callable[[], object]:
    """The catalogue work in each later sync of a provider, whatever its number of models."""
    from service.prices.catalogue import catalogue_models

    now = datetime.now(UTC)
    catalogue_models("openrouter", now)
    return lambda: catalogue_models("openrouter", now)


def catalogue_sync() -> Callable[[], object]:
    """Store the rows of the catalogue's own sync once more."""
    from service.prices.catalogue import read_catalogue
    from service.prices.price_list import to_apply_rows

    now = datetime.now(UTC)
    read_catalogue(now)
    return lambda: json.dumps(to_apply_rows(read_catalogue(now), "catalogue", "-"))


def comparison(url: str) -> Callable[[], object]:
    """Compare the database with the release, as ``migrate --status`` and the doctor do."""
    import psycopg

    from service.migrations.comparison.compare import read_differences
    from service.migrations.schema_files import read_schema

    schema = read_schema()
    connection = psycopg.connect(url)
    return lambda: read_differences(connection, schema)


def main(work: str, url: str) -> None:
    known: dict[str, Callable[[], Callable[[], object]]] = {
        "421 models read": lambda: base_prices(421),
        "25,000 models read": lambda: base_prices(25_000),
        "catalogue, beside a list": catalogue_of_a_sync,
        "catalogue, its own list": catalogue_sync,
        "comparison with the release": lambda: comparison(url),
    }
    timed = known[work]()
    started = time.perf_counter()
    timed()
    print((time.perf_counter() - started) * 1000)


if __name__ == "__main__":
    main(*sys.argv[1:])
