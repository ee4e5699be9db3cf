"""What the database and the server say after a crash, and the promises that both must keep."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.crash.faults import FaultyApi

MAY_HAVE_BEEN_CHARGED = "may have been charged"


@dataclass(frozen=True)
class Row:
    """A run as it stands in the file; `outputs` are (position, SHA-256, bytes)."""

    run_id: str
    seed: int
    batch_size: int
    submission: str
    render_id: str | None
    phase: str | None
    error: str | None
    credits: float
    submitted_at: float | None
    finished_at: float | None
    stored_at: float | None
    owner: str | None
    outputs: tuple[tuple[int, str, bytes], ...] = ()

    @property
    def fate(self) -> str:
        """As in `Point.fate`, or where it has got to."""
        if self.finished_at is None:
            return f"unfinished, {self.submission}"
        if self.submission == "accepted":
            return "completed" if self.stored_at is not None else "ended"
        return self.submission


def rows_of(file: Path) -> list[Row]:
    """All runs, in order of their seeds. Reads beside whoever writes."""
    names = [name for name in Row.__dataclass_fields__ if name != "outputs"]
    runs = f"SELECT {', '.join(names)} FROM runs ORDER BY seed"
    outputs = (
        "SELECT run_id, position, sha256, data FROM outputs LEFT JOIN blobs USING (workspace, sha256) ORDER BY position"
    )
    with closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")
        stored: dict[str, list[tuple[int, str, bytes]]] = {}
        for run_id, *output in connection.execute(outputs):
            stored.setdefault(run_id, []).append(tuple(output))
        return [Row(**dict(row), outputs=tuple(stored.get(row["run_id"], ()))) for row in connection.execute(runs)]


def is_settled(file: Path, seeds: frozenset[int] = frozenset()) -> bool:
    """Whether nothing is going to happen by itself any more, and the runs of these seeds are there."""
    with closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as connection:
        found = connection.execute("SELECT seed, finished_at FROM runs").fetchall()
    return seeds <= {seed for seed, _ in found} and all(finished_at for _, finished_at in found)


class Evidence:
    """The rows beside the server's truth. `about` says how it came to this, so that a failure can be repeated."""

    def __init__(self, about: object, file: Path, api: FaultyApi) -> None:
        self.about = about
        self.rows = rows_of(file)
        self.api = api
        self.truth = api.truth

    def assert_promises(self) -> None:
        """What holds after every crash, whatever went wrong at the server."""
        charged = Counter(self.truth.charges.values())
        of = Counter(row.seed for row in self.rows)
        self._check(all(count <= 1 for count in of.values()), "a run has one row")
        self._check(all(count <= 1 for count in self.truth.posts.values()), "no run is POSTed twice")
        self._check(all(count <= 1 for count in charged.values()), "no run is charged twice")
        self._check(charged.keys() <= of.keys(), "nothing is charged that was not written down before")
        for row in self.rows:
            self._check_row(row, [render_id for render_id, seed in self.truth.charges.items() if seed == row.seed])

    def assert_books_agree(self) -> None:
        """What holds once each run of unknown fate was looked up by its owner."""
        credits_ = sum(row.credits for row in self.rows if row.submission != "refused")
        self._check(credits_ == len(self.truth.charges), "our charges are the server's")
        mine = sorted(row.render_id for row in self.rows if row.render_id)
        self._check(mine == sorted(self.truth.charges), "each charge is the render of one run")

    def assert_fate(self, seed: int, fate: str) -> None:
        """What has become of the run of this seed."""
        self._check(next((row.fate for row in self.rows if row.seed == seed), "no row") == fate, f"the run is {fate}")

    def _check_row(self, row: Row, charges: list[str]) -> None:
        self._check(row.finished_at is not None, f"run {row.seed} has come to an end")
        if row.submission == "accepted":
            self._check([row.render_id] == charges, f"run {row.seed} has its own render id")
            if row.phase == "completed":
                self._check_outputs(row)
            else:
                self._check(row.phase == "dead" == self.api.fault.phases[-1], f"run {row.seed} completed, or died")
            return
        self._check(row.render_id is None and not row.outputs, f"run {row.seed} has nothing of a render")
        if row.submission == "refused":
            self._check(not charges, f"run {row.seed}, which cost nothing, was not charged")
        else:
            self._check(row.submission == "uncertain", f"run {row.seed} was settled")
            self._check(MAY_HAVE_BEEN_CHARGED in (row.error or ""), f"run {row.seed} says that {MAY_HAVE_BEEN_CHARGED}")

    def _check_outputs(self, row: Row) -> None:
        theirs = [self.api.file(row.render_id or "", position) for position in range(row.batch_size)]
        ours: list[Any] = [(position, hashlib.sha256(data).hexdigest(), data) for position, data in enumerate(theirs)]
        self._check(list(row.outputs) == ours, f"run {row.seed} has every picture once, byte for byte")
        self._check(row.stored_at is not None, f"run {row.seed} is known to be stored")

    def _check(self, holds: bool, promise: str) -> None:
        assert holds, f"Broken: {promise}.\n{self}"

    def __str__(self) -> str:
        rows = "\n  ".join(_printable(row) for row in self.rows)
        return f"{self.about}\nCharges: {self.truth.charges}\nPOSTs by seed: {dict(self.truth.posts)}\nRows:\n  {rows}"


def _printable(row: Row) -> str:
    outputs = [(position, sha256[:8], len(data or b"")) for position, sha256, data in row.outputs]
    fields = {name: getattr(row, name) for name in Row.__dataclass_fields__ if name != "outputs"}
    return f"{row.fate}: {fields | {'outputs': outputs}}"
