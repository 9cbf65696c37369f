"""The check of the numbers of models."""

from __future__ import annotations

import pytest

from service.migrations.model_counts import recount_models
from service.migrations.schema_files import read_schema
from tests.db.pricing import Pricing, price
from tests.service.doctor.conftest import Diagnose

pytestmark = pytest.mark.usefixtures("without_comparison")


def test_models_written_without_triggers_are_found_and_counted(
    people: Pricing, diagnose: Diagnose
) -> None:
    people.sync("openrouter", [price("one"), price("other")])
    assert diagnose()["counts"].state == "ok"

    with people.connection.transaction():
        people.do("set local session_replication_role = replica")
        people.do("delete from model_pricing where model_id = 'one'")
    result = diagnose()["counts"]
    assert result.state == "warn"
    assert result.found == "1 model counted wrongly: openrouter 1"
    assert result.advice == "pricing-sync migrate --repair"
    assert recount_models(people.connection, read_schema())
    assert diagnose()["counts"].state == "ok"
