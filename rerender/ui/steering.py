"""What a person can do about a run under way, and about one that ended without its pictures."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from rerender.errors import ImageError
from rerender.studio.runs import Run
from rerender.ui import session
from rerender.ui.page import NEEDS_YOU, plain
from rerender.ui.visits import Visit, visit_now


def stops(run: Run, runs: list[Run]) -> None:
    """The ways to end the waiting: for the run that is shown, and for all of its series that are not sent yet."""
    unsent = [one.run_id for one in runs if one.is_queued]
    if len(unsent) > 1:
        _stop_button(f"Cancel the {len(unsent)} not sent yet", unsent, _CANCEL)
    elif run.is_queued:
        _stop_button("Cancel", unsent, _CANCEL)
    if run.can_be_stopped and not run.is_queued:
        label = "Stop watching" if len(runs) == 1 else "Stop watching this one"
        _stop_button(label, [run.run_id], _about_stopping(run))


def _about_stopping(run: Run) -> str:
    if run.is_preview:
        return _STOP_FREE
    return _STOP_UNCONFIRMED if run.is_unconfirmed else _STOP


def _stop_button(label: str, run_ids: list[str], about: str) -> None:
    st.button(label, icon=":material/stop_circle:", type="tertiary", on_click=_stop, args=(run_ids,), help=about)


def ended(run: Run) -> None:
    """Why a run has no pictures, or not all of them, and what can be done about it."""
    said = plain(run.error or "This run ended without pictures.")
    if run.stopped_at is not None or run.settled_at is not None:
        st.info(said)
    else:
        st.error(said)
    if run.can_be_watched_again:
        watch_again(run)


def watch_again(run: Run) -> None:
    """The way back to waiting for the pictures."""
    label, key = "Watch again" if run.stopped_at is not None else "Look again", f"steering.again.{run.run_id}"
    st.button(label, icon=":material/replay:", key=key, on_click=again, args=(run.run_id,), help=_AGAIN)


def say_fate(run: Run, leave: Callable[[], None] = lambda: None) -> None:
    """The way to say what became of a run of unknown fate, also for whoever did and was mistaken.

    `leave` is called before another page is shown.
    """
    is_settled = run.settled_at is not None
    label, about = ("Say again what became of it", _MISTAKEN) if is_settled else ("Say what became of it", _FATE)
    if st.button(label, icon=":material/help_center:", key=f"steering.fate.{run.run_id}", help=about):
        visit = visit_now()
        if is_settled:
            visit.runner.reopen(visit.workspace, run.run_id)
        leave()
        st.switch_page(NEEDS_YOU)


def reuse(visit: Visit, run: Run, leave: Callable[[], None] = lambda: None) -> None:
    """Fill the form with the run's settings and show the render page, or say why its control image cannot be used.

    `leave` is called before the page is shown. Raises `Busy`.
    """
    try:
        session.use_run(run, visit.history)
    except ImageError as error:
        st.error(str(error))
        return
    leave()
    st.switch_page("pages/render.py")


def found_by_owner(run: Run) -> None:
    """Whose word the run's render id is, and the way to take it back."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("You gave its render id.", width="content")
        key = f"steering.not_its_own.{run.run_id}"
        st.button("This is not its render", type="tertiary", key=key, on_click=_reopen, args=(run.run_id,), help=_OTHER)


def _reopen(run_id: str) -> None:
    visit = visit_now()
    visit.runner.reopen(visit.workspace, run_id)


_OTHER = "Its pictures leave this run, and you are asked again what became of it."
_FATE = "Charged, not charged, or found"
_MISTAKEN = "Takes back what you said, and asks you anew"
_AGAIN = "Nothing is sent again: the pictures are fetched if they are still there."
_CANCEL = "It has not been sent yet, so nothing is charged."
_STOP = "The credit is spent: the API goes on with the render. You can watch it again at any time."
_STOP_UNCONFIRMED = "The API has not shown this render yet. You are asked again what became of the run."
_STOP_FREE = "It cost nothing. You can watch it again at any time."


def _stop(run_ids: list[str]) -> None:
    visit = visit_now()
    left = [run_id for run_id in run_ids if not visit.runner.stop_watching(visit.workspace, run_id)]
    # Of the others the page shows how they ended meanwhile.
    if any(run.submission == "submitting" for run in filter(None, map(visit.history.run, left))):
        st.toast("It was on its way already; wait a moment")


def again(run_id: str) -> None:
    """Go on with the run, with the key in use where it is that one's."""
    visit = visit_now()
    run = visit.history.run(run_id)
    if run is not None and visit.runner.look_again(visit.workspace, run_id):
        visit.lend_key(run.backend)
