"""Something that happens between what a clean-up has found and what it takes in hand."""

from __future__ import annotations

from tests.db.pricing import Pricing


def meanwhile(pricing: Pricing, queue_job_id: int, statement: str) -> None:
    """When the log of this queue row is written, this happens to others, in the same instant.

    Only on a database of its own.
    """
    pricing.do(
        "create function public.meanwhile() returns trigger language plpgsql as"
        f" $$ begin {statement}; return null; end; $$"
    )
    pricing.do(
        "create trigger meanwhile after insert or update on public.pricing_sync_log"
        f" for each row when (new.queue_job_id = {queue_job_id})"
        " execute function public.meanwhile()"
    )
