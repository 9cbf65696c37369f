"""Check that the numbers of models, which page and metrics show, are those of the models."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from service.doctor.check_result import CheckResult, counted, listed, ok, warn

COUNTS = "counts"

Miscount = tuple[str, int]


def read_miscounts(connection: psycopg.Connection) -> list[Miscount]:
    """Providers with how many of their models are counted wrongly, most first."""
    return connection.execute(
        "select provider_slug, sum(abs(models))::bigint from public.pricing_miscounted_models"
        " group by 1 order by 2 desc, 1"
    ).fetchall()


def check_counts(miscounts: Sequence[Miscount]) -> CheckResult:
    """A warning, because prices do not depend on them."""
    if not miscounts:
        return ok(COUNTS, "the numbers of models are those of the models")
    return warn(
        COUNTS,
        f"{counted(sum(models for _, models in miscounts), 'model')} counted wrongly:"
        f" {listed([f'{provider} {models:,}' for provider, models in miscounts])}",
        "pricing-sync migrate --repair",
    )
