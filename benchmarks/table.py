"""How a measurement is written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of a table: what was measured, the figure with its unit, and what we aim at."""

    what: str
    figure: str
    aim: str = ""


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | measured | aim |", "|---|---|---|"]
    return "\n".join(lines + [f"| {row.what} | {row.figure} | {row.aim} |" for row in rows])


def show(rows: Sequence[Row]) -> None:
    """Print the rows of a section that was run alone, as `python -m benchmarks.NAME`."""
    print(table(rows))
