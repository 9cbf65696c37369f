"""Change rows between the moment a clean-up finds them and the moment it locks them."""

from __future__ import annotations

from tests.db.pricing import Pricing


def meanwhile(pricing: Pricing, queue_job_id: int, statement: str) -> None:
    """Run a statement on other rows at the moment the log of this queue row is written.

    It needs a database of its own.
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
