"""What is kept of the visitor's, where, how much it is, and its end."""

from __future__ import annotations

import streamlit as st

from rerender.studio.curation import LONGER_AT_STAKE
from rerender.studio.usage import usage_of
from rerender.studio.wipe import BeingSent, PaidRunsAtStake, at_stake
from rerender.ui import access, allowance, session, workspace_form
from rerender.ui.visits import Visit, visit_now
from rerender.ui.words import counted

_WORDS = "settings.wipe_words"
_PROBLEM = "settings.wipe_problem"


def kept(visit: Visit) -> None:
    """Where the runs and pictures are, and how many."""
    st.subheader("Your data", anchor=False)
    usage = usage_of(visit.runtime.database, visit.workspace)
    binned = f" ({usage.binned} of them deleted, and soon gone)" if usage.binned else ""
    runs, images = counted(usage.runs, "run"), counted(usage.images, "image file")
    st.text(f"{runs}{binned} and {images}, {usage.byte_size / 1e6:.1f} MB")
    if days := visit.runtime.limits.keep_days:
        longer = counted(LONGER_AT_STAKE * days, "day")
        st.text(
            f"Each run is deleted {counted(days, 'day')} after its end, starred or not; a paid one whose pictures "
            f"never came, after {longer}. Export what should last."
        )
    if visit.is_hosted:
        st.text("Only this browser sees it." if visit.is_known_by_cookie else "Only you see it, in every browser.")
        workspace_form.notice(visit)
        access.account(visit.guest)
    else:
        st.text(f"Kept in {visit.runtime.database.place}")


def delete_everything(visit: Visit) -> None:
    """The end of all of it, after a confirmation in words."""
    stake = at_stake(visit.runtime.database, visit.workspace)
    words = _words(stake)
    with st.popover("Delete everything", icon=":material/delete_forever:"):
        st.markdown(_ABOUT)
        if allowance.offered(visit):
            st.markdown(_ABOUT_COUNTED)
        if stake:
            st.warning(_about_stake(stake))
        st.text_input(f"Type “{words}” to confirm", key=_WORDS)
        st.button("Delete for good", type="primary", on_click=_delete, args=(stake,))
        if problem := st.session_state.get(_PROBLEM):
            st.error(problem)


_ABOUT = """
Deletes all runs, pictures, notes and preferences of yours in this app, and the key of this session. There is no way
back.

It cannot delete what the API keeps of the renders that it made, stops no render there, and brings no credit back.
"""

_ABOUT_COUNTED = """
What you spent of the app owner's credits stays counted: how many and when, without a prompt or a picture.
"""


def _about_stake(stake: int) -> str:
    if stake == 1:
        return (
            "1 paid run is unfinished, has no pictures yet, or may have been charged. Once it is deleted here, nobody "
            "can fetch its pictures or see what became of it."
        )
    return (
        f"{stake:,} paid runs are unfinished, have no pictures yet, or may have been charged. Once they are deleted "
        "here, nobody can fetch their pictures or see what became of them."
    )


def _words(stake: int) -> str:
    return f"delete and give up {counted(stake, 'paid run')}" if stake else "delete"


def _delete(stake: int) -> None:
    visit = visit_now()
    if st.session_state[_WORDS].strip().lower() != _words(stake):
        st.session_state[_PROBLEM] = f"Type “{_words(stake)}” above first. Nothing was deleted."
        return
    try:
        visit.runtime.wipe(visit.workspace, give_up=stake)
    except (BeingSent, PaidRunsAtStake) as refusal:
        st.session_state[_PROBLEM] = str(refusal)
        return
    session.end()
    st.toast("Everything was deleted")
