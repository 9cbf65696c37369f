"""The fields of a row, as HTTP names and writes them.

A field has the column's name. ``model_id``, ``pricing_source`` and ``sync_id`` are second names, of
``model``, ``source`` and ``job_id``: those of the tables, and of older clients.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from service.lists.list_query import ListQuery

SECOND_NAMES = {"model": "model_id", "source": "pricing_source", "job_id": "sync_id"}


def row_fields(row: Mapping[str, Any], query: ListQuery) -> dict[str, Any]:
    fields = {name: row[name] for name in query.columns}
    for name, value in fields.items():
        if isinstance(value, UUID):
            fields[name] = str(value)
    for name in query.documents:
        if fields[name] is not None:
            fields[name] = json.loads(fields[name])
    for name, second in SECOND_NAMES.items():
        if name in fields:
            fields[second] = fields[name]
    return fields
