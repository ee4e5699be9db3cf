"""Deleting a run, and taking that back."""

from __future__ import annotations

import streamlit as st

from rerender.ui.visits import visit_now

_DELETED = "history.deleted"


def delete(run_id: str, was_queued: bool) -> None:
    """Delete the run, and offer it back from now on. What is queued is cancelled, or it would still be sent.

    `was_queued` says that it was shown as queued: then it stays when it has been sent meanwhile.
    """
    visit = visit_now()
    run = visit.history.run(run_id)
    is_cancelled = run is not None and run.is_queued and visit.runner.stop_watching(visit.workspace, run_id)
    if was_queued and not is_cancelled and run is not None and run.submission != "refused":
        st.toast("It has been sent meanwhile, so it is not deleted")
    elif visit.curation.delete(run_id):
        st.session_state[_DELETED] = (*st.session_state.get(_DELETED, ()), run_id)


def offer() -> None:
    """The way back from what this session deleted, the last one first."""
    run_ids = st.session_state.get(_DELETED, ())
    if not run_ids:
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True, gap="small"):
        st.text("Run deleted." if len(run_ids) == 1 else f"{len(run_ids)} runs deleted.", width="content")
        st.button("Undo", icon=":material/undo:", on_click=_take_back)
        st.button("Dismiss", type="tertiary", on_click=_forget)


def _take_back() -> None:
    *others, last = st.session_state[_DELETED]
    visit_now().curation.restore(last)
    st.session_state[_DELETED] = tuple(others)


def _forget() -> None:
    st.session_state[_DELETED] = ()
