"""Print many measurements of one thing."""

from __future__ import annotations


def print_figures(what: str, milliseconds: list[float]) -> None:
    """Print one line: the count, and p50, p95, p99 and the maximum in milliseconds."""
    figures = sorted(milliseconds)
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    shown = (
        f"{name}={figures[min(len(figures) - 1, int(len(figures) * share))]:.1f} ms"
        for name, share in shares.items()
    )
    print(f"{what}: n={len(figures)}", *shown, flush=True)
