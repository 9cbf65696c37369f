"""The lists of ``service/lists`` where a command has more columns, another filter or order."""

from __future__ import annotations

from dataclasses import replace

from service.lists import job_lists, price_lists
from service.lists.list_query import Filter, SortColumn

HISTORY = replace(
    price_lists.HISTORY,
    columns=(
        *price_lists.HISTORY.columns,
        "input_per_1m",
        "output_per_1m",
        "previous_input_per_1m",
        "previous_output_per_1m",
    ),
)

# The furthest apart first: a price beside a catalogue's 0 has no ratio.
DRIFT = replace(
    price_lists.DRIFT,
    sorts={
        "furthest": (
            SortColumn(
                "distance",
                "numeric",
                descending=True,
                expression="coalesce(greatest(ratio, 1 / nullif(ratio, 0)), 'Infinity')",
            ),
            *price_lists.DRIFT.sorts["name"],
        )
    },
)

SYNCS = replace(
    job_lists.SYNCS,
    filters={
        **job_lists.SYNCS.filters,
        "open": Filter("Only jobs that have not ended.", choices={"yes": "not finished"}),
        "ended": Filter("Only jobs that have ended.", choices={"yes": "finished"}),
        "failed": Filter(
            "Only jobs in which a provider failed.",
            choices={"yes": "outcome in ('failed', 'partial')"},
        ),
        "failed_provider": Filter(
            "Only jobs in which this provider failed or was cancelled.",
            "outcome in ('failed', 'partial', 'cancelled') and providers_failed @> array[{value}]",
        ),
    },
)
