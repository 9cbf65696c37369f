"""Show the progress of a sync: a live table on a terminal, else a line for each change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

from service.calls.jobs import ProviderSync, Waiting
from service.printable import printable
from service.terminal.output import (
    STYLES,
    Terminal,
    shown_age,
    shown_count,
    shown_seconds,
)
from service.terminal.table_layout import Column

if TYPE_CHECKING:
    from rich.live import Live
    from rich.spinner import Spinner
    from rich.table import Table

WORDS = {"in_progress": "syncing", "success": "done"}
MARKS = {"success": "✓", "failed": "✗", "cancelled": "✗"}
REFRESH_PER_SECOND = 8

SUMMARY_COLUMNS = (
    Column("provider"),
    Column("state"),
    Column("fetched", right=True),
    Column("updated", right=True),
    Column("held", right=True),
    Column("skipped", right=True),
    Column("error", fixed=False),
    Column("seconds", right=True),
)


class Progress:
    """``update`` takes the current provider syncs, and shows what is new."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._syncs: Sequence[ProviderSync] = ()
        self._shown: dict[str, tuple[str, int]] = {}
        self._spinners: dict[str, Spinner] = {}
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._terminal.is_live:
            from rich.live import Live

            self._live = Live(
                console=self._terminal.console,
                get_renderable=self._table,
                refresh_per_second=REFRESH_PER_SECOND,
                transient=True,
            )
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def update(self, syncs: Sequence[ProviderSync]) -> None:
        self._syncs = tuple(syncs)
        if self._live is None:
            self._print_changes()

    def _print_changes(self) -> None:
        for sync in self._syncs:
            state = (sync.status, sync.attempt)
            if self._shown.get(sync.provider) != state:
                self._shown[sync.provider] = state
                took = f" ({_seconds(sync)})" if sync.duration_ms is not None else ""
                detail = f": {shown_counts(sync)}" if shown_counts(sync) else ""
                self._terminal.say(f"{sync.provider}: {shown_state(sync)}{took}{detail}")

    def _table(self) -> Table:
        from rich.spinner import Spinner
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        for _ in range(3):
            table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, justify="right")
        table.add_column(no_wrap=True, overflow="ellipsis")
        for sync in self._syncs:
            style = STYLES.get(WORDS.get(sync.status, sync.status), "")
            mark: Text | Spinner = Text(MARKS.get(sync.status, "·"), style=style)
            if sync.status == "in_progress":
                # Reused, so that the spinner turns.
                mark = self._spinners.setdefault(sync.provider, Spinner("dots", style=style))
            table.add_row(
                mark,
                Text(printable(sync.provider)),
                Text(shown_state(sync), style=style),
                _seconds(sync),
                Text(printable(shown_counts(sync))),
            )
        return table


def shown_state(sync: ProviderSync) -> str:
    word = WORDS.get(sync.status, sync.status)
    return word if sync.attempt == 1 else f"{word} (attempt {sync.attempt})"


def shown_counts(sync: ProviderSync) -> str:
    """The counts of a sync, or its error."""
    if sync.status in ("failed", "cancelled"):
        return sync.error_message or sync.error_kind or ""
    if sync.status != "success":
        return ""
    counts = [f"{shown_count(sync.models_fetched)} fetched"]
    if sync.differences_total is not None:
        counts.append(f"{shown_count(sync.differences_total)} would change")
    else:
        counts.append(f"{shown_count(sync.models_updated)} updated")
    if sync.models_held > sync.models_rejected:
        counts.append(f"{shown_count(sync.models_held - sync.models_rejected)} held")
    if sync.models_rejected:
        counts.append(f"{shown_count(sync.models_rejected)} rejected earlier")
    if sync.models_skipped:
        counts.append(f"{shown_count(sync.models_skipped)} skipped")
    return ", ".join(counts)


def show_summary(
    terminal: Terminal, syncs: Sequence[ProviderSync], command: str = "pricing-sync"
) -> None:
    """The final table, one row for each provider. ``command``: what a person types for us."""
    if not terminal.is_live:
        terminal.say()
    terminal.table(
        SUMMARY_COLUMNS,
        [
            (
                sync.provider,
                shown_state(sync),
                shown_count(sync.models_fetched),
                shown_count(sync.models_updated),
                shown_count(sync.models_held - sync.models_rejected),
                shown_count(sync.models_skipped),
                (sync.error_message or sync.error_kind or "") if sync.status != "success" else "",
                shown_seconds(None if sync.duration_ms is None else sync.duration_ms / 1000),
            )
            for sync in syncs
        ],
    )
    # A dry run holds no change; its differences show what a sync would change.
    synced = [sync for sync in syncs if sync.differences_total is None]
    rejected = sum(sync.models_rejected for sync in synced)
    tell_held(terminal, sum(sync.models_held for sync in synced) - rejected, command)
    tell_rejected(terminal, rejected, command)


def tell_held(
    terminal: Terminal, held: int, command: str = "pricing-sync", *, more: str = ""
) -> None:
    """Say that price changes wait for review, and which command shows them."""
    if held:
        changes = "price change is" if held == 1 else "price changes are"
        text = f"{shown_count(held)} {changes} held{more}: `{command} held` shows them, and why."
        terminal.say(text, style="yellow")


def tell_rejected(terminal: Terminal, rejected: int, command: str = "pricing-sync") -> None:
    """Say that providers still list price changes that a person has rejected."""
    if rejected:
        were = "price change was" if rejected == 1 else "price changes were"
        terminal.say(
            f"{shown_count(rejected)} {were} rejected earlier: `{command} held --rejected` shows"
            f" them, `{command} reopen` reviews them again."
        )


def tell_waiting(terminal: Terminal, waiting: Waiting) -> None:
    """Say what waits for review, for how long, and who stands still by it."""
    oldest = shown_age(timedelta(seconds=waiting.oldest_held_seconds or 0))
    still = ""
    if waiting.standing_still:
        stands = "stands" if len(waiting.standing_still) == 1 else "stand"
        still = f" ({', '.join(waiting.standing_still)} {stands} still by them)"
    tell_held(terminal, waiting.held, more=f", the oldest for {oldest}{still}")
    tell_rejected(terminal, waiting.rejected)


def tell_missing_credentials(terminal: Terminal, missing: Sequence[tuple[str, str]]) -> None:
    """Name providers that were skipped for want of a credential."""
    if missing:
        named = ", ".join(f"{provider} ({variable})" for provider, variable in missing)
        terminal.say(f"Not asked, for want of a credential: {named}")


def _seconds(sync: ProviderSync) -> str:
    if sync.duration_ms is not None:
        return f"{sync.duration_ms / 1000:.1f} s"
    if sync.status == "in_progress" and sync.sync_started_at is not None:
        seconds = (datetime.now(UTC) - sync.sync_started_at).total_seconds()
        return f"{max(seconds, 0):.0f} s"
    return ""
