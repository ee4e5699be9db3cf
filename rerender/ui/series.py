"""The runs of one click: which they are, how far they are, and the grid of their pictures to choose from."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from rerender.errors import ImageError
from rerender.studio.history import History
from rerender.studio.runs import Picture, Run
from rerender.ui import session, words
from rerender.ui.components import NOTHING
from rerender.ui.thumbnails import Thumbnail, thumbnails
from rerender.ui.visits import Visit

Batches = dict[str, list[Picture]]
"""The stored pictures of each run, by its `run_id`."""


def of(history: History, run: Run) -> list[Run]:
    """The runs of the click that made this one, oldest first; the run alone when it has no others."""
    return (run.series_id and history.series(run.series_id)) or [run]


def is_busy(runs: list[Run]) -> bool:
    """Whether a POST of the last click has not been answered yet, so that another click may be a double click."""
    return any(run.is_submitting for run in runs)


def progress(runs: list[Run]) -> str:
    """How the last click stands, in a few words; nothing where all went well."""
    others = Counter(words.standing(run).lower() for run in runs if run.stored_at is None)
    if not others or len(runs) == 1:
        return "".join(others)
    ready = f"{len(runs) - others.total()} of {len(runs)} ready"
    return ", ".join([ready, *(f"{count} {word}" for word, count in others.items())])


def batches(history: History, runs: list[Run]) -> Batches:
    """What is stored of each run."""
    return {run.run_id: history.outputs(run.run_id) for run in runs}


def grid(visit: Visit, runs: list[Run], stored: Batches, chosen: Run) -> None:
    """Every run of a series with its prompt and first picture, of which one is shown above in full."""
    if len(runs) == 1:
        return
    thumbnails(
        [_cell(visit, run, stored[run.run_id]) for run in runs],
        label="Runs of this series",
        chosen=[run.run_id for run in runs].index(chosen.run_id),
        on_choose=lambda index: session.show(runs[index].run_id),
        key="result.series",
        narrowest="9.5rem",
        aspect=chosen.image_width / chosen.image_height,
    )


def _cell(visit: Visit, run: Run, pictures: list[Picture]) -> Thumbnail:
    picture = next((picture for picture in pictures if picture.is_readable), None)
    if picture is not None:
        return Thumbnail(_thumbnail(visit.history, picture.sha256), "image/webp", run.prompt, run.prompt)
    why = "Not readable" if pictures else words.standing(run)
    try:
        image = (_thumbnail(visit.history, run.control_image), "image/webp")
    except ImageError:
        image = NOTHING
    return Thumbnail(*image, f"{run.prompt}: {why}", run.prompt, why)


# In the session's own cache: one visitor's picture must not be kept where others' are.
@st.cache_data(scope="session", show_spinner=False, max_entries=128)
def _thumbnail(_history: History, sha256: str) -> bytes:
    return _history.thumbnail(sha256)
