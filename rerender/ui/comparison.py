"""One picture over another: over the control image, or over any other picture of its batch or series."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from rerender.studio.runs import Picture, Run
from rerender.ui import juxtapose
from rerender.ui.compare import TALLEST, Side, alone, compare
from rerender.ui.page import isolated
from rerender.ui.series import Batches
from rerender.ui.visits import Visit

FRAME = "result.compare"
SLIDER, JUXTAPOSE = "Slider", "JuxtaposeJS"

_CONTROL = ""
_WITH = "result.compare_with"
_VIEW = "result.view"
# With a grid below it, so that both are seen at once.
_TALLEST_OF_SERIES = "48vh"


@dataclass(frozen=True, slots=True)
class Shown:
    """One stored picture among those that can be compared: the `position`th, from 0, of a run's `count`."""

    run: Run
    position: int
    count: int
    picture: Picture

    @property
    def key(self) -> str:
        """What names it in the session."""
        return f"{self.run.run_id}/{self.position}"

    @property
    def name(self) -> str:
        """What it is called beside the control image and its own batch."""
        return name(self.run, self.count, self.position)

    @property
    def title(self) -> str:
        """What it is called among the pictures of a series: its prompt, and its number where there are several."""
        prompt = isolated(self.run.prompt)
        return prompt if self.count == 1 else f"{prompt} ({self.position + 1} of {self.count})"


def name(run: Run, count: int, position: int) -> str:
    """What a picture of a batch is called."""
    kind = "Preview" if run.is_preview else "ReRender"
    return kind if count == 1 else f"{kind} {position + 1} of {count}"


def control_image(visit: Visit, run: Run) -> Side:
    """The control image exactly as it was sent."""
    picture = visit.history.control_image(run.run_id)
    assert picture is not None  # noqa: S101 - it is stored with the run, in the same transaction
    return Side(visit.history.data(picture.sha256), picture.mime, "Control image", "The control image as it was sent")


def waiting(visit: Visit, run: Run, runs: list[Run]) -> None:
    """The control image in the frame where its comparison will be; still when none will."""
    size = (run.image_width, run.image_height)
    alone(control_image(visit, run), size=size, key=FRAME, waiting=run.is_unfinished, tallest=_tallest(runs))


def show(visit: Visit, run: Run, position: int, runs: list[Run], stored: Batches) -> None:
    """The run's picture at `position` over what it is compared with, in the view that was chosen."""
    after, other = _pair(run, position, runs, stored)
    before = _side(visit, other, beside=after) if other else control_image(visit, run)
    size = (run.image_width, run.image_height)
    sides = (before, _side(visit, after, beside=other or after))
    if st.session_state.get(_VIEW) != JUXTAPOSE or not juxtapose.show(*sides, size=size):
        compare(*sides, size=size, key=FRAME, tallest=_tallest(runs))
    _say_size("The picture", after.picture, size)
    if other:
        _say_size("The other picture", other.picture, size)


def controls(run: Run, position: int, runs: list[Run], stored: Batches) -> None:
    """What the picture is compared with, and in which view."""
    after, other = _pair(run, position, runs, stored)
    labels = {_CONTROL: "Control image"} | {
        shown.key: _label(shown, beside=after) for shown in _every(runs, stored) if shown != after
    }
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(labels) > 1:
            st.session_state[_WITH] = other.key if other else _CONTROL
            st.caption("Compare with", width="content")
            st.selectbox(
                "Compare with",
                list(labels),
                format_func=labels.__getitem__,
                key=_WITH,
                width=230,
                label_visibility="collapsed",
                persist_state="session",
            )
        if other:
            st.button("Control image", icon=":material/undo:", help="Compare with the control image", on_click=_back)
        st.segmented_control(
            "View",
            (SLIDER, JUXTAPOSE),
            default=SLIDER,
            required=True,
            key=_VIEW,
            label_visibility="collapsed",
            persist_state="session",
        )


def _back() -> None:
    st.session_state[_WITH] = _CONTROL


def _every(runs: list[Run], stored: Batches) -> list[Shown]:
    """Every picture of the series that can be shown."""
    return [
        Shown(run, position, len(stored[run.run_id]), picture)
        for run in runs
        for position, picture in enumerate(stored[run.run_id])
        if picture.is_readable
    ]


def _pair(run: Run, position: int, runs: list[Run], stored: Batches) -> tuple[Shown, Shown | None]:
    """The run's picture at `position`, and the one it is compared with: None for the control image."""
    every = {shown.key: shown for shown in _every(runs, stored)}
    after = every.pop(f"{run.run_id}/{position}")
    return after, every.get(st.session_state.get(_WITH, _CONTROL))


def _label(shown: Shown, *, beside: Shown) -> str:
    """Tells the two apart: by number within a batch, by prompt within a series."""
    return shown.name if shown.run.run_id == beside.run.run_id else shown.title


def _side(visit: Visit, shown: Shown, *, beside: Shown) -> Side:
    data = visit.history.data(shown.picture.sha256)
    return Side(data, shown.picture.mime, _label(shown, beside=beside), f"{shown.name}: {shown.run.prompt}")


def _tallest(runs: list[Run]) -> str:
    return TALLEST if len(runs) == 1 else _TALLEST_OF_SERIES


def _say_size(which: str, picture: Picture, size: tuple[int, int]) -> None:
    if (picture.width, picture.height) != size:
        st.caption(
            f"{which} came as {picture.width} × {picture.height} px, not as {size[0]} × {size[1]}. "
            "It is shown whole inside the control image's frame."
        )
