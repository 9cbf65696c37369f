"""The command ``watch``: a live view on a terminal, else a line for each event."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from service.calls.jobs import ProviderSync
from service.cli.activity import Activity, Wanted, follow_activity
from service.cli.price_cells import shown_keys, shown_percent
from service.cli.queries import Row, command_settings
from service.database_address.address import DatabaseAddress
from service.errors import DatabaseUnavailable
from service.printable import printable
from service.terminal.output import (
    NOTHING,
    Terminal,
    shown_age,
    shown_amount,
    shown_count,
    shown_time,
)
from service.terminal.progress import shown_counts, shown_state
from service.terminal.table_layout import Column

if TYPE_CHECKING:
    from rich.text import Text

SHOWN_HOURS = 24
VIEW_CHANGES = 10
# A look reads at most so many: a first sync has thousands of prices.
EVENT_CHANGES, EVENT_JOBS = 1000, 20


def watch() -> None:
    """Show what runs, the last price changes, what is held and the workers, until Ctrl-C.

    On a terminal a view that is renewed once a second; in a pipe or file a line for each event from
    now on: a sync that begins or ends, a price that changes, a change that is held.
    """
    address = command_settings().require_database_url()
    output = Terminal(sys.stdout)
    if output.is_live:
        _show_view(output, address)
    else:
        _print_events(output, address)


def _show_view(output: Terminal, address: DatabaseAddress) -> None:
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    since = datetime.now(UTC) - timedelta(hours=SHOWN_HOURS)
    wanted = Wanted(changes_since=since, changes=VIEW_CHANGES, jobs=1)
    with Live(console=output.console, screen=True, auto_refresh=False) as live:

        def show(*lines: Text) -> None:
            # The last line of a full screen scrolls it.
            live.update(Group(*lines[: output.console.height - 1]), refresh=True)

        def say_away(away: DatabaseUnavailable) -> None:
            show(Text(printable(away.message), style="red"), Text("Trying again ..."))

        for activity in follow_activity(address, wanted, say_away):
            show(*_view(output, activity))


def _view(output: Terminal, activity: Activity) -> Iterator[Text]:
    from rich.text import Text

    yield Text(_summary(activity), style="bold" if activity.workers else "bold red")
    yield Text(f"{shown_time(datetime.now(UTC))}  Ctrl-C ends the view, nothing else.", style="dim")
    yield Text("")
    yield from output.live_table(_SYNC_COLUMNS, [_sync_cells(sync) for sync in activity.syncs])
    yield Text("")
    if activity.changes:
        yield from output.live_table(
            _CHANGE_COLUMNS, [_change_cells(change) for change in activity.changes]
        )
    else:
        yield Text(f"No price has changed in the last {SHOWN_HOURS} hours.")


def _summary(activity: Activity) -> str:
    waiting = activity.waiting
    workers = "1 worker" if activity.workers == 1 else f"{shown_count(activity.workers)} workers"
    jobs = "1 open job" if activity.open_jobs == 1 else f"{activity.open_jobs} open jobs"
    oldest = timedelta(seconds=waiting.oldest_held_seconds or 0)
    held = f"{shown_count(waiting.held)} held"
    if waiting.held:
        held += f", the oldest for {shown_age(oldest)}"
    return f"{workers} alive; {jobs}; {held}"


_SYNC_COLUMNS = (
    Column("job"),
    Column("provider"),
    Column("state"),
    Column("time", right=True),
    Column("result", fixed=False),
)


def _sync_cells(row: Row) -> tuple[str, ...]:
    sync = _as_sync(row)
    if sync.duration_ms is not None:
        took = f"{sync.duration_ms / 1000:.1f} s"
    elif sync.sync_started_at is not None:
        took = shown_age(datetime.now(UTC) - sync.sync_started_at)
    else:
        took = NOTHING
    cells = (str(row["job_id"])[:8], sync.provider, shown_state(sync), took, shown_counts(sync))
    return tuple(printable(cell) for cell in cells)


_CHANGE_COLUMNS = (
    Column("changed"),
    Column("provider"),
    Column("model", fixed=False),
    Column("price"),
    Column("before", right=True),
    Column("after", right=True),
    Column("change", right=True),
)


def _change_cells(row: Row) -> tuple[str, ...]:
    cells = (
        shown_time(row["changed_at"]),
        row["provider"],
        row["model"],
        row["price"] or "order of conditions",
        shown_amount(row["before"]),
        shown_amount(row["after"]),
        shown_percent(row["percent"]),
    )
    return tuple(printable(cell) for cell in cells)


def _print_events(output: Terminal, address: DatabaseAddress) -> None:
    def say_away(away: DatabaseUnavailable) -> None:
        Terminal(sys.stderr).say(f"{away.message}; trying again ...")

    now = datetime.now(UTC)
    wanted = Wanted(changes_since=now, changes=EVENT_CHANGES, jobs=EVENT_JOBS, ended_since=now)
    summary = ""
    seen: set[tuple[object, ...]] = set()
    for activity in follow_activity(address, wanted, say_away):
        at = shown_time(datetime.now(UTC))
        if summary != (summary := _summary(activity)):
            output.say(f"{at} {summary}")
        for key, line in [*_sync_events(activity), *_change_events(activity)]:
            if key not in seen:
                seen.add(key)
                output.say(f"{at} {line}")


def _sync_events(activity: Activity) -> Iterator[tuple[tuple[object, ...], str]]:
    for row in activity.syncs:
        sync = _as_sync(row)
        detail = f": {shown_counts(sync)}" if shown_counts(sync) else ""
        key = (row["job_id"], sync.provider, sync.status, sync.attempt)
        yield key, f"job {row['job_id']} {sync.provider} {shown_state(sync)}{detail}"


def _change_events(activity: Activity) -> Iterator[tuple[tuple[object, ...], str]]:
    """The oldest first."""
    for change in reversed(activity.changes):
        name = change["price"] or "order of conditions"
        keys = f" ({shown_keys(change['condition'])})" if change["condition"] else ""
        before, after = shown_amount(change["before"]), shown_amount(change["after"])
        key = (change["id"], name, keys, after)
        yield key, f"{change['provider']} {change['model']} {name}{keys}: {before} -> {after}"


def _as_sync(row: Row) -> ProviderSync:
    return ProviderSync(**{name: value for name, value in row.items() if name != "job_id"})
